"""One alarm of one set or site: its state by ISA-18.2, its suppression, and the timers of its delays."""

from dataclasses import dataclass
from typing import Any, Final

from analysis.alarms.database import Definition
from analysis.alarms.transition import Transition

NORMAL: Final = "NORMAL"
UNACK: Final = "UNACK"
ACK: Final = "ACK"
RTN_UNACK: Final = "RTN_UNACK"

NEVER: Final = (1 << 63) - 1
"""Later than any time."""


@dataclass(frozen=True, slots=True)
class Source:
    """What alarms are raised for: a set, or a site as a whole (``generator_id`` is None)."""

    stream_id: str
    site: str
    generator_id: str | None


class Alarm:
    """One alarm of one source. Times are the plant's, in microseconds since 1970 in UTC.

    Attributes:
        number: number of its last transition, 0 before the first.
        state: NORMAL, UNACK, ACK or RTN_UNACK.
        called: number of the last transition that an operator must have seen to acknowledge it.
        on_since: since when the condition holds; None while it does not.
        off_since: since when it is over; None while it is not.
        is_by_design: whether it is suppressed by design.
        is_out_of_service: whether an operator has taken it out of service.
        shelved_until: when shelving ends; None while it is not shelved.
    """

    __slots__ = (
        *("source", "definition", "number", "state", "called", "on_since", "off_since"),
        *("is_by_design", "is_out_of_service", "shelved_until"),
    )

    def __init__(self, source: Source, definition: Definition) -> None:
        self.source = source
        self.definition = definition
        self.number = 0
        self.state = NORMAL
        self.called = 0
        self.on_since: int | None = None
        self.off_since: int | None = None
        self.is_by_design = False
        self.is_out_of_service = False
        self.shelved_until: int | None = None

    @property
    def suppression(self) -> str:
        """The one suppression that is shown: what operators did comes before the design."""
        if self.is_out_of_service:
            return "OUT_OF_SERVICE"
        if self.shelved_until is not None:
            return "SHELVED"
        return "BY_DESIGN" if self.is_by_design else "NONE"

    def step(
        self,
        time: int,
        *,
        is_on: bool,
        is_off: bool,
        is_known: bool = True,
        is_by_design: bool = False,
        since: int | None = None,
        measured: float | None = None,
    ) -> list[Transition]:
        """Take what a reading says.

        Args:
            time: of the reading.
            is_on: whether the condition holds.
            is_off: whether it is over, beyond the deadband; within the deadband it is neither on nor off.
            is_known: whether the reading says anything of it; if not, state and timers stay as they are.
            is_by_design: whether it is suppressed by design.
            since: since when it is on or off, if that was before this reading.
            measured: the measurement.
        """
        found: list[Transition] = []
        begins, ends = is_by_design and not self.is_by_design, self.is_by_design and not is_by_design
        if begins or self.state == NORMAL:
            found += self._design(time, is_by_design, measured)
        if is_known:
            start = time if since is None else since
            self.on_since = (start if self.on_since is None else self.on_since) if is_on else None
            self.off_since = (start if self.off_since is None else self.off_since) if is_off else None
            if self.is_active:
                if self.off_since is not None and time - self.off_since >= self.definition.off_delay:
                    found.append(self.returned(time, measured))
            elif self.on_since is not None and time - self.on_since >= self.definition.on_delay:
                found.append(self.raised(time, measured))
        if ends:
            found += self._design(time, is_by_design, measured)
        return found + self.expire(time)

    @property
    def is_active(self) -> bool:
        """Whether the condition has been annunciated and has not returned."""
        return self.state in {UNACK, ACK}

    def due(self, *, is_known: bool = True) -> int:
        """When `step` must be called again even if no condition changes; NEVER if nothing is pending."""
        due = NEVER if self.shelved_until is None else self.shelved_until
        if is_known:
            if self.is_active:
                if self.off_since is not None:
                    due = min(due, self.off_since + self.definition.off_delay)
            elif self.on_since is not None:
                due = min(due, self.on_since + self.definition.on_delay)
        return due

    def raised(self, time: int, measured: float | None = None) -> Transition:
        """NORMAL or RTN_UNACK to UNACK: an operator is called unless it is suppressed."""
        transition = self.tell("RAISED", time, UNACK, measured=measured)
        self.called = self.number
        return transition

    def returned(self, time: int, measured: float | None = None) -> Transition:
        """UNACK to RTN_UNACK, ACK to NORMAL."""
        return self.tell("RETURNED", time, RTN_UNACK if self.state == UNACK else NORMAL, measured=measured)

    def expire(self, time: int) -> list[Transition]:
        """Unshelve it if its time is over."""
        if self.shelved_until is None or time < self.shelved_until:
            return []
        self.shelved_until = None
        return [self.tell("UNSHELVED", time, reason="the time of shelving is over")]

    def _design(self, time: int, is_by_design: bool, measured: float | None) -> list[Transition]:
        """Begin or end suppression by design: told only of an alarm that is not NORMAL, if that is what is shown."""
        before = self.suppression
        self.is_by_design = is_by_design
        if self.suppression == before or self.state == NORMAL:
            return []
        return [self.tell("SUPPRESSED" if is_by_design else "UNSUPPRESSED", time, measured=measured)]

    def tell(
        self,
        event: str,
        time: int,
        state: str | None = None,
        *,
        measured: float | None = None,
        by: str | None = None,
        reason: str | None = None,
        until: int | None = None,
    ) -> Transition:
        """The next transition, to that state; an operator is called for what is unacknowledged and comes into view."""
        previous, self.state = self.state, state or self.state
        self.number += 1
        suppression = self.suppression
        comes = event in {"RAISED", "UNSUPPRESSED", "UNSHELVED", "IN_SERVICE"}
        annunciated = comes and suppression == "NONE" and self.state == UNACK
        if annunciated:
            self.called = self.number
        return Transition(
            stream_id=self.source.stream_id,
            site=self.source.site,
            generator_id=self.source.generator_id,
            alarm_id=self.definition.alarm_id,
            revision=self.definition.revision,
            number=self.number,
            time=time,
            event=event,
            state=self.state,
            previous_state=previous,
            suppression=suppression,
            priority=self.definition.priority,
            annunciated=annunciated,
            measured=measured,
            limit=self.definition.limit,
            by=by,
            reason=reason,
            until=until,
        )

    def dump(self) -> list[Any]:
        """Its state as a JSON value."""
        return [
            *(self.number, self.state, self.called, self.on_since, self.off_since),
            *(self.is_by_design, self.is_out_of_service, self.shelved_until),
        ]

    @classmethod
    def load(cls, source: Source, definition: Definition, dumped: list[Any]) -> "Alarm":
        """The alarm that `dump` gave this."""
        alarm = cls(source, definition)
        alarm.number, alarm.state, alarm.called, alarm.on_since, alarm.off_since = dumped[:5]
        alarm.is_by_design, alarm.is_out_of_service, alarm.shelved_until = dumped[5:]
        return alarm

"""One record of the alarm journal: a numbered transition of one alarm (contract ``alarm``)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from analysis.timestamp import rfc3339
from contracts import topics


@dataclass(frozen=True, slots=True)
class Transition:
    """One transition of one alarm, as it is published.

    Attributes:
        stream_id: the run.
        site: the plant.
        generator_id: the set; None for an alarm of the site.
        alarm_id: row of the master alarm database, or ``DEVICE_`` and the symbol of a device's own alarm.
        revision: of the row; None for a device's own alarm.
        number: 1, 2, … per stream, set or site, and alarm; 0 for a refused action on an alarm that has none.
        time: plant time of what caused it, in microseconds since 1970 in UTC.
        event: what happened.
        state: NORMAL, UNACK, ACK or RTN_UNACK, after it.
        previous_state: the state before it.
        suppression: NONE, SHELVED, BY_DESIGN or OUT_OF_SERVICE, after it.
        priority: of the row; None for a device's own alarm.
        annunciated: whether an operator is called.
        measured: the measurement in the reading that caused it, ``value`` in the record; of a device's own alarm 1
            where it appears and 0 where it goes.
        limit: of the row.
        by: who acted; None where nobody did.
        reason: why, in the words of whoever acted; of a refusal, the rule that the action breaks.
        until: when shelving ends, in microseconds like ``time``; None where it is not meant.
    """

    topic: ClassVar[str] = topics.ALARMS

    stream_id: str
    site: str
    generator_id: str | None
    alarm_id: str
    revision: int | None
    number: int
    time: int
    event: str
    state: str
    previous_state: str
    suppression: str
    priority: str | None
    annunciated: bool
    measured: float | None = None
    limit: float | None = None
    by: str | None = None
    reason: str | None = None
    until: int | None = None

    def key(self) -> str:
        """The key of its record: ``stream/generator-or-site/alarm``."""
        return f"{self.stream_id}/{self.generator_id or self.site}/{self.alarm_id}"

    def value(self) -> dict[str, Any]:
        """The value of its record as JSON, by the contract."""
        return {
            "stream_id": self.stream_id,
            "site": self.site,
            "generator_id": self.generator_id,
            "alarm_id": self.alarm_id,
            "revision": self.revision,
            "number": self.number,
            "time": rfc3339(self.time),
            "event": self.event,
            "state": self.state,
            "previous_state": self.previous_state,
            "suppression": self.suppression,
            "priority": self.priority,
            "annunciated": self.annunciated,
            "value": self.measured,
            "limit": self.limit,
            "by": self.by,
            "reason": self.reason,
            "until": None if self.until is None else rfc3339(self.until),
        }

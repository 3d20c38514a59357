"""The alarms of one generator set, moved by its own readings."""

from typing import Any, Final

from analysis.alarms.alarm import NEVER, NORMAL, Alarm, Source
from analysis.alarms.database import BY_ID, DEVICE_ALARMS, MASKS, MEASURED, OF_SETS, TRIP, Definition
from analysis.alarms.interval import Interval
from analysis.alarms.journal import Journal
from analysis.alarms.transition import Transition

MUTE: Final = 60_000_000
"""Microseconds for which a trip mutes the other alarms of its set."""

_MASKS: Final = len(MASKS)
_MEASUREMENTS: Final = {name: place for place, name in enumerate(MEASURED, _MASKS)}
_SETTLING: Final = tuple(row for row in OF_SETS if row.settle)


class GeneratorSet:
    """One set: its alarms, what its last live reading said, and when it was heard.

    Attributes:
        source: the set.
        alarms: those that have ever left their initial state, by ``alarm_id``; at most one per row of the database.
        masks: the five masks of its last live reading; None before the first.
        enabled: mask of what is enabled; where the last reading could not tell, what was before.
        newest: source time of its newest live reading.
        due: source time from which the next reading must be looked at even if its masks are the same.
        heard: server time of its newest reading of any kind.
        back: server time of its first reading after its last silence.
        is_silent: whether it has been silent for longer than the limit of COMM_LOSS.
        interval: how often it reports.
        muted_until: until when a trip mutes its other alarms.
    """

    __slots__ = (
        *("source", "alarms", "masks", "enabled", "newest", "due", "heard", "back", "is_silent", "interval"),
        *("muted_until", "_enabled_since", "_journal", "_device_numbers", "_device_stored"),
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        self.alarms: dict[str, Alarm] = {}
        self.masks: tuple[int, ...] | None = None
        self.enabled = 0
        self.newest = 0
        self.due = 0
        self.heard = 0
        self.back = 0
        self.is_silent = False
        self.interval = Interval()
        self.muted_until = 0
        self._enabled_since: dict[int, int] = {}
        self._journal = Journal()
        self._device_numbers: dict[str, int] = {}
        self._device_stored = 0

    def alarm(self, definition: Definition) -> Alarm:
        """The alarm of that row, in its initial state if nothing has moved it yet."""
        found = self.alarms.get(definition.alarm_id)
        return found or self.alarms.setdefault(definition.alarm_id, Alarm(self.source, definition))

    def read(self, time: int, values: tuple[Any, ...]) -> list[Transition]:
        """Take a live reading whose masks differ from the last one's, or that comes when something is due."""
        masks = values[:_MASKS]
        limit, clear, known, enabled, device = masks
        found = self._device(time, device, self.masks[4] if self.masks else 0)
        self.masks = masks
        self.enabled = enabled & known | self.enabled & ~known
        self._settle(time)
        raisable = self.enabled & self._settled(time)
        conditions, over = limit & known & raisable, clear & known
        due = NEVER
        for row in OF_SETS:
            is_on = bool(conditions >> row.bit & 1)
            alarm = self.alarm(row) if is_on else self.alarms.get(row.alarm_id)
            if alarm is None:
                continue
            is_known = bool(known >> row.bit & 1)
            raised = alarm.step(
                time,
                is_on=is_on,
                is_off=bool(over >> row.bit & 1),
                is_known=is_known,
                is_by_design=not raisable >> row.bit & 1 or (row is not TRIP and self.is_muted(time)),
                measured=values[_MEASUREMENTS[row.measurement]] if row.measurement in _MEASUREMENTS else None,
            )
            found += raised
            if row is TRIP and any(transition.event == "RAISED" for transition in raised):
                self.muted_until = time + MUTE
            due = min(due, alarm.due(is_known=is_known))
        for row in _SETTLING:
            since = self._enabled_since.get(row.bit)
            if since is not None and time < since + row.settle:
                due = min(due, since + row.settle)
        self.due = min(due, self.muted_until) if time < self.muted_until else due
        return found

    def is_muted(self, time: int) -> bool:
        """Whether a trip mutes its other alarms."""
        return time < self.muted_until

    def _settle(self, time: int) -> None:
        """Remember since when each row that must settle has been enabled."""
        for row in _SETTLING:
            if self.enabled >> row.bit & 1:
                self._enabled_since.setdefault(row.bit, time)
            else:
                self._enabled_since.pop(row.bit, None)

    def _settled(self, time: int) -> int:
        """Mask of the rows that have been enabled for long enough, if they are enabled."""
        settled = -1
        for row in _SETTLING:
            since = self._enabled_since.get(row.bit)
            if since is None or time - since < row.settle:
                settled &= ~(1 << row.bit)
        return settled

    def store(self, time: int, values: tuple[Any, ...]) -> list[Transition]:
        """Journal a reading that is historical or was overtaken: it changes no state and calls nobody."""
        limit, _, known, enabled, device = values[:_MASKS]
        found = self._device(time, device, self._device_stored)
        self._device_stored = device
        for row in self._journal.due(time, limit & known & enabled, self.interval.value):
            measured = values[_MEASUREMENTS[row.measurement]] if row.measurement in _MEASUREMENTS else None
            found.append(self.alarm(row).tell("JOURNALLED", time, measured=measured))
        return found

    def _device(self, time: int, now: int, before: int) -> list[Transition]:
        """Journal what the device itself has begun or ceased to annunciate."""
        changed = now ^ before
        return [
            self._device_alarm(symbol, time, now >> bit & 1)
            for bit, symbol in enumerate(DEVICE_ALARMS)
            if changed >> bit & 1
        ]

    def _device_alarm(self, symbol: str, time: int, appears: int) -> Transition:
        number = self._device_numbers[symbol] = self._device_numbers.get(symbol, 0) + 1
        return Transition(
            stream_id=self.source.stream_id,
            site=self.source.site,
            generator_id=self.source.generator_id,
            alarm_id=f"DEVICE_{symbol}",
            revision=None,
            number=number,
            time=time,
            event="JOURNALLED",
            state=NORMAL,
            previous_state=NORMAL,
            suppression="NONE",
            priority=None,
            annunciated=False,
            measured=float(appears),
        )

    def dump(self) -> dict[str, Any]:
        """Its state as a JSON value."""
        return {
            "generator_id": self.source.generator_id,
            "alarms": {name: alarm.dump() for name, alarm in self.alarms.items()},
            "masks": None if self.masks is None else list(self.masks),
            "enabled": self.enabled,
            "times": [self.newest, self.due, self.heard, self.back, self.muted_until],
            "is_silent": self.is_silent,
            "interval": self.interval.dump(),
            "enabled_since": [[bit, since] for bit, since in self._enabled_since.items()],
            "journal": self._journal.dump(),
            "device_numbers": self._device_numbers.copy(),
            "device_stored": self._device_stored,
        }

    @classmethod
    def load(cls, source: Source, dumped: dict[str, Any]) -> "GeneratorSet":
        """The set that `dump` gave this."""
        found = cls(source)
        found.alarms = {name: Alarm.load(source, BY_ID[name], alarm) for name, alarm in dumped["alarms"].items()}
        found.masks = None if dumped["masks"] is None else tuple(dumped["masks"])
        found.enabled = dumped["enabled"]
        found.newest, found.due, found.heard, found.back, found.muted_until = dumped["times"]
        found.is_silent = dumped["is_silent"]
        found.interval = Interval.load(dumped["interval"])
        found._enabled_since = dict(dumped["enabled_since"])
        found._journal = Journal.load(dumped["journal"])
        found._device_numbers = dict(dumped["device_numbers"])
        found._device_stored = dumped["device_stored"]
        return found

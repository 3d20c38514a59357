"""What readings that come too late to call anybody would have raised."""

from typing import Any, Final

from analysis.alarms.database import OF_SETS, Definition

_BREAK: Final = 3
"""Intervals of a set after which two of its stored readings are no longer neighbours."""


class Journal:
    """The stored and overtaken readings of one set, in the order in which they came.

    A condition is due once it has held for its on-delay (and the time for which it must have been enabled) from one
    reading to the next in source time. A reading that goes back in time, or leaves a gap, begins anew.
    """

    __slots__ = ("_newest", "_since", "_told")

    def __init__(self) -> None:
        self._newest = 0
        self._since: dict[int, int] = {}
        self._told = 0

    def due(self, time: int, conditions: int, interval: int) -> list[Definition]:
        """The alarms that this reading would annunciate.

        Args:
            time: source time of the reading.
            conditions: mask of the conditions that hold, are known and are enabled.
            interval: how often the set reports, in microseconds.
        """
        if not 0 <= time - self._newest <= _BREAK * interval:
            self._since, self._told = {}, 0
        self._newest = time
        self._told &= conditions
        self._since = {row.bit: self._since.get(row.bit, time) for row in OF_SETS if conditions >> row.bit & 1}
        found = [
            row
            for row in OF_SETS
            if row.bit in self._since
            and not self._told >> row.bit & 1
            and time - self._since[row.bit] >= row.on_delay + row.settle
        ]
        self._told |= sum(1 << row.bit for row in found)
        return found

    def dump(self) -> Any:
        """Its state as a JSON value."""
        return [self._newest, [[bit, since] for bit, since in self._since.items()], self._told]

    @classmethod
    def load(cls, dumped: Any) -> "Journal":
        """The journal that `dump` gave this."""
        journal = cls()
        journal._newest, since, journal._told = dumped
        journal._since = dict(since)
        return journal

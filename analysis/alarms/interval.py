"""How often a set reports: estimated from the distances between its own readings."""

from typing import Any, Final

SHORTEST: Final = 100_000
"""Microseconds: the shortest scan interval of a plant."""

SLOWEST_SCAN: Final = 60_000_000
"""Microseconds: the longest scan interval, and the usual longest silence of a set that reports by exception."""

LONGEST: Final = 3_600_000_000
"""Microseconds: the longest silence that a set that reports by exception can be given."""

REMEMBERED: Final = 8
"""Distances that are remembered of each set."""


class Interval:
    """The second longest of the last eight distances in source time, within bounds.

    Long distances count, because a set that reports by exception is silent while nothing changes; the longest does not,
    because one outage or one jump of a clock is no habit. Before a set has reported eight times it is taken for one
    with the slowest scan.

    Attributes:
        value: the estimate in microseconds.
    """

    __slots__ = ("_distances", "_is_steady", "value")

    def __init__(self) -> None:
        self._distances = [SLOWEST_SCAN] * REMEMBERED
        self._is_steady = True
        self.value = SLOWEST_SCAN

    def add(self, distance: int) -> bool:
        """Take the distance of a reading from the one before it; returns whether the estimate has changed."""
        if self._is_steady and distance == self.value:
            return False
        self._distances = [*self._distances[1:], min(max(distance, SHORTEST), LONGEST)]
        before, self.value = self.value, sorted(self._distances)[-2]
        self._is_steady = min(self._distances) == max(self._distances)
        return self.value != before

    def dump(self) -> Any:
        """Its state as a JSON value: one number while all distances are the same."""
        return self.value if self._is_steady else self._distances

    @classmethod
    def load(cls, dumped: Any) -> "Interval":
        """The interval that `dump` gave this."""
        interval = cls()
        interval._distances = [dumped] * REMEMBERED if isinstance(dumped, int) else list(dumped)
        interval._is_steady = isinstance(dumped, int)
        interval.value = sorted(interval._distances)[-2]
        return interval

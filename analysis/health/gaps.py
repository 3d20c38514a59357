"""Gaps in the numbers of a set's readings, which are gap-free by the contract."""

from typing import Any, Final, Self

PATIENCE_US: Final = 60_000_000
GIVEN_UP_US: Final = 3_600_000_000
MOST: Final = 64


class Gaps:
    """Numbers that have not come.

    A number that is missing for longer than a minute of source time is a gap: readings may overtake each other. What
    has not come within an hour is given up. Memory: at most 64 ranges; the oldest is given up for a new one.

    Attributes:
        ranges: [first, last, source time at which it was noticed] of each.
        expected: the next number; None before the first reading.
    """

    __slots__ = ("expected", "ranges")

    def __init__(self) -> None:
        self.expected: int | None = None
        self.ranges: list[list[int]] = []

    def take(self, seq: int, time: int) -> None:
        """Take the number of a reading; a stream is not blamed for what was before its first one here."""
        if self.expected is None or seq == self.expected:
            self.expected = seq + 1
        elif seq > self.expected:
            self.ranges = [*self.ranges[-(MOST - 1) :], [self.expected, seq - 1, time]]
            self.expected = seq + 1
        else:
            self.ranges = [part for one in self.ranges for part in _without(one, seq)]

    def missing(self, time: int) -> tuple[int, int]:
        """How many numbers have been missing for longer than a minute, and since when; old ones are given up."""
        self.ranges = [one for one in self.ranges if time - one[2] <= GIVEN_UP_US]
        found = [one for one in self.ranges if time - one[2] > PATIENCE_US]
        return sum(last - first + 1 for first, last, _ in found), found[0][2] if found else time

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [self.expected, [list(one) for one in self.ranges]]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """What gave this dump."""
        made = cls()
        made.expected, made.ranges = dumped
        return made


def _without(one: list[int], seq: int) -> list[list[int]]:
    first, last, time = one
    if not first <= seq <= last:
        return [one]
    return [part for part in ([first, seq - 1, time], [seq + 1, last, time]) if part[0] <= part[1]]

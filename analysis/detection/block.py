"""Ten seconds of a set's readings: means and noise of each channel."""

from collections.abc import Sequence
from math import isnan, nan
from operator import add, gt, mul, sub
from typing import Any, Final, Self

BLOCK_US: Final = 10_000_000
"""Residuals are judged by their means over ten seconds of source time: noise falls to a third."""

NOISE: Final = (0.42, 0.356, 0.0094, 0.8, 0.16, 0.155, 0.85, 2.05, 0.085)
"""Standard deviation of a healthy channel from reading to reading, in its unit, by the instruments' data and their
resolution: electrical kVA, voltage V, frequency Hz, speed rpm, fuel rate L/h, temperatures °C, oil kPa, level %."""
NOISY: Final = len(NOISE)
JUMP: Final = tuple(7 * deviation for deviation in NOISE)
"""Seven deviations between neighbours (five of the difference): healthy noise does so once in two million readings."""

_JUMP_SQUARED: Final = tuple(jump * jump for jump in JUMP)


class Block:
    """Sums over the readings since the block began; NaN in a channel makes its sum NaN: the channel is not judged.

    Attributes:
        begun: source time of the first reading, microseconds.
        first: values of the reading before the first, NaN where there is none.
        readings: how many there are.
        on_line: how many of them are of a set on line.
        sums: per channel.
        squares: per channel of those with known noise, sum of squared differences of neighbours.
        last: values of the last reading, NaN where there is none.
    """

    __slots__ = ("begun", "first", "last", "on_line", "readings", "squares", "sums")

    def __init__(self, begun: int, last: Sequence[float]) -> None:
        self.begun = begun
        self.readings = self.on_line = 0
        self.sums = [0.0] * len(last)
        self.squares = [0.0] * NOISY
        self.first = self.last = last

    def add(self, values: Sequence[float], is_on_line: bool) -> bool:
        """Take a reading's channels; whether one of them jumped from the last reading's."""
        differences = list(map(sub, values[:NOISY], self.last))
        squares = list(map(mul, differences, differences))
        self.squares = list(map(add, self.squares, squares))
        self.sums = list(map(add, self.sums, values))
        self.last = values
        self.readings += 1
        self.on_line += is_on_line
        return any(map(gt, squares, _JUMP_SQUARED))

    def means(self) -> list[float]:
        """The mean of each channel."""
        return [total / self.readings for total in self.sums]

    def variance_ratio(self, channel: int) -> float:
        """The noise's variance of a channel over that of a healthy one, its trend left out; NaN if it is not known."""
        trend = (self.last[channel] - self.first[channel]) / self.readings
        return (self.squares[channel] / self.readings - trend * trend) / 2 / NOISE[channel] ** 2

    def dump(self) -> list[Any]:
        """A JSON value to go on from, null in place of NaN."""
        return [
            self.begun,
            self.readings,
            self.on_line,
            *(plain(one) for one in (self.sums, self.squares, self.first, self.last)),
        ]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The block that gave this dump."""
        begun, readings, on_line, sums, squares, first, last = dumped
        block = cls(begun, numbers(first))
        block.readings, block.on_line, block.last = readings, on_line, numbers(last)
        block.sums, block.squares = numbers(sums), numbers(squares)
        return block


def plain(values: Sequence[float]) -> list[float | None]:
    """Numbers as JSON has them, null in place of NaN."""
    return [None if isnan(value) else value for value in values]


def numbers(values: Sequence[float | None]) -> list[float]:
    """What `plain` was given."""
    return [nan if value is None else value for value in values]

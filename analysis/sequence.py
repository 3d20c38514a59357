"""Which readings have been seen: per stream and generator, the ranges of their gap-free numbers.

A generator numbers its readings without gaps (`seq` of the contract), so what has been seen is a few ranges, however
many readings there were. A number within a range is a copy of a reading, whichever query asks and however long ago.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final, Self, TypeAlias

GAPS: Final = 1_000
"""Gaps that are kept per generator. What fills an older one is taken for a copy. A gap is a reading that the bridge has
put into the dead letters, or one that is late; nothing fills it but a copy of the stream that was damaged less."""

Copies: TypeAlias = list[int]
"""Positions, in the rows that were asked about, of those that have been seen before."""


class Sequences:
    """The numbers that were seen of each generator of each stream.

    Args:
        ranges: for each stream and generator, first and last number of each range, ascending: ``[0, 41, 43, 57]``.
    """

    def __init__(self, ranges: dict[tuple[str, str], list[int]] | None = None) -> None:
        self._ranges = ranges or {}

    def add(self, stream_id: str, generator_id: str, seq: int) -> bool:
        """Take in a reading; whether it is the first of its number."""
        ranges = self._ranges.get((stream_id, generator_id))
        if ranges is None:
            self._ranges[stream_id, generator_id] = [seq, seq]
            return True
        if seq == ranges[-1] + 1:
            ranges[-1] = seq
            return True
        return _insert(ranges, seq)

    def copies(self, identities: Iterable[tuple[str, str, int]]) -> Copies:
        """Take in readings in the order of the log; which of them are copies of one before."""
        return [position for position, identity in enumerate(identities) if not self.add(*identity)]

    def missing(self, stream_id: str, generator_id: str) -> int:
        """How many numbers below the highest have not been seen."""
        ranges = self._ranges.get((stream_id, generator_id), [])
        seen = sum(last - first + 1 for first, last in zip(ranges[::2], ranges[1::2], strict=True))
        return ranges[-1] + 1 - seen if ranges else 0

    def dump(self) -> list[Any]:
        """All of it as a JSON value."""
        return [[stream_id, generator_id, *ranges] for (stream_id, generator_id), ranges in self._ranges.items()]

    @classmethod
    def load(cls, dumped: Iterable[list[Any]]) -> Self:
        """What `dump` gave."""
        return cls({(stream_id, generator_id): list(ranges) for stream_id, generator_id, *ranges in dumped})


def _insert(ranges: list[int], seq: int) -> bool:
    """Put a number into the ranges, in place; whether it was in none of them."""
    # An odd position is within a range: behind its first number and before its last, or at it.
    position = bisect_right(ranges, seq)
    if position % 2 or (position and ranges[position - 1] == seq):
        return False
    touches_left = position > 0 and ranges[position - 1] == seq - 1
    touches_right = position < len(ranges) and ranges[position] == seq + 1
    match touches_left, touches_right:
        case True, True:
            del ranges[position - 1 : position + 1]
        case True, False:
            ranges[position - 1] = seq
        case False, True:
            ranges[position] = seq
        case _:
            ranges[position:position] = [seq, seq]
    if len(ranges) > 2 * (GAPS + 1):
        del ranges[1:3]
    return True

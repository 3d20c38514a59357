"""The stream as numbered lines: blocks of consecutive lines, cursors and digests. Pure; the rules are DESIGN.md's."""

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

BLOCK_BYTES: Final = 262_144
"""Most bytes in a block: large enough that a chunk costs little, small enough that a slow client holds little."""

_LF: Final = ord("\n")

DIGEST_LENGTH: Final = 16
"""Hexadecimal characters of a line's digest, 64 bits: a guard against mix-ups, not against forgery."""


@dataclass(frozen=True)
class Block:
    """Consecutive lines of the stream.

    Attributes:
        first: number of the first line; the stream's first line is 1.
        count: how many lines, at least 1.
        data: the lines, each non-empty, without inner line breaks and ended by LF.
    """

    first: int
    count: int
    data: bytes

    @property
    def last(self) -> int:
        """Number of the last line."""
        return self.first + self.count - 1

    def lines(self) -> list[bytes]:
        """The lines without their LF."""
        return self.data[:-1].split(b"\n")

    def between(self, after: int, upto: int) -> "Block":
        """The lines after line ``after`` up to and including line ``upto``; there must be at least one."""
        if after < self.first and upto >= self.last:
            return self
        first, last = max(self.first, after + 1), min(self.last, upto)
        lines = self.lines()[first - self.first : last - self.first + 1]
        return Block(first, len(lines), b"\n".join(lines) + b"\n")


def blocks(first: int, lines: bytes) -> list[Block]:
    """Cut encoded lines, the first of which has the number ``first``, into blocks; a line is never cut."""
    cut: list[Block] = []
    start = 0
    while start < len(lines):
        end = lines.rfind(b"\n", start, start + BLOCK_BYTES) + 1 or lines.index(b"\n", start) + 1
        data = lines[start:end]  # counted by numpy: bytes.count takes three times as long
        cut.append(Block(first, int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LF)), data))
        first, start = cut[-1].last + 1, end
    return cut


def digest(line: bytes) -> str:
    """What proves a line: the first 16 hexadecimal characters of the SHA-256 of the line without its LF."""
    return sha256(line).hexdigest()[:DIGEST_LENGTH]


class Buffer:
    """The newest lines of the stream, encoded once for all clients, bounded in bytes.

    Args:
        head: number of the last line before the first block to come.
        capacity: bytes kept at most; the newest block is always kept.
    """

    def __init__(self, head: int, capacity: int) -> None:
        self.head = head
        self.size = 0
        self._capacity = capacity
        self._blocks: list[Block] = []
        self._firsts: list[int] = []

    def append(self, block: Block) -> None:
        """Add the lines that follow the head.

        Raises:
            ValueError: they do not follow it.
        """
        if block.first != self.head + 1:
            raise ValueError(f"line {block.first} does not follow line {self.head}")
        self._blocks.append(block)
        self._firsts.append(block.first)
        self.head = block.last
        self.size += len(block.data)
        surplus = 0
        while self.size > self._capacity and surplus < len(self._blocks) - 1:
            self.size -= len(self._blocks[surplus].data)
            surplus += 1
        del self._blocks[:surplus], self._firsts[:surplus]

    def after(self, cursor: int, size: int) -> list[Block] | None:
        """Blocks with the lines that follow the cursor, the first possibly cut.

        Args:
            cursor: number of the last line that the client has.
            size: bytes after which no further block is added.

        Returns:
            The blocks, none if the cursor is at the head; None if the next line is no longer, or not yet, here.
        """
        if cursor == self.head:
            return []
        index = bisect_right(self._firsts, cursor + 1) - 1
        if index < 0 or cursor > self.head:
            return None
        found: list[Block] = []
        while index < len(self._blocks) and size > 0:
            found.append(self._blocks[index])
            size -= len(self._blocks[index].data)
            index += 1
        found[0] = found[0].between(cursor, found[0].last)
        return found

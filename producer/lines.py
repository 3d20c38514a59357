"""Cut the bytes of a stream into numbered lines, whatever chunks they come in."""

import hashlib
from dataclasses import dataclass
from typing import Final

LINE_LIMIT: Final = 1_000_000
"""Bytes of a line that are kept: what still fits Kafka's default message limit (1 MiB) with its headers."""

_DIGEST_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Cut:
    """What is known of a line that was too long to keep.

    Attributes:
        length: bytes of the whole line.
        digest: digest of the whole line, as `Line.digest`.
    """

    length: int
    digest: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a stream.

    Attributes:
        number: its number, which is the cursor behind it; the first line of a stream is 1.
        content: its bytes without the line break; only the first of them if it was cut.
        cut: set if it was too long to keep.
    """

    number: int
    content: bytes
    cut: Cut | None = None

    @property
    def digest(self) -> str:
        """What proves to a source that its line is this one: the first 16 hex digits of SHA-256."""
        return self.cut.digest if self.cut else hashlib.sha256(self.content).hexdigest()[:_DIGEST_LENGTH]


class LineDecoder:
    """An incremental decoder: chunks of bytes in, complete lines out, memory bounded by the limit.

    Blank lines are heartbeats and do not count. What follows the last line break is no line yet, and never becomes one
    if the stream ends there.
    """

    def __init__(self, after: int = 0, limit: int = LINE_LIMIT) -> None:
        self._number = after
        self._limit = limit
        self._begin()

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that end in the chunk."""
        *ends, tail = chunk.split(b"\n")
        lines = []
        for end in ends:
            if self._length or len(end) > self._limit:
                self._hold(end)
                lines.append(self._release())
            elif end:
                self._number += 1
                lines.append(Line(self._number, end))
        if tail:
            self._hold(tail)
        return lines

    def _begin(self) -> None:
        self._held = bytearray()
        self._length = 0
        self._hash = hashlib.sha256()

    def _hold(self, piece: bytes) -> None:
        self._held += piece[: self._limit - len(self._held)]
        self._length += len(piece)
        self._hash.update(piece)

    def _release(self) -> Line:
        self._number += 1
        cut = Cut(self._length, self._hash.hexdigest()[:_DIGEST_LENGTH]) if self._length > self._limit else None
        line = Line(self._number, bytes(self._held), cut)
        self._begin()
        return line

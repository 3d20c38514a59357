"""The lines in flight: sent but not known to be acknowledged, in the order of the stream."""

from collections import deque
from typing import NamedTuple, Protocol

from producer.lines import Line
from producer.progress import Mark
from producer.recovery import Recovery


class OutcomeUnknownError(Exception):
    """A message may or may not be in the log; only the log can tell."""


class Position(Protocol):
    """Where in the log a message lies."""

    @property
    def topic(self) -> str:
        """Name of the topic."""

    @property
    def partition(self) -> int:
        """Number of the partition."""

    @property
    def offset(self) -> int:
        """Offset in the partition."""


class Receipt(Protocol):
    """What becomes of a message: done once it is acknowledged at a position, or has failed."""

    @property
    def is_done(self) -> bool:
        """Whether one of the two is known."""

    @property
    def value(self) -> Position | None:
        """Where it lies, if it is acknowledged."""

    @property
    def exception(self) -> BaseException | None:
        """Why it failed, if it did."""


def acknowledged(receipt: Receipt) -> bool:
    """Whether a message is in the log for certain.

    Raises:
        OutcomeUnknownError: it failed, which does not mean that it is not there.
    """
    if receipt.is_done and receipt.exception is not None:
        raise OutcomeUnknownError(str(receipt.exception) or repr(receipt.exception)) from receipt.exception
    return receipt.is_done


class _Flight(NamedTuple):
    line: Line
    receipt: Receipt | None


class Window:
    """The lines between the low mark and the newest line, and the mark that follows from them.

    No line beyond a mark may lie below its offsets. Messages of one client instance lie in each partition in the order
    of their lines, so the offset behind the last acknowledged one will do. But lines that an earlier instance left
    there (`Recovery.present`) may lie lower: until the mark has passed them all, the offsets stay where they were.
    """

    def __init__(self, recovery: Recovery) -> None:
        self._recovery = recovery
        self._last_present = max(recovery.present, default=0)
        self._next_offsets = dict(recovery.ends)
        self._flights: deque[_Flight] = deque()
        self._last: Line | None = None
        self.bytes = 0
        """Bytes of the lines in the window."""

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def line(self) -> int:
        """Number of the low mark's line."""
        return self._last.number if self._last else self._recovery.mark.line

    @property
    def mark(self) -> Mark:
        """The low mark as of the last advance."""
        mark = self._recovery.mark
        if self._last is None:
            return mark
        offsets = mark.offsets if self._last.number < self._last_present else dict(self._next_offsets)
        return Mark(mark.stream_id, self._last.number, offsets, self._last.digest)

    def add(self, line: Line, receipt: Receipt | None) -> None:
        """Add the next line of the stream, with what its message will be known by; None if the log has it already."""
        self._flights.append(_Flight(line, receipt))
        self.bytes += len(line.content)

    def advance(self) -> int:
        """Move the low mark over all that is acknowledged, and return by how many lines.

        Raises:
            OutcomeUnknownError: the first line that is not acknowledged has failed.
        """
        before = len(self._flights)
        while self._flights and self._is_in_log(self._flights[0].receipt):
            line, receipt = self._flights.popleft()
            self.bytes -= len(line.content)
            self._last = line
            if receipt is not None and (position := receipt.value) is not None:
                self._next_offsets[f"{position.topic}-{position.partition}"] = position.offset + 1
        return before - len(self._flights)

    @staticmethod
    def _is_in_log(receipt: Receipt | None) -> bool:
        return receipt is None or acknowledged(receipt)

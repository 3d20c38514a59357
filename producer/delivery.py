"""Carry the lines of one stream into the log and keep its low mark, over one client instance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from producer.lines import Line
from producer.progress import Mark
from producer.recovery import Recovery
from producer.route import Message, Rejected, message, route
from producer.window import OutcomeUnknownError, Receipt, Window, acknowledged

MARK_INTERVAL_S: Final = 1.0
"""Seconds between two low marks; what is beyond the last one is read back from the log at the next start."""


class Log(Protocol):
    """A client instance of the log. Its methods raise `OutcomeUnknownError` when it has become useless."""

    def recover(self, stream_id: str) -> Recovery:
        """What the log knows of a stream; a stream that is new to it gets its first mark."""

    def send(self, message: Message) -> Receipt:
        """Begin to send a message; never blocks."""

    def record(self, mark: Mark) -> Receipt:
        """Begin to write a low mark; never blocks."""


@dataclass(frozen=True)
class Limits:
    """What may be in flight, and for how long.

    Attributes:
        lines: lines sent and not acknowledged.
        bytes: their bytes; one line may exceed it.
        seconds: how long nothing may be acknowledged before the client instance is given up.
    """

    lines: int
    bytes: int
    seconds: float


class Delivery:
    """One stream on its way into one client instance of the log.

    Attributes:
        stream_id: the stream.
        rejected: lines that went to the dead letters.
    """

    def __init__(self, log: Log, recovery: Recovery, limits: Limits, clock: Callable[[], float]) -> None:
        self._log = log
        self._limits = limits
        self._clock = clock
        self._start = recovery.mark
        self._present = recovery.present
        self._window = Window(recovery)
        self._newest: Line | None = None
        self._moved_at = self._marked_at = clock()
        self._marked = recovery.mark.line
        self._mark_receipt: Receipt | None = None
        self.stream_id = recovery.mark.stream_id
        self.rejected = 0

    @property
    def cursor(self) -> int:
        """Number of the newest line taken."""
        return self._newest.number if self._newest else self._start.line

    @property
    def digest(self) -> str | None:
        """Digest of the newest line taken; None before the first line of a stream."""
        return self._newest.digest if self._newest else self._start.digest

    @property
    def line(self) -> int:
        """The low mark: every line up to this one is acknowledged."""
        return self._window.line

    @property
    def in_flight(self) -> int:
        """Lines taken beyond the low mark."""
        return len(self._window)

    @property
    def is_full(self) -> bool:
        """Whether no further line may be taken."""
        return len(self._window) >= self._limits.lines or self._window.bytes >= self._limits.bytes

    @property
    def is_settled(self) -> bool:
        """Whether every line taken is acknowledged, and so is a mark that says so."""
        return not self._window and self._marked == self._window.line and self._mark_receipt is None

    def take(self, line: Line) -> None:
        """Send the next line of the stream, unless the log has it already."""
        if line.number in self._present:
            self._window.add(line, None)
        else:
            routed = route(line)
            self.rejected += isinstance(routed, Rejected)
            self._window.add(line, self._log.send(message(routed, self.stream_id)))
        self._newest = line

    def settle(self, *, closing: bool = False) -> None:
        """Look at what is acknowledged, and write a low mark if it is time (at once if closing and all is).

        Raises:
            OutcomeUnknownError: a message failed, or none was acknowledged for too long.
        """
        now = self._clock()
        if self._window.advance() or not self._window:
            self._moved_at = now
        if self._mark_receipt is not None and acknowledged(self._mark_receipt):
            self._mark_receipt = None
        pending_since = self._moved_at if self._mark_receipt is None else min(self._moved_at, self._marked_at)
        if now - pending_since > self._limits.seconds:
            raise OutcomeUnknownError(f"nothing was acknowledged for {self._limits.seconds:g} s")
        is_time = now - self._marked_at >= MARK_INTERVAL_S or (closing and not self._window)
        if is_time and self._mark_receipt is None and self._window.line > self._marked:
            self._mark_receipt = self._log.record(self._window.mark)
            self._marked, self._marked_at = self._window.line, now

"""Follow the source and deliver to the log until told to stop; take up either again when it is lost."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol

import structlog

from contracts.errors import ContractError
from producer.backoff import pauses
from producer.delivery import Delivery, Limits, Log
from producer.lines import Line, LineDecoder
from producer.route import nameplate
from producer.window import OutcomeUnknownError, Receipt, acknowledged

STATUS_INTERVAL_S: Final = 5.0
MOST_NAMEPLATES: Final = 100_000
"""Nameplates that are taken from a source: ten times those of the largest fleet."""
_TICK_S: Final = 0.01

_logger = structlog.get_logger("producer")


class SourceLostError(Exception):
    """The source does not answer, or stopped in the middle; it is worth trying again."""


class FatalError(Exception):
    """What trying again does not mend; the text says what to do."""


class SourceConflictError(FatalError):
    """The source denies that our line is its own (409), or that it has come that far (416)."""


class LogLostError(Exception):
    """The log cannot be reached; it is worth trying again."""


class Stream(Protocol):
    """A stream that is being read."""

    @property
    def stream_id(self) -> str:
        """The stream's name."""

    def __iter__(self) -> Iterator[bytes]:
        """Its bytes in chunks, empty ones while it is silent, until it ends.

        Raises:
            SourceLostError: it broke off.
        """


class Source(Protocol):
    """Where the stream comes from. Its methods raise `SourceLostError`, and `FatalError` where the source refuses."""

    def stream_id(self) -> str:
        """Name of the stream that is served there now."""

    def nameplates(self) -> AbstractContextManager[Stream]:
        """Nameplates of the stream's sets, a line of JSON each.

        Raises:
            SourceLostError: it does not tell them, or not now.
        """

    def open(self, after: int, digest: str | None) -> AbstractContextManager[Stream]:
        """Read on behind a line, with its digest as the proof that it is the same stream.

        Raises:
            SourceConflictError: it is not.
        """


class Bridge:
    """The loop between a source and the log.

    Args:
        source: where the stream comes from.
        connect: a new client instance of the log; raises `LogLostError` or `FatalError`.
        limits: what may be in flight.
        stopping: whether to stop.
        clock: seconds on a clock that never goes back.
        sleep: wait for that many seconds.
    """

    def __init__(
        self,
        source: Source,
        connect: Callable[[], AbstractContextManager[Log]],
        limits: Limits,
        *,
        stopping: Callable[[], bool],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._source = source
        self._connect = connect
        self._limits = limits
        self._stopping = stopping
        self._clock = clock
        self._sleep = sleep
        self._delivery: Delivery | None = None
        self._reported: tuple[float, int] = (clock(), 0)

    def run(self) -> bool:
        """Run until told to stop; whether every line that was taken is acknowledged then.

        Raises:
            FatalError: there is no going on.
        """
        reached, waits = -1, pauses()
        while not self._stopping():
            try:
                with self._connect() as log:
                    self._carry(log)
            except (LogLostError, OutcomeUnknownError) as error:
                line = self._delivery.line if self._delivery else 0
                if line > reached:
                    reached, waits = line, pauses()
                pause = next(waits)
                _logger.warning("log_lost", reason=str(error), line=line, retry_in_s=round(pause, 2))
                self._wait(pause)
        return self._delivery is None or self._delivery.is_settled

    def _carry(self, log: Log) -> None:
        """Deliver to one client instance what the source serves, one stream after the other."""
        conflict: SourceConflictError | None = None
        denied = ""
        while (stream_id := self._identify()) is not None:
            if conflict and stream_id == denied:
                raise conflict
            recovery = log.recover(stream_id)
            _logger.info("stream_taken_up", stream=stream_id, line=recovery.mark.line, present=len(recovery.present))
            delivery = self._delivery = Delivery(log, recovery, self._limits, self._clock)
            self._reported = (self._clock(), delivery.line)
            try:
                self._follow(delivery, log)
            except SourceConflictError as error:
                conflict, denied = error, stream_id
            while not delivery.is_settled:
                delivery.settle(closing=True)
                self._sleep(_TICK_S)
            _logger.info("stream_left", stream=stream_id, line=delivery.line)

    def _identify(self) -> str | None:
        """Name of the stream that the source serves; None if told to stop before it answered."""
        waits = pauses()
        while not self._stopping():
            try:
                return self._source.stream_id()
            except SourceLostError as error:
                pause = next(waits)
                _logger.warning("source_lost", reason=str(error), retry_in_s=round(pause, 2))
                self._wait(pause)
        return None

    def _publish_nameplates(self, stream_id: str, log: Log) -> bool:
        """Write the nameplates of a stream's sets, so that whoever reads a reading finds what it is of.

        A source that does not tell them holds up no readings.

        Returns:
            Whether it told them.

        Raises:
            OutcomeUnknownError: they were not acknowledged in time.
        """
        until = self._clock() + self._limits.seconds
        receipts: list[Receipt] = []
        try:
            for line in self._nameplates(stream_id, until):
                try:
                    receipts.append(log.send(nameplate(line.content)))
                except ContractError as error:
                    _logger.error("nameplate_rejected", reason=str(error))  # noqa: TRY400 - a reason, not a defect
        except SourceLostError as error:
            _logger.warning("nameplates_missing", stream=stream_id, reason=str(error))
            return False
        while not all(map(acknowledged, receipts)) and not self._stopping():
            if self._clock() > until:
                raise OutcomeUnknownError(f"nameplates were not acknowledged within {self._limits.seconds:g} s")
            self._sleep(_TICK_S)
        return True

    def _nameplates(self, stream_id: str, until: float) -> Iterator[Line]:
        decoder = LineDecoder()
        with self._source.nameplates() as told:
            if told.stream_id != stream_id:
                raise SourceLostError(f"they are those of stream {told.stream_id}")
            for chunk in told:
                for line in decoder.feed(chunk):
                    if line.number > MOST_NAMEPLATES:
                        raise SourceLostError(f"there are more than {MOST_NAMEPLATES}")
                    yield line
                if self._stopping():
                    return
                if self._clock() > until:
                    raise SourceLostError(f"they were not told within {self._limits.seconds:g} s")

    def _follow(self, delivery: Delivery, log: Log) -> None:
        """Deliver one stream, over as many connections as it takes, until told to stop or another one is served."""
        waits, has_nameplates = pauses(), False
        while not self._stopping():
            has_nameplates = has_nameplates or self._publish_nameplates(delivery.stream_id, log)
            cursor = delivery.cursor
            try:
                with self._source.open(cursor, delivery.digest) as stream:
                    if stream.stream_id != delivery.stream_id:
                        return
                    self._read(stream, delivery)
                reason = "the stream ended"
            except SourceLostError as error:
                reason = str(error)
            if self._stopping():
                return
            if delivery.cursor > cursor:
                waits = pauses()
            pause = next(waits)
            _logger.warning("source_lost", reason=reason, line=delivery.cursor, retry_in_s=round(pause, 2))
            self._wait(pause, delivery)

    def _read(self, stream: Stream, delivery: Delivery) -> None:
        decoder = LineDecoder(delivery.cursor)
        for chunk in stream:
            for line in decoder.feed(chunk):
                while delivery.is_full:
                    if self._stopping():
                        return
                    self._sleep(_TICK_S)
                    self._settle(delivery)
                delivery.take(line)
            self._settle(delivery)
            if self._stopping():
                return

    def _wait(self, seconds: float, delivery: Delivery | None = None) -> None:
        until = self._clock() + seconds
        while self._clock() < until and not self._stopping():
            self._sleep(_TICK_S)
            if delivery:
                self._settle(delivery)

    def _settle(self, delivery: Delivery) -> None:
        delivery.settle()
        at, line = self._reported
        elapsed = self._clock() - at
        if elapsed >= STATUS_INTERVAL_S:
            _logger.info(
                "progress",
                stream=delivery.stream_id,
                line=delivery.line,
                rate=round((delivery.line - line) / elapsed, 1),
                rejected=delivery.rejected,
                in_flight=delivery.in_flight,
            )
            self._reported = (self._clock(), delivery.line)

"""One plant, many clients: simulate as the pace asks, keep the newest lines, feed each client by its own cursor."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import structlog

from generator.aside import Aside
from generator.changes import Change
from generator.control_log import Entry
from generator.metrics import Metrics
from generator.pace import Pace
from generator.run import Replay, Run
from generator.settings import Settings, Speed
from generator.simulation import Position, beginning
from generator.stream import Block, Buffer

CHUNK_BYTES: Final = 131_072
"""Blocks are joined up to this size: fewer, larger writes when a client has much to catch up with."""

ROUND_S: Final = 0.05
"""Real seconds of simulation between two reservations of the frontier, when the pace asks for that much."""

LINE_BYTES: Final = 600
"""A line's usual size, to turn bytes into lines where nothing depends on it."""

REPLAYS_AT_ONCE: Final = 2
"""Threads that simulate the past for clients that are behind; more would only take time from the present."""

GRACE_S: Final = 1.0
"""Seconds that clients have to accept the end of their stream when the service stops."""

log: Final = structlog.get_logger("generator")


class Reader:
    """A client's place in the stream.

    Attributes:
        cursor: number of the last line that the client has.
        abort: ends the client's connection without waiting for it to read.
    """

    def __init__(self, cursor: int, abort: Callable[[], None]) -> None:
        self.cursor = cursor
        self.abort = abort
        self.replay: Replay | None = None


class Hub:
    """The running plant.

    Args:
        run: the run; the hub closes it.
        settings: bounds and the pace at the start.
        metrics: where to count.

    Attributes:
        speed: simulated seconds per second, or "unpaced".
        failure: what ended the simulation, if it has failed.
        labels, ledger: where to ask for what is true of the run.
    """

    def __init__(self, run: Run, settings: Settings, metrics: Metrics) -> None:
        self.run = run
        self.speed: Speed = settings.speed
        self.failure: BaseException | None = None
        self.stopping = False
        self._settings = settings
        self._metrics = metrics
        self._look_ahead = settings.buffer_bytes // LINE_BYTES // 4
        self._readers: set[Reader] = set()
        self._news = asyncio.Event()
        self._wake = asyncio.Event()
        self._controls = asyncio.Lock()
        self._head_thread = ThreadPoolExecutor(1, "simulation")
        self._replay_threads = ThreadPoolExecutor(REPLAYS_AT_ONCE, "replay")
        self._resumed = False
        self._position = beginning(run.config)
        self._buffer = Buffer(0, settings.buffer_bytes)
        # One each, so that who asks for the ledger does not wait for the search for labels.
        self.labels, self.ledger = (Aside(name, run, lambda: self.stopping) for name in ("labels", "ledger"))
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether streams can be served."""
        return self._resumed and not self.stopping and self.failure is None

    @property
    def head(self) -> int:
        """Number of the last line that clients may read."""
        return self._buffer.head

    @property
    def position(self) -> Position:
        """The place that clients may read up to."""
        return self._position

    @property
    def scan(self) -> int:
        """Number of the last scan that clients may read."""
        return self._position.scan

    def start(self) -> None:
        """Go on from the frontier that the run has reached; `ready` tells when it has been reached again."""
        self._task = asyncio.create_task(self._work(), name="simulation")

    async def _work(self) -> None:
        try:
            await self._in_head_thread(self._resume)
            if self.ready:
                self._observe()
                log.info("ready", stream_id=self.run.identity.stream_id, line=self.head, scan=self.scan)
                await self._simulate()
        except Exception as error:
            self.failure = error
            log.exception("simulation_failed")
            self._news.set()

    def _resume(self) -> None:
        self._position = self.run.position(2**63)
        self._buffer = Buffer(self._position.line, self._settings.buffer_bytes)
        for reached, blocks in self.run.advance(self._position, self.run.frontier):
            if self.stopping:
                return
            self.run.keep(reached)
            self._position = reached
            for block in blocks:
                self._buffer.append(block)
        self._resumed = True

    async def _simulate(self) -> None:
        pace, most = Pace(monotonic()), 1
        while not self.stopping:
            async with self._controls:
                upto = self._permitted(pace, most)
                if upto > self.scan:
                    await self._in_head_thread(self.run.reserve, upto)
            if upto == self.scan:
                await self._pause(pace)
                continue
            started, done = monotonic(), upto - self.scan
            self._position, blocks = await self._in_head_thread(self._advance, upto)
            for block in blocks:
                self._buffer.append(block)
            self._observe()
            self._news.set()
            self._news = asyncio.Event()
            if done == most:
                most = max(1, min(2 * most, round(done * ROUND_S / max(monotonic() - started, 1e-6))))

    def _permitted(self, pace: Pace, most: int) -> int:
        """The last scan that may be simulated now, at most so many from here."""
        if self.speed != "unpaced":
            return pace.due(monotonic(), self.scan, most, self._interval(self.speed))
        pace.restart(monotonic())
        if all(self.head - reader.cursor >= self._look_ahead for reader in self._readers):
            return self.scan
        return self.scan + min(most, max(1, self._look_ahead // self.run.config.generators))

    def _interval(self, speed: float) -> Callable[[int], float]:
        return lambda scan: self.run.programme.at(scan).scan_interval_us / 1_000_000 / speed

    async def _pause(self, pace: Pace) -> None:
        self._wake.clear()
        wait = None if self.speed == "unpaced" else pace.wait(monotonic(), self.scan, self._interval(self.speed))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait)

    def _advance(self, upto: int) -> tuple[Position, list[Block]]:
        position, gathered = self._position, list[Block]()
        for reached, blocks in self.run.advance(position, upto):
            position = reached
            gathered += blocks
            self.run.keep(position)
        return position, gathered

    def _observe(self) -> None:
        self._metrics.head_line.set(self.head)
        self._metrics.head_scan.set(self.scan)
        self._metrics.buffered_bytes.set(self._buffer.size)

    async def _in_head_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._head_thread, function, *arguments)

    async def change(self, id_: str, change: Change) -> Entry:
        """Put a change in force from the scan after the frontier on; it is durable when this returns.

        Asking again with the same id changes nothing and gives the first answer.

        Raises:
            KeyError: the id stands for another change.
            ValueError: it cannot be applied.
            NotLoggedError: it cannot be made durable; nothing has changed.
        """
        async with self._controls:
            if known := self.run.accepted(id_):
                if known.change != change:
                    raise KeyError(id_)
                return known
            entry: Entry = await self._in_head_thread(self.run.accept, id_, change)
        log.info("control_changed", id=id_, scan=entry.scan, change=change)
        self._wake.set()
        return entry

    def set_speed(self, speed: Speed) -> None:
        """Change the pace at once; it is no part of the stream."""
        self.speed = speed
        self._wake.set()

    def join(self, reader: Reader) -> None:
        """Let a reader count among the clients."""
        self._readers.add(reader)
        self._metrics.streams.set(len(self._readers))
        self._wake.set()

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)
        self._metrics.streams.set(len(self._readers))

    @property
    def full(self) -> bool:
        """Whether no further client can be served."""
        return len(self._readers) >= self._settings.max_streams

    def moved(self, reader: Reader, cursor: int) -> None:
        """Note that a reader's client has been sent the lines up to this one."""
        reader.cursor = cursor
        if self.speed == "unpaced" and self.head - cursor < self._look_ahead:
            self._wake.set()

    async def read(self, reader: Reader) -> list[Block]:
        """The next blocks for a reader: at once if there are any, else when there are.

        Returns:
            Blocks from the line after the reader's cursor on; none after the heartbeat's time or when all stops.
        """
        blocks = self._buffer.after(reader.cursor, CHUNK_BYTES)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.heartbeat_s):
                # A scan may be without lines: while no site can be reached, say.
                while blocks == [] and not self.stopping and self.failure is None:
                    await self._news.wait()
                    blocks = self._buffer.after(reader.cursor, CHUNK_BYTES)
        if blocks is not None:
            reader.replay = None
            return blocks
        if reader.replay is None:
            self._metrics.replays.inc()
        return await asyncio.get_running_loop().run_in_executor(self._replay_threads, self._replayed, reader)

    def _replayed(self, reader: Reader) -> list[Block]:
        if reader.replay is None:
            reader.replay = Replay(self.run, reader.cursor)
        return reader.replay.next(reader.cursor, self.scan, lambda: self.stopping)

    def stop(self) -> None:
        """End the simulation and all streams, each at a line boundary; those that do not take their end are cut off."""
        if self.stopping:
            return
        self.stopping = True
        self._wake.set()
        self._news.set()
        asyncio.get_running_loop().call_later(GRACE_S, self._cut_off)

    def _cut_off(self) -> None:
        for reader in list(self._readers):
            reader.abort()

    async def close(self) -> None:
        """Stop, wait for what is under way, and give the run back."""
        self.stop()
        if self._task is not None:
            await self._task
        self._head_thread.shutdown(wait=True)
        self._replay_threads.shutdown(wait=True, cancel_futures=True)
        self.labels.close()
        self.ledger.close()
        self.run.close()

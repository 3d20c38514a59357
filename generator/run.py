"""One run of the plant: what it is, what has been changed, how far it has been served. Between stream and disk."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from generator import plant
from generator.changes import Change, fault_ids
from generator.control_log import Entry, NotLoggedError
from generator.controls import Controls
from generator.fleet import PlantConfig
from generator.recording import Identity, Recording, decide, read_recording, recall
from generator.settings import Settings, StartupError
from generator.simulation import Position, Programme, advance, beginning
from generator.state import State
from generator.state_directory import StateDirectory
from generator.stream import Block

READINGS_BETWEEN_SNAPSHOTS: Final = 250_000
"""Roughly what is simulated in half a second, counting a scan's own cost as that of a hundred readings."""


class Run:
    """A run and the directory that holds it; without a state directory a temporary one, which ends with the run.

    Attributes:
        identity: what makes the stream what it is.
        config: the same for the plant.
        programme: the controls over the run so far.

    Raises:
        StartupError: the directory cannot be used or holds another stream.
    """

    def __init__(self, settings: Settings) -> None:
        self._temporary = None if settings.state_dir else TemporaryDirectory(prefix="scada-generator-")
        self._directory = StateDirectory(settings.state_dir or Path(self._temporary.name if self._temporary else ""))
        try:
            self.identity = self._identity(settings)
            self.config = PlantConfig(
                stream_id=self.identity.stream_id,
                seed=self.identity.seed,
                start=round(datetime.fromisoformat(self.identity.start).timestamp() * 1_000_000),
                generators=self.identity.generators,
                damage=self.identity.damage,
            )
            self._directory.snapshots.spacing = max(
                self._directory.snapshots.spacing, READINGS_BETWEEN_SNAPSHOTS // (self.config.generators + 100)
            )
            self.programme = Programme(Controls(scan_interval_us=round(self.identity.scan_interval_s * 1_000_000)))
            for entry in self._directory.control_log.entries:
                self.programme = self.programme.then(entry.scan, entry.change)
        except BaseException:
            self.close()
            raise

    def _identity(self, settings: Settings) -> Identity:
        stored = self._directory.identity()
        recording = read_recording(settings.replay, settings) if settings.replay else None
        if stored is not None:
            identity = recall(stored, settings, settings.state_dir or Path())
            if recording and recording.stream != identity:
                raise StartupError(f"{settings.state_dir} holds another stream than {settings.replay}; use another")
            return identity
        identity = recording.stream if recording else decide(settings, datetime.now(UTC))
        try:
            for entry in recording.control_log if recording else ():
                if not self._directory.control_log.find(entry.id):  # a crash may have come in between
                    self._directory.control_log.append(entry)
        except NotLoggedError as error:
            raise StartupError(f"{settings.replay} cannot be repeated: {error}") from None
        self._directory.decide(asdict(identity))
        return identity

    @property
    def recording(self) -> Recording:
        """All that the stream is a function of, so far."""
        return Recording(self.identity, self._directory.control_log.entries)

    @property
    def frontier(self) -> int:
        """The last scan that may have been served."""
        return self._directory.frontier.scan

    def reserve(self, scan: int) -> None:
        """Move the frontier to this scan, durably."""
        self._directory.frontier.reserve(scan)

    @property
    def beginning(self) -> Position:
        """The place before the first scan."""
        return beginning(self.config)

    def position(self, line: int) -> Position:
        """A place in the stream at or before the end of this line, as near as there is one."""
        snapshot = self._directory.snapshots.latest(line=line)
        return Position.from_bytes(*snapshot) if snapshot else self.beginning

    def state(self, scan: int) -> State:
        """The plant after this scan."""
        snapshot = self._directory.snapshots.latest(scan=scan)
        state = (Position.from_bytes(*snapshot) if snapshot else self.beginning).state
        for number in range(state.scan + 1, scan + 1):
            state, _ = plant.step(self.config, state, self.programme.at(number))
        return state

    def advance(self, position: Position, upto: int) -> Iterator[tuple[Position, list[Block]]]:
        """Simulate on from a place up to and including a scan within the frontier."""
        return advance(self.config, self.programme, position, upto)

    def keep(self, position: Position) -> None:
        """Take a snapshot of a place if the last one is far enough behind; from one thread only, places in order."""
        if self._directory.snapshots.wanted(position.scan):
            self._directory.snapshots.add(position.scan, position.line, position.to_bytes())

    @property
    def next_scan(self) -> int:
        """The first scan that a change can be in force for."""
        last = self._directory.control_log.last
        # A replayed log may be ahead of the frontier; it stays as it is, and what is new comes after it.
        return max(self.frontier + 1, last.scan if last else 0)

    @property
    def controls(self) -> Controls:
        """The controls that all changes so far have left for the next scan that can be changed."""
        return self.programme.at(self.next_scan)

    def accepted(self, id_: str) -> Entry | None:
        """The accepted change with this id."""
        return self._directory.control_log.find(id_)

    def accept(self, id_: str, change: Change) -> Entry:
        """Put a change in force from the next scan on that can be changed, durably.

        Raises:
            ValueError: it cannot be applied.
            NotLoggedError: it cannot be made durable; nothing has changed.
        """
        taken = {name for entry in self._directory.control_log.entries for name in fault_ids(entry.change)}
        for name in taken.intersection(fault_ids(change)):
            raise ValueError(f"there is or was a fault {name!r}; choose a new id")
        entry = Entry(id_, self.next_scan, change)
        programme = self.programme.then(entry.scan, change)
        self._directory.control_log.append(entry)
        self.programme = programme
        return entry

    def close(self) -> None:
        """Give the directory back."""
        self._directory.close()
        if self._temporary:
            self._temporary.cleanup()


class Replay:
    """The past of a run, simulated anew for one client.

    Args:
        run: the run.
        cursor: number of the last line that the client has.
    """

    def __init__(self, run: Run, cursor: int) -> None:
        self._run = run
        self._position = run.position(cursor)
        self._blocks: list[Block] = []

    def next(self, cursor: int, upto: int, stopped: Callable[[], bool]) -> list[Block]:
        """The next blocks with lines after the cursor.

        Args:
            cursor: number of the last line that the client has; not before that of the call before.
            upto: scan up to which the stream has been simulated.
            stopped: asked now and then; when it says so, there is nothing more.
        """
        ahead = self._run.advance(self._position, upto)
        while not stopped():
            # What the call before gave is offered again: a client may have taken only a part of it.
            wanted = [block for block in self._blocks if block.last > cursor]
            if wanted:
                return [wanted[0].between(cursor, wanted[0].last), *wanted[1:]]
            reached = next(ahead, None)
            if reached is None:
                break
            self._position, self._blocks = reached
        return []

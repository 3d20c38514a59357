"""The run on disk: what it is, its control log, its frontier and its snapshots, held by one process at a time."""

import fcntl
import json
import os
import zlib
from pathlib import Path
from typing import Any, Final

from generator.control_log import ControlLog
from generator.settings import StartupError
from generator.snapshots import Snapshots

_SLOT: Final = 512
"""Bytes between the frontier's two slots: a sector, which a disk writes whole or not at all."""


class Frontier:
    """The last scan that may have been served, durable before it is served.

    Two slots are written in turn, so that one of them is whole whatever happens to the other.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        slots = [self._read(slot) for slot in (0, 1)]
        self.scan = max(slots)
        self._next = slots.index(min(slots))

    def _read(self, slot: int) -> int:
        line = os.pread(self._file, 64, slot * _SLOT).partition(b"\n")[0]
        number, _, checksum = line.partition(b" ")
        return int(number) if checksum == b"%08x" % zlib.crc32(number) else 0

    def reserve(self, scan: int) -> None:
        """Move the frontier to this scan; when this returns, the move survives a crash and a loss of power."""
        number = b"%d" % scan
        os.pwrite(self._file, b"%b %08x\n" % (number, zlib.crc32(number)), self._next * _SLOT)
        os.fdatasync(self._file)
        self.scan, self._next = scan, 1 - self._next

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)


class StateDirectory:
    """A directory that holds one run.

    Args:
        path: the directory, made when it is missing.

    Attributes:
        control_log: every change of the controls.
        frontier: the last scan that may have been served.
        snapshots: the plant at some scans up to the frontier.

    Raises:
        StartupError: it cannot be used, or another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / "lock").open("w")
        except OSError as error:
            raise StartupError(f"state directory {path} cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StartupError(f"state directory {path} is in use by another generator; stop it first") from None
        try:
            self.control_log = ControlLog(path / "control-log.ndjson")
        except StartupError:
            self._lock.close()
            raise
        self.frontier = Frontier(path / "frontier")
        self.snapshots = Snapshots(path / "snapshots")

    def identity(self) -> dict[str, Any] | None:
        """What makes the stream what it is, as it was decided; None in a new directory.

        Raises:
            StartupError: it cannot be read.
        """
        file = self._path / "stream.json"
        try:
            identity = json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise StartupError(f"{file} is damaged: {error}") from None
        if not isinstance(identity, dict):
            raise StartupError(f"{file} is damaged: not an object")
        return identity

    def decide(self, identity: dict[str, Any]) -> None:
        """Write down for good what makes the stream what it is."""
        write_durably(self._path / "stream.json", json.dumps(identity, indent=2).encode() + b"\n")

    def close(self) -> None:
        """Give the directory back."""
        self.control_log.close()
        self.frontier.close()
        self._lock.close()


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, on disk when this returns."""
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

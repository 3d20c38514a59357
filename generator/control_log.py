"""The control log: every change of the plant's controls, durable before it is acknowledged.

One JSON line per change. With the configuration it decides every byte of the stream: replayed, it gives the same.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generator.settings import StartupError

MOST_ENTRIES: Final = 20_000
"""Changes that a log takes, all of which every start reads: one a minute for two weeks."""


@dataclass(frozen=True)
class Entry:
    """One accepted change.

    Attributes:
        id: the client's name for it; asking again under the same id changes nothing.
        scan: the first scan that it is in force for.
        change: what changes, as JSON: one key that names the kind, and its content.
    """

    id: str
    scan: int
    change: Mapping[str, Any]

    def line(self) -> bytes:
        """The entry as a line of the log, LF included."""
        text = json.dumps({"id": self.id, "scan": self.scan, "change": self.change}, ensure_ascii=False, sort_keys=True)
        return text.encode() + b"\n"


def parse(line: bytes) -> Entry:
    """An entry from its line.

    Raises:
        ValueError: the line is not one.
    """
    match json.loads(line):
        case {"id": str(id_), "scan": int(scan), "change": dict(change), **rest} if not rest and scan > 0:
            return Entry(id_, scan, change)
    raise ValueError("must be an object with id, scan and change")


class NotLoggedError(Exception):
    """A change is not in the log, which is as it was; the message says why."""


class ControlLog:
    """The log as a file that only grows.

    Args:
        path: the file; made when it is missing. A last line without LF was never acknowledged and is cut off.
        most: entries from which on it takes ends of faults only, of which there are no more than faults.

    Raises:
        StartupError: the file holds what no log holds.
    """

    def __init__(self, path: Path, most: int = MOST_ENTRIES) -> None:
        self._file = path.open("a+b", buffering=0)
        self._file.seek(0)
        content = self._file.read()
        self._size = content.rfind(b"\n") + 1
        self._file.truncate(self._size)
        self._most = most
        self._by_id: dict[str, Entry] = {}
        for number, line in enumerate(content[: self._size].split(b"\n")[:-1], start=1):
            try:
                entry = parse(line)
                self._check(entry)
            except ValueError as error:
                self.close()
                raise StartupError(f"{path}, line {number}: {error}") from None
            self._by_id[entry.id] = entry

    def _check(self, entry: Entry) -> None:
        if self.find(entry.id):
            raise ValueError(f"id {entry.id!r} is there already")
        if self.last and entry.scan < self.last.scan:
            raise ValueError(f"scan {entry.scan} is before the last entry's")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, in the order in which they came."""
        return tuple(self._by_id.values())

    @property
    def last(self) -> Entry | None:
        """The newest entry."""
        return next(reversed(self._by_id.values()), None)

    def find(self, id_: str) -> Entry | None:
        """The entry with this id."""
        return self._by_id.get(id_)

    def append(self, entry: Entry) -> None:
        """Add an entry; when this returns, it survives a crash and a loss of power.

        Raises:
            ValueError: its id is there already, or its scan is before the last entry's.
            NotLoggedError: the log is full, or the disk does not take it.
        """
        self._check(entry)
        if len(self._by_id) >= self._most and "end" not in entry.change:
            raise NotLoggedError(
                f"the control log has {len(self._by_id)} changes, as many as it can have: begin a new run; "
                "faults can still be ended"
            )
        try:
            self._write(entry.line())
        except OSError as error:
            reason = f"the control log cannot be written: {error.strerror}; ask again when that has been dealt with"
            raise NotLoggedError(reason) from error
        self._by_id[entry.id] = entry

    def _write(self, line: bytes) -> None:
        """Add a line whole, or leave the file as it was; should even that fail, the next attempt begins with it."""
        descriptor = self._file.fileno()
        os.ftruncate(descriptor, self._size)
        try:
            rest = line
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, self._size)
            os.fsync(descriptor)
            raise
        self._size += len(line)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

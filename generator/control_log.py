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
"""Bound of a log, all of which every start reads: a change a minute for two weeks."""


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


class ControlLog:
    """The log as a file that only grows.

    Args:
        path: the file; made when it is missing. A last line without LF was never acknowledged and is cut off.
        most: entries that it may have.

    Raises:
        StartupError: the file holds what no log holds.
    """

    def __init__(self, path: Path, most: int = MOST_ENTRIES) -> None:
        self._file = path.open("a+b", buffering=0)
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        self._most = most
        self._by_id: dict[str, Entry] = {}
        for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
            try:
                self._admit(parse(line))
            except ValueError as error:
                self.close()
                raise StartupError(f"{path}, line {number}: {error}") from None

    def _admit(self, entry: Entry) -> None:
        if self.find(entry.id):
            raise ValueError(f"id {entry.id!r} is there already")
        if self.last and entry.scan < self.last.scan:
            raise ValueError(f"scan {entry.scan} is before the last entry's")
        if len(self._by_id) >= self._most:
            raise ValueError(f"the control log has {self._most} changes, as many as it can have: begin a new run")
        self._by_id[entry.id] = entry

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
            ValueError: its id is there already, its scan is before the last entry's, or the log is full.
        """
        self._admit(entry)
        self._file.write(entry.line())
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

"""The state of a query after each of its batches, so that a batch that Spark repeats begins with the state it had."""

import gzip
import json
import re
import zlib
from typing import Any, Final

from analysis.storage.files import Files

_NAME: Final = re.compile(r"(\d+)\.json\.gz")
_ASIDE: Final = "aside"


class SnapshotError(Exception):
    """A file in the place of a snapshot is none; the message names the file."""


class Snapshots:
    """Snapshots of one query in a folder of its own, each a file ``<batch>.json.gz``.

    Spark repeats the last batch that it has not committed. While batch N runs, N - 1 is committed, so N may be repeated
    and needs the state after N - 1: the last two are kept.
    """

    def __init__(self, files: Files, folder: str) -> None:
        self._files = files
        self._folder = folder

    def load(self, batch: int) -> Any | None:
        """The state that a batch begins with: of the newest batch before it, None if there is none.

        Raises:
            SnapshotError: the file is truncated, damaged, or no snapshot of that batch.
        """
        before = [number for number in self._batches() if number < batch]
        return self._read(max(before)) if before else None

    def commit(self, batch: int, state: Any) -> int:
        """Keeps the state after a batch, a JSON value; it is on disk, whole, when this returns.

        Snapshots that are older than the one before it are removed, and so are those that are newer: Spark goes back
        only when somebody has gone back with its checkpoint.

        Returns:
            The size of the snapshot in bytes.

        Raises:
            ValueError: the state holds a number that JSON has not (NaN, infinity).
        """
        self._files.mkdirs(self._folder)
        aside = f"{self._folder}/{_ASIDE}"
        content = encode(batch, state)
        self._files.write(aside, content)
        self._files.rename(aside, self._path(batch))
        self._files.sync(self._folder)
        batches = self._batches()
        kept = {batch, *[number for number in batches if number < batch][-1:]}
        for number in batches:
            if number not in kept:
                self._files.delete(self._path(number))
        return len(content)

    def _batches(self) -> list[int]:
        found = (_NAME.fullmatch(name) for name in self._files.names(self._folder))
        return sorted(int(match[1]) for match in found if match)

    def _path(self, batch: int) -> str:
        return f"{self._folder}/{batch}.json.gz"

    def _read(self, batch: int) -> Any:
        path = self._path(batch)
        try:
            return decode(batch, self._files.read(path))
        except ValueError as error:
            raise SnapshotError(
                f"{path} is not the snapshot of batch {batch}: {error}; restore it, or begin anew with another "
                "checkpoint directory"
            ) from error


def encode(batch: int, state: Any) -> bytes:
    """The content of a snapshot: the same bytes for the same state in the same order of its names."""
    content = json.dumps({"batch": batch, "state": state}, separators=(",", ":"), allow_nan=False)
    return gzip.compress(content.encode(), compresslevel=1, mtime=0)


def decode(batch: int, content: bytes) -> Any:
    """The state in the content of a snapshot of that batch.

    Raises:
        ValueError: it is something else, and what.
    """
    try:
        found = json.loads(gzip.decompress(content))
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"its compression is damaged ({error})") from error
    match found:
        case {"batch": number, "state": state, **others} if number == batch and not others:
            return state
    raise ValueError("it holds something else")

"""Which of the newest files hold rows of a stream and a time, so that a closing window reads a few of a day's files."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, Self

ENTRIES: Final = 200
"""Batches of each stream whose files are known. What reaches further back is looked for in the folders of dates."""


class Entry(NamedTuple):
    """The files of one batch with rows of one stream, and the range of the rows' times in microseconds since 1970."""

    first: int
    last: int
    paths: list[str]


class Recent:
    """The newest files of a dataset, by stream.

    Args:
        entries: those of each stream, in the order in which they were written.
        forgotten: the latest time of those of each stream that are not kept any more.
    """

    def __init__(self, entries: dict[str, list[Entry]] | None = None, forgotten: dict[str, int] | None = None) -> None:
        self._entries = entries or {}
        self._forgotten = forgotten or {}

    def add(self, stream_id: str, entry: Entry) -> None:
        """Take in the files of a batch with rows of a stream."""
        entries = self._entries.setdefault(stream_id, [])
        entries.append(entry)
        while len(entries) > ENTRIES:
            self._forgotten[stream_id] = max(entries.pop(0).last, self._forgotten.get(stream_id, 0))

    def forget(self, is_gone: Callable[[str], bool]) -> None:
        """Keep no entry with a file that may soon be another."""
        for stream_id, entries in self._entries.items():
            gone = [entry for entry in entries if any(map(is_gone, entry.paths))]
            if gone:
                last = max(entry.last for entry in gone)
                self._forgotten[stream_id] = max(last, self._forgotten.get(stream_id, 0))
                self._entries[stream_id] = [entry for entry in entries if entry not in gone]

    def since(self, stream_id: str, time: int) -> list[str] | None:
        """The files with rows of the stream from that time on; None if there may be others that are not known."""
        if time <= self._forgotten.get(stream_id, -1):
            return None
        return [path for entry in self._entries.get(stream_id, ()) if entry.last >= time for path in entry.paths]

    def dump(self) -> dict[str, Any]:
        """All of it as a JSON value."""
        return {"entries": self._entries, "forgotten": self._forgotten}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Self:
        """What `dump` gave."""
        entries = {stream_id: _entries(of_stream) for stream_id, of_stream in dumped["entries"].items()}
        return cls(entries, dict(dumped["forgotten"]))


def _entries(dumped: Iterable[list[Any]]) -> list[Entry]:
    return [Entry(first, last, list(paths)) for first, last, paths in dumped]

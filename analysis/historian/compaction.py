"""Compact a closed day: the many small files of its batches become one per million rows.

The day's folder is replaced as a whole, by two renames: the old one aside, the new one to its place. A plain reader
never sees a row twice. Between the two renames it sees no row of that day, and one that has listed the folder before
finds files missing; a crash in between leaves it so until `Compaction.heal`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from analysis.historian import layout
from analysis.storage.files import Files


def closed(days: Iterable[str], newest: str) -> list[str]:
    """Those of the days that are over: older than the newest date by at least one day."""
    bound = (date.fromisoformat(newest) - timedelta(days=1)).isoformat()
    return sorted(day for day in days if day <= bound)


class Compaction:
    """Compacts days of the historian, one at a time, between two publications.

    Only one query may write to a historian at a time. A day of several queries, one after the other, keeps files of
    each, because they hold the same records.

    Args:
        files: the file system of the root.
        root: the historian's folder.
        query: the query that runs, as `layout.short` gives it.
        rewrite: called with files and a folder; writes the rows of the files as few Parquet files into the folder.
    """

    def __init__(self, files: Files, root: str, query: str, rewrite: Callable[[list[str], str], None]) -> None:
        self._files = files
        self._root = root
        self._query = query
        self._rewrite = rewrite

    def heal(self) -> None:
        """Ends what a crash has interrupted; to be called at the start, before anything is read or published."""
        for dataset in layout.DATASETS:
            for day in layout.dates(self._files, f"{self._root}/{layout.COMPACTION}/{dataset}"):
                self._settle(dataset, day)

    def compact(self, dataset: str, day: str, batch: int) -> bool:
        """Compacts a day if it has files of several batches, all of them of batches before the one in work.

        Batches before it are committed and never repeated; a day that an interrupted attempt at this one has already
        added to waits for the next.

        Returns:
            Whether it was compacted.
        """
        folder = f"{self._root}/{layout.folder(dataset, day)}"
        sources = self._sources(folder, batch)
        if not sources or not self._files.moves_folders:
            return False
        work = self._work(dataset, day)
        self._files.delete(work)
        self._write(folder, sources, work)
        self._files.rename(f"{work}/writing", f"{work}/new")
        self._files.sync(work)
        self._files.rename(folder, f"{work}/old")
        self._settle(dataset, day)
        return True

    def _sources(self, folder: str, batch: int) -> dict[str, list[str]]:
        """The files of each query, by name; none if the day is not to be compacted."""
        found: dict[str, list[str]] = defaultdict(list)
        batches = set()
        for name in self._files.names(folder):
            source = layout.written(name)
            if source is None or (source.query == self._query and source.batch >= batch):
                return {}
            batches.add(source)
            found[source.query].append(name)
        return dict(found) if len(batches) > len(found) else {}

    def _write(self, folder: str, sources: dict[str, list[str]], work: str) -> None:
        self._files.mkdirs(f"{work}/writing")
        for query, names in sources.items():
            written = f"{work}/written/{query}"
            self._rewrite([f"{folder}/{name}" for name in names], written)
            newest = max(source.batch for name in names if (source := layout.written(name)))
            parts = [name for name in self._files.names(written) if layout.is_parquet(name)]
            for part, name in enumerate(parts):
                self._files.sync(f"{written}/{name}")
                self._files.rename(f"{written}/{name}", f"{work}/writing/{layout.name(query, newest, names, part)}")
        self._files.sync(f"{work}/writing")

    def _settle(self, dataset: str, day: str) -> None:
        """Goes on from wherever the swap stands; the day's folder is missing only between the two renames."""
        folder, work = f"{self._root}/{layout.folder(dataset, day)}", self._work(dataset, day)
        # The old folder goes aside only once the new one is whole.
        if not self._files.exists(folder) and self._files.exists(f"{work}/new"):
            self._files.rename(f"{work}/new", folder)
        self._files.sync(f"{self._root}/{dataset}")
        self._files.delete(work)

    def _work(self, dataset: str, day: str) -> str:
        return f"{self._root}/{layout.COMPACTION}/{layout.folder(dataset, day)}"

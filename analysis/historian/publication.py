"""Publish the files of a batch: written aside, synced, and renamed to where readers look, each whole or not at all."""

from collections.abc import Iterator, Mapping

from analysis.historian import layout
from analysis.storage.files import Files


class Publication:
    """The files of one batch, from their staging to their place.

    A crash leaves some of them in place and some not. Spark then repeats the batch, and what it publishes replaces file
    by file what was there, so that readers see each row once all the time.

    Args:
        files: the file system of the root.
        root: the historian's folder.
        query: as `layout.short` gives it.
        batch: the batch.
        offsets: the next offset that was expected of each topic and partition when the batch began: the same whenever
            it is repeated, even if the topic has lost records meanwhile.
    """

    def __init__(self, files: Files, root: str, query: str, batch: int, offsets: Mapping[tuple[str, int], int]) -> None:
        self._files = files
        self._root = root
        self._query = query
        self._batch = batch
        self._basis = layout.offsets_basis(offsets)

    def begin(self) -> None:
        """Removes what an attempt that did not end has left in staging."""
        self._files.delete(f"{self._root}/{layout.STAGING}")

    def staging(self, dataset: str) -> str:
        """The folder below which the dataset's files are to be written, by ``date=``; no reader's glob looks there."""
        return f"{self._root}/{layout.STAGING}/{self._query}-{self._batch:010d}/{dataset}"

    def publish(self) -> list[str]:
        """Moves what is staged to its place, on disk when this returns.

        Returns:
            The paths of the files below the root.
        """
        published = []
        for dataset in layout.DATASETS:
            for date in layout.dates(self._files, self.staging(dataset)):
                folder = layout.folder(dataset, date)
                self._files.mkdirs(f"{self._root}/{folder}")
                for source, name in self._moves(dataset, date):
                    self._files.sync(source)
                    self._files.rename(source, f"{self._root}/{folder}/{name}")
                    published.append(f"{folder}/{name}")
                self._files.sync(f"{self._root}/{folder}")
        self._files.delete(f"{self._root}/{layout.STAGING}")
        return published

    def remove_strays(self, published: list[str]) -> None:
        """Removes files of this query that hold records which this batch or a later one reads again under other names.

        There are some only after somebody has gone back with the checkpoint, or when the topic lost records between two
        attempts at one batch. It looks into all dates, and is needed once after a start.
        """
        kept = set(published)
        for dataset in layout.DATASETS:
            for date in layout.dates(self._files, f"{self._root}/{dataset}"):
                folder = layout.folder(dataset, date)
                for name in self._files.names(f"{self._root}/{folder}"):
                    source = layout.written(name)
                    is_again = source is not None and source.query == self._query and source.batch >= self._batch
                    if is_again and f"{folder}/{name}" not in kept:
                        self._files.delete(f"{self._root}/{folder}/{name}")

    def _moves(self, dataset: str, date: str) -> Iterator[tuple[str, str]]:
        folder = f"{self.staging(dataset)}/date={date}"
        staged = [name for name in self._files.names(folder) if layout.is_parquet(name)]
        for part, name in enumerate(staged):
            yield f"{folder}/{name}", layout.name(self._query, self._batch, self._basis, part)

"""The historian of one streaming query: its files read and written, by Spark and the file system."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from analysis.historian import compaction, find, layout, outcomes, parquet
from analysis.historian.compaction import Compaction
from analysis.historian.publication import Publication
from analysis.storage.files import Files


class Historian:
    """The historian of one streaming query, the only one that writes to that folder while it runs.

    Building it ends what a crash has interrupted, so it is to be built at the start of every run.

    Args:
        spark: the session.
        files: the file system of the root.
        root: the historian's folder.
        query_id: the UUID of the streaming query, which is its checkpoint's.
    """

    def __init__(self, spark: SparkSession, files: Files, root: str, query_id: str) -> None:
        self._spark = spark
        self._files = files
        self._root = root
        self._query = layout.short(query_id)
        self._has_published = False
        self._compaction = Compaction(
            files, root, self._query, lambda paths, folder: parquet.rewrite(spark, paths, folder)
        )
        self._compaction.heal()

    def begin(self, batch: int, offsets: Mapping[tuple[str, int], int]) -> Publication:
        """The publication of a batch, without leftovers; see `Publication` for the offsets."""
        publication = Publication(self._files, self._root, self._query, batch, offsets)
        publication.begin()
        return publication

    def stage(self, publication: Publication, dataset: str, rows: DataFrame) -> None:
        """Writes rows, which have a ``date``, where `publish` takes them from; one job, in one task.

        Args:
            publication: the batch's.
            dataset: one of `layout.DATASETS`.
            rows: what is costly in them is to be persisted, and computed, before: one task would do it alone.
        """
        parquet.write(rows, publication.staging(dataset))

    def publish(self, publication: Publication) -> list[str]:
        """Publishes what is staged: readers see it, and it is on disk, when this returns.

        Returns:
            The paths of the files below the root.
        """
        paths = publication.publish()
        if not self._has_published:
            publication.remove_strays(paths)
            self._has_published = True
        return paths

    def compact(self, dataset: str, batch: int, newest: str) -> list[str]:
        """Compacts each day of a dataset that is over at its newest date; the days that were compacted."""
        days = compaction.closed(layout.dates(self._files, f"{self._root}/{dataset}"), newest)
        return [day for day in days if self._compaction.compact(dataset, day, batch)]

    def staged(self, publication: Publication, dataset: str) -> list[str]:
        """Where Spark reads the files that the batch has staged of a dataset."""
        return [
            f"{folder}/{name}"
            for date in layout.dates(self._files, publication.staging(dataset))
            for folder in [f"{publication.staging(dataset)}/date={date}"]
            for name in self._files.names(folder)
            if layout.is_parquet(name)
        ]

    def path(self, published: str) -> str:
        """Where Spark reads a file that `publish` has named."""
        return f"{self._root}/{published}"

    def between(self, dataset: str, first: str, last: str, batch: int) -> list[str]:
        """The files of the days from the first to the last that this query had written before that batch."""
        days = [day for day in layout.dates(self._files, f"{self._root}/{dataset}") if first <= day <= last]
        return find.on_days(self._files, self._root, dataset, days, query=self._query, batch=batch)

    def tell_copies(
        self, judged: DataFrame, places: Sequence[tuple[int, int]], where: Callable[[str, int], Sequence[str]]
    ) -> DataFrame:
        """The judged batch, its copies told apart: those at the given places (partition, offset) of accepted readings.

        The original of a copy is in the batch, or in a file of its source time, because a copy with the same bytes has
        the same source time; a reading whose original is in neither is a conflict. Costs nothing without copies, three
        small jobs otherwise.

        Args:
            judged: the batch, persisted.
            places: where a reading stands whose identity was seen before, in the log or in this batch.
            where: the files of earlier batches that may hold the reading of a stream and a source time, which is in
                microseconds since 1970.
        """
        if not places:
            return judged
        found = outcomes.candidates(judged, self._local(places, outcomes.PLACES)).collect()
        copies = self._local(found, outcomes.COPIES)
        stored = outcomes.originals(judged, copies)
        paths = sorted({path for row in found for path in where(row["stream_id"], row["source_time"])})
        if paths:
            stored = stored.union(self._spark.read.schema(outcomes.ORIGINALS).parquet(*paths))
        told = outcomes.told(copies, stored).collect()
        return outcomes.marked(judged, self._local(told, outcomes.TOLD))

    def _local(self, rows: Sequence[Any], columns: str) -> DataFrame:
        return self._spark.createDataFrame(list(rows), columns)

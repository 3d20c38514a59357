"""The historian: what became of every record, the rows as Parquet, summaries and statistics; a batch at a time.

Each step of a batch gives the same result when Spark repeats the batch: the state before it comes from a snapshot, files
have the names that they had, and records of Kafka have their keys.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from analysis import results, summary
from analysis.historian import closings, find, gaps, outcomes
from analysis.historian.closings import since_tens
from analysis.historian.historian import Historian
from analysis.historian.layout import MINUTES, OUTCOMES, READINGS
from analysis.historian.ledger import Findings, Judged, Ledger
from analysis.historian.offsets import Position
from analysis.historian.publication import Publication
from analysis.historian.recent import Entry
from analysis.historian.times import Closing
from analysis.progress import Tally
from analysis.records import judge
from analysis.storage.files import Files
from analysis.storage.snapshots import Snapshots
from analysis.summary import Total
from analysis.windows.published import statistics

NAME: Final = "historian"
RECORDS_PER_BATCH: Final = 100_000
"""Bounds a batch that catches up."""

_SECOND_US: Final = 1_000_000

Sink = Callable[[DataFrame], None]
"""Writes a frame of ``topic``, ``key`` and ``value`` to Kafka; all is acknowledged when it returns."""

Show = Callable[[Sequence[Mapping[str, Any]]], None]
"""Shows the summaries that a batch has changed."""


def narrow(judged: DataFrame) -> DataFrame:
    """What the ledger looks at: a row per record, in the order of the fields of `Position` and `Judged`."""
    return judged.select(
        *("topic", "partition", "offset", F.unix_micros("timestamp").alias("appended"), "outcome"),
        *(F.col(f"reading.{name}").alias(name) for name in ("stream_id", "generator_id", "seq")),
        F.unix_micros("reading.source_time").alias("source_time"),
    )


def in_log_order(judged: DataFrame) -> list[Judged]:
    """The rows of `narrow`, on the driver."""
    columns = [column.to_pylist() for column in narrow(judged).toArrow().columns]
    found = [Judged(Position(*row[:4]), *row[4:]) for row in zip(*columns, strict=True)]
    found.sort(key=lambda record: record.position)
    return found


class Batches:
    """Processes the historian's batches; to be given to ``foreachBatch``.

    Args:
        spark: the session.
        files: the file system of snapshots and historian.
        root: the historian's folder.
        snapshots: the query's snapshots.
        sink: where results go.
        tally: what the query counts for its events.
        show: shows the summaries that a batch has changed.
    """

    def __init__(
        self,
        spark: SparkSession,
        files: Files,
        root: str,
        snapshots: Snapshots,
        sink: Sink,
        tally: Tally,
        show: Show | None = None,
    ) -> None:
        self._spark = spark
        self._files = files
        self._root = root
        self._snapshots = snapshots
        self._sink = sink
        self._tally = tally
        self._show = show
        self._historian: Historian | None = None
        self._after: tuple[int, Ledger] | None = None

    def __call__(self, records: DataFrame, batch: int) -> None:
        """Process a batch."""
        ledger = self._before(batch)
        offsets = dict(ledger.offsets)
        judged = judge.judge(records).persist()
        try:
            rows = in_log_order(judged)
            findings = ledger.take(rows)
            self._process(batch, judged, findings, ledger, offsets)
        finally:
            judged.unpersist()
        size = self._snapshots.commit(batch, ledger.dump())
        self._after = batch, ledger
        self._tally.outcomes = dict(ledger.outcomes)
        self._tally.state_bytes[NAME] = size
        if rows:
            self._tally.appended[NAME] = max(row.position.appended for row in rows) / _SECOND_US

    def _before(self, batch: int) -> Ledger:
        """The state that a batch begins with."""
        if self._after is not None and self._after[0] == batch - 1:
            return self._after[1]
        dumped = self._snapshots.load(batch)
        return Ledger() if dumped is None else Ledger.load(dumped)

    def _process(
        self, batch: int, judged: DataFrame, findings: Findings, ledger: Ledger, offsets: Mapping[tuple[str, int], int]
    ) -> None:
        # A batch that failed half way has changed the ledger; what comes next begins with the snapshot.
        self._after = None
        historian = self._of_query()

        def where(stream_id: str, time: int) -> list[str]:
            return self._files_since(ledger, READINGS, stream_id, time, time, batch)

        places = [(position.partition, position.offset) for position in findings.copies]
        told = historian.tell_copies(judged, places, where)
        if places:
            ledger.tell(_count_copies(told, places))
        publication = historian.begin(batch, offsets)
        readings = outcomes.readings(told)
        of_all = outcomes.outcomes(told)
        if findings.gaps:
            of_all = of_all.unionByName(gaps.rows(self._spark, findings.gaps))
        historian.stage(publication, READINGS, readings)
        historian.stage(publication, OUTCOMES, of_all)
        totals = ledger.total(_totals(readings))
        written = [
            results.summary_records(self._spark, [summary.value(*key, total) for key, total in totals.items()]),
            results.rejected_records(judge.rejected(judged)),
        ]
        if findings.closings:
            computed = self._close(batch, publication, findings.closings, ledger, readings).persist()
            historian.stage(publication, MINUTES, computed.withColumn("date", F.to_date("window_start")))
            written.append(results.statistics_records(_published(computed)))
        self._sink(_union(written))
        paths = historian.publish(publication)
        _remember(ledger, findings, paths)
        self._spark.catalog.clearCache()
        if self._show is not None:
            self._show([summary.value(*key, total) for key, total in totals.items()])

    def _close(
        self,
        batch: int,
        publication: Publication,
        closed: Sequence[Closing],
        ledger: Ledger,
        readings: DataFrame,
    ) -> DataFrame:
        historian = self._of_query()
        paths = historian.staged(publication, READINGS)
        earlier_paths: list[str] = []
        for stream_id in sorted({closing.stream_id for closing in closed}):
            of_stream = [closing for closing in closed if closing.stream_id == stream_id]
            end = max(closing.end for closing in of_stream)
            since = min(closing.since for closing in of_stream)
            paths += self._files_since(ledger, READINGS, stream_id, since, end, batch)
            since = min(map(since_tens, of_stream))
            earlier_paths += self._files_since(ledger, MINUTES, stream_id, since, end, batch)
        rows = self._spark.read.schema(readings.drop("date").schema).parquet(*sorted(set(paths)))
        earlier = self._spark.read.parquet(*sorted(set(earlier_paths))) if earlier_paths else None
        return closings.windows(self._spark, rows, earlier, closed)

    def _files_since(
        self, ledger: Ledger, dataset: str, stream_id: str, first: int, last: int, batch: int
    ) -> list[str]:
        """The files of earlier batches that may hold rows of the stream from that time on."""
        historian = self._of_query()
        known = ledger.files(dataset).since(stream_id, first)
        if known is not None:
            return [historian.path(path) for path in known]
        return historian.between(dataset, find.day(first), find.day(last), batch)

    def _of_query(self) -> Historian:
        """The historian of the streaming query that runs this batch."""
        if self._historian is None:
            query_id = self._spark.sparkContext.getLocalProperty("sql.streaming.queryId")
            if query_id is None:
                raise RuntimeError("a batch of the historian is to be run by a streaming query")
            self._historian = Historian(self._spark, self._files, self._root, query_id)
        return self._historian


def _totals(readings: DataFrame) -> dict[tuple[str, str], Total]:
    rows = summary.partials(readings).collect()
    return {(row["stream_id"], row["generator_id"]): Total(*(row[name] for name in Total._fields)) for row in rows}


def _count_copies(told: DataFrame, places: Sequence[tuple[int, int]]) -> Counter[str]:
    is_copy = F.col("outcome").isin(outcomes.DUPLICATE, outcomes.CONFLICT)
    found = told.filter(is_copy).groupBy("outcome").count().collect()
    counted = Counter({row["outcome"]: row["count"] for row in found})
    if counted.total() != len(places):
        raise RuntimeError(f"of {len(places)} copies, {counted.total()} were told apart")
    return counted


def _published(computed: DataFrame) -> DataFrame:
    """The statistics of the windows, with their revisions."""
    window = ["stream_id", "generator_id", "window_s", "window_start"]
    revisions = computed.groupBy(*window).agg(F.max("revision").alias("revision"))
    return statistics(computed).join(revisions, window)


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    first, *others = frames
    for other in others:
        first = first.union(other)
    return first


def _remember(ledger: Ledger, findings: Findings, paths: Sequence[str]) -> None:
    """Remember which files hold the batch's rows of each stream."""
    for stream_id, (first, last) in findings.spans.items():
        ledger.files(READINGS).add(stream_id, Entry(first, last, list(_on_days(paths, READINGS, first, last))))
    for stream_id in {closing.stream_id for closing in findings.closings}:
        of_stream = [closing for closing in findings.closings if closing.stream_id == stream_id]
        first, last = min(map(since_tens, of_stream)), max(closing.end for closing in of_stream)
        ledger.files(MINUTES).add(stream_id, Entry(first, last, list(_on_days(paths, MINUTES, first, last))))


def _on_days(paths: Sequence[str], dataset: str, first: int, last: int) -> Iterator[str]:
    for path in paths:
        found, date, _ = path.split("/")
        if found == dataset and find.day(first) <= date.removeprefix("date=") <= find.day(last):
            yield path

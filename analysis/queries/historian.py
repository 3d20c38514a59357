"""The historian: what became of every record, the rows as Parquet, summaries and statistics; a batch at a time.

Each step of a batch gives the same result when Spark repeats the batch: the state before it comes from a snapshot,
files have the names that they had, and records of Kafka have their keys.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial, reduce
from typing import Any, Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from analysis import results, summary
from analysis.historian import closings, compaction, find, gaps, outcomes
from analysis.historian.closings import since_tens
from analysis.historian.historian import Historian
from analysis.historian.layout import MINUTES, OUTCOMES, READINGS
from analysis.historian.ledger import Judged, Ledger, Taken
from analysis.historian.offsets import Position
from analysis.historian.recent import Entry
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


def records(kafka: DataFrame) -> DataFrame:
    """The records of Kafka, judged: what a batch of the historian is made of.

    It belongs into the plan of the stream, which is made once: to build its expressions takes seconds.
    """
    return outcomes.flat(judge.judge(kafka))


def narrow(records: DataFrame) -> DataFrame:
    """What the ledger looks at: a row per record, in the order of the fields of `Position` and `Judged`."""
    appended, source_time = (F.unix_micros(name).alias(name) for name in ("appended", "source_time"))
    return records.select("topic", "partition", "offset", appended, "outcome", *outcomes.IDENTITY, source_time)


def in_log_order(records: DataFrame) -> list[Judged]:
    """The rows of `narrow`, on the driver."""
    columns = [column.to_pylist() for column in narrow(records).toArrow().columns]
    found = [Judged(Position(*row[:4]), *row[4:]) for row in zip(*columns, strict=True)]
    found.sort(key=lambda record: record.position)
    return found


class Batches:
    """Processes the historian's batches; to be given to ``foreachBatch``.

    Args:
        files: the file system of snapshots and historian.
        root: the historian's folder.
        snapshots: the query's snapshots.
        sink: where results go.
        tally: what the query counts for its events.
        show: shows the summaries that a batch has changed.
    """

    def __init__(
        self,
        files: Files,
        root: str,
        snapshots: Snapshots,
        sink: Sink,
        tally: Tally,
        show: Show | None = None,
    ) -> None:
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
        with _Kept() as kept:
            kept.persist(records)
            rows = in_log_order(records)
            offsets = dict(ledger.offsets)
            taken = ledger.take(rows)
            self._process(_Batch(batch, records, taken, ledger, offsets), kept)
        size = self._snapshots.commit(batch, ledger.dump())
        self._after = batch, ledger
        self._tally.outcomes = dict(ledger.outcomes)
        self._tally.state_bytes[NAME] = size
        if rows:
            self._tally.appended[NAME] = max(row.position.appended for row in rows) / _SECOND_US

    def _before(self, batch: int) -> Ledger:
        """The state that a batch begins with; what a failed attempt has left of it in memory is not used."""
        after, self._after = self._after, None
        if after is not None and after[0] == batch - 1:
            return after[1]
        dumped = self._snapshots.load(batch)
        ledger = Ledger() if dumped is None else Ledger.load(dumped)
        self._tally.outcomes = dict(ledger.outcomes)
        return ledger

    def _process(self, batch: "_Batch", kept: "_Kept") -> None:
        spark, ledger, taken = batch.records.sparkSession, batch.ledger, batch.taken
        historian = self._of_query(spark)
        _compact(historian, batch)
        told = kept.persist(self._told(batch, historian)) if taken.copies else batch.records
        publication = historian.begin(batch.number, batch.offsets)
        readings, of_all = outcomes.readings(told), outcomes.outcomes(told)
        if taken.gaps:
            of_all = of_all.unionByName(gaps.rows(spark, taken.gaps))
        historian.stage(publication, READINGS, readings)
        historian.stage(publication, OUTCOMES, of_all)
        totals = ledger.total(_totals(readings))
        summaries = [summary.value(*key, total) for key, total in totals.items()]
        written = [
            results.summary_records(spark, summaries),
            results.rejected_records(outcomes.rejected(batch.records)),
        ]
        if taken.closings:
            rows = historian.staged(publication, READINGS)
            computed = self._closed(batch, historian, rows, readings.drop("date").schema, kept)
            historian.stage(publication, MINUTES, computed.withColumn("date", F.to_date("window_start")))
            written.append(results.statistics_records(_published(computed)))
        self._sink(reduce(DataFrame.union, written))
        _remember(ledger, taken, historian.publish(publication))
        if self._show is not None:
            self._show(summaries)

    def _told(self, batch: "_Batch", historian: Historian) -> DataFrame:
        """The judged batch with its copies told apart, which the ledger counts."""

        def where(stream_id: str, time: int) -> list[str]:
            return _files_since(historian, batch, READINGS, stream_id, time, time)

        places = [(position.partition, position.offset) for position in batch.taken.copies]
        told = historian.tell_copies(batch.records, places, where)
        is_copy = F.col("outcome").isin(outcomes.DUPLICATE, outcomes.CONFLICT)
        counted = told.filter(is_copy).groupBy("outcome").count().collect()
        batch.ledger.tell({row["outcome"]: row["count"] for row in counted})
        return told

    def _closed(
        self, batch: "_Batch", historian: Historian, staged: Sequence[str], schema: StructType, kept: "_Kept"
    ) -> DataFrame:
        """The windows that the batch closes or restates."""
        spark, closed = batch.records.sparkSession, batch.taken.closings
        paths, earlier_paths = set(staged), set[str]()
        for stream_id in sorted({closing.stream_id for closing in closed}):
            of_stream = [closing for closing in closed if closing.stream_id == stream_id]
            end = max(closing.end for closing in of_stream)
            since, tens = min(closing.since for closing in of_stream), min(map(since_tens, of_stream))
            paths |= set(_files_since(historian, batch, READINGS, stream_id, since, end))
            earlier_paths |= set(_files_since(historian, batch, MINUTES, stream_id, tens, end))
        rows = spark.read.schema(schema).parquet(*sorted(paths))
        earlier = spark.read.parquet(*sorted(earlier_paths)) if earlier_paths else None
        of_minutes = kept.persist(closings.of_minutes(spark, rows, earlier, closed))
        of_tens = closings.of_ten_minutes(spark, of_minutes, earlier, closed)
        return of_minutes if of_tens is None else kept.persist(of_minutes.unionByName(of_tens))

    def _of_query(self, spark: SparkSession) -> Historian:
        """The historian of the streaming query that runs this batch."""
        if self._historian is None:
            query_id = spark.sparkContext.getLocalProperty("sql.streaming.queryId")
            if query_id is None:
                raise RuntimeError("a batch of the historian is to be run by a streaming query")
            self._historian = Historian(spark, self._files, self._root, query_id)
        return self._historian


class _Batch(NamedTuple):
    """A batch in work.

    Attributes:
        number: its number.
        records: its records, judged and persisted.
        taken: what the ledger makes of it.
        ledger: the state, which has the batch taken in.
        offsets: what was expected of each partition when it began.
    """

    number: int
    records: DataFrame
    taken: Taken
    ledger: Ledger
    offsets: Mapping[tuple[str, int], int]


class _Kept(ExitStack):
    """Frames that are persisted until the end of the block."""

    def persist(self, frame: DataFrame) -> DataFrame:
        """The frame, persisted."""
        self.callback(frame.persist().unpersist)
        return frame


def _files_since(historian: Historian, batch: _Batch, dataset: str, stream_id: str, first: int, last: int) -> list[str]:
    """The files of earlier batches that may hold rows of the stream from that time on."""
    known = batch.ledger.files(dataset).since(stream_id, first)
    if known is not None:
        return [historian.path(path) for path in known]
    return historian.between(dataset, find.day(first), find.day(last), batch.number)


def _compact(historian: Historian, batch: _Batch) -> None:
    """Compacts the days that were over when the batch began; the ledger names no file of theirs any more."""
    ledger = batch.ledger
    for dataset, newest in ledger.newest.items():
        if ledger.compacted.get(dataset) != newest:
            historian.compact(dataset, batch.number, newest)
            ledger.compacted[dataset] = newest


def _totals(readings: DataFrame) -> dict[tuple[str, str], Total]:
    rows = summary.partials(readings).collect()
    return {(row["stream_id"], row["generator_id"]): Total(*(row[name] for name in Total._fields)) for row in rows}


def _published(computed: DataFrame) -> DataFrame:
    """The statistics of the windows, with their revisions."""
    window = ["stream_id", "generator_id", "window_s", "window_start"]
    revisions = computed.groupBy(*window).agg(F.max("revision").alias("revision"))
    return statistics(computed).join(revisions, window)


def _remember(ledger: Ledger, taken: Taken, paths: Sequence[str]) -> None:
    """Remember which files hold the batch's rows of each stream, but for days that are over: they are compacted."""
    for path in paths:
        dataset, date = _dataset_and_date(path)
        ledger.newest[dataset] = max(ledger.newest.get(dataset, date), date)
    for stream_id, (first, last) in taken.spans.items():
        ledger.files(READINGS).add(stream_id, Entry(first, last, list(_on_days(paths, READINGS, first, last))))
    for stream_id in {closing.stream_id for closing in taken.closings}:
        of_stream = [closing for closing in taken.closings if closing.stream_id == stream_id]
        first, last = min(map(since_tens, of_stream)), max(closing.end for closing in of_stream)
        ledger.files(MINUTES).add(stream_id, Entry(first, last, list(_on_days(paths, MINUTES, first, last))))

    for dataset, recent in ledger.recent.items():
        recent.forget(partial(_is_over, ledger.newest[dataset]))


def _is_over(newest: str, path: str) -> bool:
    return bool(compaction.closed([_dataset_and_date(path)[1]], newest))


def _dataset_and_date(path: str) -> tuple[str, str]:
    dataset, date, _ = path.split("/")
    return dataset, date.removeprefix("date=")


def _on_days(paths: Sequence[str], dataset: str, first: int, last: int) -> Iterator[str]:
    for path in paths:
        found, date = _dataset_and_date(path)
        if found == dataset and find.day(first) <= date <= find.day(last):
            yield path

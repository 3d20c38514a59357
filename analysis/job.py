"""The analysis as a Spark job: ``spark-submit --packages … analysis/job.py``; ``--help`` names its options."""

import json
import logging
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from pyspark import SparkConf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.listener import (
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from pyspark.sql.streaming.query import StreamingQuery

from analysis import console, metrics, session, settings, signals
from analysis.progress import Progress, Tally
from analysis.publisher import Publisher
from analysis.queries import historian, monitor, source
from analysis.storage import filesystem
from analysis.storage.snapshots import Snapshots
from analysis.storage.versions import home, superseded
from contracts import topics

MONITOR_TRIGGER: Final = "500 milliseconds"
HISTORIAN_TRIGGER: Final = "5 seconds"
"""A batch costs about half a second of a core whatever its size: as often as people wait for what it tells."""
_TABLE_EVERY_S: Final = 5.0
_DRAIN_S: Final = 30.0
_SNAPSHOTS: Final = "snapshots"

_log: Final = logging.getLogger("analysis")


class Reporter(StreamingQueryListener):
    """Keeps the newest event of each query, and logs each as a line of JSON if it is told to."""

    def __init__(self, tally: Tally, *, with_events: bool) -> None:
        self._progress = Progress(tally)
        self._with_events = with_events
        self.events: dict[str, Mapping[str, Any]] = {}

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 - Spark's name
        """Nothing: its first batch says that a query runs."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 - likewise
        """Says what a batch did."""
        did = self._progress.event(json.loads(event.progress.json))
        self.events = self.events | {did["query"]: did}
        if self._with_events:
            _log.info(json.dumps(did))

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 - likewise
        """Nothing: whether an end was wanted is for the job to say."""


class Screen:
    """Logs the summary of all generators as a table, not more often than people read."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._shown = float("-inf")

    def show(self, changed: Sequence[Mapping[str, Any]]) -> None:
        """Takes in changed summaries, and shows all of them if it is time to."""
        self._rows |= {(row["stream_id"], row["generator_id"]): row for row in changed}
        if self._rows and time.monotonic() - self._shown >= _TABLE_EVERY_S:
            self._shown = time.monotonic()
            _log.info("%s\n", console.table(list(self._rows.values())))


class Job:
    """The queries of the analysis in one session.

    Args:
        spark: the session.
        given: the settings.
        tally: what the queries count for their events.
    """

    def __init__(self, spark: SparkSession, given: settings.Settings, tally: Tally) -> None:
        self._spark = spark
        self._given = given
        self._tally = tally
        self._files = filesystem.of(spark, given.checkpoint_dir)
        self._publisher = Publisher(spark, given.clients)

    def start(self) -> list[StreamingQuery]:
        """All queries, running, each with checkpoint and snapshots in a folder of its own."""
        return [self._monitor(), self._historian()]

    def close(self) -> None:
        """Ends what the queries have used."""
        self._publisher.close()

    def _monitor(self) -> StreamingQuery:
        kafka = source.records(self._spark, self._given.kafka, monitor.TOPICS, monitor.RECORDS_PER_BATCH)
        records = monitor.records(kafka.unionByName(source.ticks(self._spark, kafka)))
        batches = monitor.Batches(self._snapshots(monitor.NAME), self._publisher.send, self._tally)
        return self._run(monitor.NAME, records, batches, MONITOR_TRIGGER)

    def _historian(self) -> StreamingQuery:
        kafka = self._given.kafka
        of_topic = source.records(self._spark, kafka, [topics.READINGS], historian.RECORDS_PER_BATCH)
        records = historian.records(of_topic)

        def sink(results: DataFrame) -> None:
            results.write.format("kafka").options(**kafka).save()

        batches = historian.Batches(
            self._files,
            self._given.historian_dir,
            self._snapshots(historian.NAME),
            sink,
            self._tally,
            Screen().show if self._given.table else None,
        )
        return self._run(historian.NAME, records, batches, HISTORIAN_TRIGGER)

    def _snapshots(self, query: str) -> Snapshots:
        if told := superseded(self._files, self._given.checkpoint_dir, query):
            sys.stderr.write(f"analysis: {told}\n")
        return Snapshots(self._files, f"{home(self._given.checkpoint_dir, query)}/{_SNAPSHOTS}")

    def _run(
        self, name: str, records: DataFrame, batches: "monitor.Batches | historian.Batches", trigger: str
    ) -> StreamingQuery:
        # A pool each, between which the scheduler shares the cores; the query's thread inherits it.
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", name)
        writer = records.writeStream.queryName(name).foreachBatch(batches)
        checkpoint = f"{home(self._given.checkpoint_dir, name)}/spark"
        return writer.option("checkpointLocation", checkpoint).trigger(processingTime=trigger).start()


def failure(running: Sequence[StreamingQuery]) -> str | None:
    """One line on the first query that has ended by itself; None while all run."""
    for query in running:
        if not query.isActive:
            reason = str(query.exception() or "it stopped").strip().splitlines()[0]
            return f"analysis: query {query.name} ended: {reason}"
    return None


def drain(running: Sequence[StreamingQuery]) -> None:
    """Stops each query between two batches; if that takes too long, within one, which the next start repeats."""
    deadline = time.monotonic() + _DRAIN_S
    for query in running:
        while query.isActive and query.status["isTriggerActive"] and time.monotonic() < deadline:
            time.sleep(0.01)
        query.stop()


def main(arguments: Sequence[str]) -> int:
    """Runs until SIGINT or SIGTERM, and returns the exit code: 0 then, 1 if a query has ended by itself."""
    given = settings.parse(arguments, on_terminal=sys.stdout.isatty())
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    _log.setLevel(logging.INFO)
    stop = threading.Event()
    signals.stop_on_signals(stop)
    spark = session.start(SparkConf())
    signals.stop_on_signals(stop)
    tally = Tally()
    reporter = Reporter(tally, with_events=not given.table)
    spark.streams.addListener(reporter)
    failed = None
    with ExitStack() as stack:
        if given.metrics_port is not None:
            stack.enter_context(metrics.served(given.metrics_port, lambda: reporter.events))
        running: list[StreamingQuery] = []
        if not stop.is_set():
            job = Job(spark, given, tally)
            stack.callback(job.close)
            running = job.start()
        while not (failed := failure(running)) and not stop.wait(0.2):
            pass
        drain(running)
    spark.stop()
    if failed:
        sys.stderr.write(failed + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The analysis as a Spark job: ``spark-submit --packages … analysis/job.py``; ``--help`` names its options."""

import json
import logging
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from pyspark import SparkConf
from pyspark.sql import Row, SparkSession
from pyspark.sql.streaming.listener import (
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from pyspark.sql.streaming.query import StreamingQuery

from analysis import console, queries, session, settings, signals
from analysis.progress import Progress
from analysis.totals import WATERMARK

_TRIGGER: Final = "1 second"
_TABLE_EVERY_S: Final = 5.0
_DRAIN_S: Final = 30.0

_log: Final = logging.getLogger("analysis")


class Reporter(StreamingQueryListener):
    """Logs an event per batch, as a line of JSON, and warns of readings that no result has."""

    def __init__(self, *, with_events: bool) -> None:
        self._progress = Progress()
        self._with_events = with_events
        self._dropped = 0

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 - Spark's name
        """Nothing: its first batch says that a query runs."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 - likewise
        """Says what a batch did."""
        did = self._progress.event(json.loads(event.progress.json))
        if self._with_events:
            _log.info(json.dumps(did))
        if did["dropped"] > self._dropped:
            self._dropped = did["dropped"]
            sys.stderr.write(
                f"analysis: {self._dropped} readings are in no result: their source time is more than {WATERMARK} "
                "behind the newest in the topic; the clocks of two streams in one topic must not be that far apart\n"
            )

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 - likewise
        """Nothing: whether an end was wanted is for the job to say."""


class Screen:
    """Logs the summary of all generators as a table, not more often than people read."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._shown = float("-inf")

    def show(self, changed: Sequence[Row]) -> None:
        """Takes in changed summaries, and shows all of them if it is time to."""
        self._rows |= {(row["stream_id"], row["generator_id"]): row.asDict() for row in changed}
        if time.monotonic() - self._shown >= _TABLE_EVERY_S:
            self._shown = time.monotonic()
            _log.info("%s\n", console.table(list(self._rows.values())))


def start(spark: SparkSession, given: settings.Settings) -> list[StreamingQuery]:
    """Both queries, running, each with its checkpoint below the checkpoint directory."""
    spark.streams.addListener(Reporter(with_events=not given.table))
    writers = {
        "ingest": queries.ingest(queries.source(spark, given.kafka), given.kafka),
        "aggregate": queries.aggregate(
            queries.source(spark, given.kafka), given.kafka, Screen().show if given.table else None
        ),
    }
    return [
        writer.option("checkpointLocation", f"{given.checkpoint_dir}/{name}").trigger(processingTime=_TRIGGER).start()
        for name, writer in writers.items()
    ]


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
    running = [] if stop.is_set() else start(spark, given)
    failed = None
    while not (failed := failure(running)) and not stop.wait(0.2):
        pass
    drain(running)
    spark.stop()
    if failed:
        sys.stderr.write(failed + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

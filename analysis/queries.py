"""The streaming queries: from Kafka's readings to its result topics.

Two of them, because each reads and decodes the topic again: *ingest* says what became of every record, *aggregate*
maintains summary and statistics.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamWriter

from analysis import progress, results, summary, totals
from analysis.records import judge
from contracts import topics

RECORDS_PER_BATCH: Final = 100_000
"""Bounds a batch that catches up; in between, a batch is what has come since the last."""

FETCH_WAIT_MS: Final = 10
"""Spark asks for a partition's offsets on the connection on which its consumer already fetches ahead, and a broker that
waits for more data keeps that question waiting: by Kafka's default, half a second per partition and batch."""


def source(spark: SparkSession, kafka: Mapping[str, str]) -> DataFrame:
    """The records of the readings topic from its beginning, or from where the query's checkpoint says.

    Records that the topic has lost before they were read end the query: a gap is never skipped in silence.
    """
    return (
        spark.readStream.format("kafka")
        .options(**kafka)
        .option("subscribe", topics.READINGS)
        .option("startingOffsets", "earliest")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", RECORDS_PER_BATCH)
        .option("kafka.fetch.max.wait.ms", FETCH_WAIT_MS)
        .load()
    )


def ingest(records: DataFrame, kafka: Mapping[str, str]) -> DataStreamWriter:
    """Counts the outcomes of all records and writes the rejected ones to their topic."""
    judged = judge.judge(records).observe(progress.OBSERVATION, *progress.counts())
    rejected = results.rejected_records(judge.rejected(judged))
    return rejected.writeStream.queryName("ingest").format("kafka").options(**kafka)


def aggregate(
    records: DataFrame, kafka: Mapping[str, str], show: Callable[[Sequence[Row]], Any] | None = None
) -> DataStreamWriter:
    """Maintains the totals of the accepted readings and writes those that a batch has changed to their topics.

    Args:
        records: records of Kafka.
        kafka: options of the sink.
        show: called with the summaries that a batch has changed, after they were written.
    """

    def publish(changed: DataFrame, _batch: int) -> None:
        changed.persist()
        try:
            # The two sides of the union below would otherwise both compute the batch, and commit its state, at once.
            changed.count()
            summaries = summary.summary(changed)
            statistics = results.measurement_records(totals.statistics(changed))
            results.summary_records(summaries).union(statistics).write.format("kafka").options(**kafka).save()
            if show is not None:
                show(summaries.collect())
        finally:
            changed.unpersist()

    readings = judge.accepted(judge.judge(records))
    changes = totals.totals(totals.distinct(readings)).writeStream.outputMode("update")
    return changes.queryName("aggregate").foreachBatch(publish)

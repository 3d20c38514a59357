"""The records of Kafka that a query reads, and what Spark reads with them."""

from collections.abc import Mapping, Sequence
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

TICKS: Final = "ticks"
"""What stands for the topic of a tick of the wall clock, which is no record of Kafka."""

FETCH_WAIT_MS: Final = 10
"""Spark asks for a partition's offsets on the connection on which its consumer already fetches ahead, and a broker that
waits for more data keeps that question waiting: by Kafka's default, half a second per partition and batch."""


def records(spark: SparkSession, kafka: Mapping[str, str], topics: Sequence[str], most: int) -> DataFrame:
    """The records of some topics from their beginning, or from where the query's checkpoint says.

    What a topic has lost before it was read does not end the query: the historian finds the gap in the offsets.

    Args:
        spark: the session.
        kafka: options of the source.
        topics: the topics.
        most: bounds a batch that catches up; in between, a batch is what has come since the last.
    """
    return (
        spark.readStream.format("kafka")
        .options(**kafka)
        .option("subscribe", ",".join(topics))
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "false")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", most)
        .option("kafka.fetch.max.wait.ms", FETCH_WAIT_MS)
        .load()
    )


def ticks(spark: SparkSession, like: DataFrame) -> DataFrame:
    """A row per second of the wall clock in the columns of Kafka's records, so that silence makes batches too.

    The times are in the query's log of offsets, so that a repeated batch has the same ticks.
    """
    columns = (
        {"topic": F.lit(TICKS), "timestamp": F.col("tick.timestamp"), "offset": F.col("tick.value")}.get(
            field.name, F.lit(None)
        )
        .cast(field.dataType)
        .alias(field.name)
        for field in like.schema
    )
    rate = spark.readStream.format("rate").option("rowsPerSecond", 1).option("numPartitions", 1).load()
    return rate.select(F.struct("*").alias("tick")).select(*columns)

"""Offsets that the topic lost to retention before they were read: found by what was expected, stored as outcomes."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from analysis.historian.outcomes import GAP

RULE: Final = "must be read before the topic's retention removes it"

_COLUMNS: Final = (
    "topic string, partition int, offset bigint, last_offset bigint, appended bigint, stream string, line bigint, "
    "stream_id string, generator_id string, seq bigint, outcome string, field string, rule string"
)


class Gap(NamedTuple):
    """Offsets that no batch has had.

    ``appended`` is Kafka's timestamp of the record that follows them, in microseconds since 1970.
    """

    topic: str
    partition: int
    offset: int
    last_offset: int
    appended: int


def extents(records: DataFrame) -> DataFrame:
    """Per ``topic`` and ``partition``: ``first`` and ``last`` offset, how many ``records``, and when the first came."""
    return records.groupBy("topic", "partition").agg(
        F.min("offset").alias("first"),
        F.max("offset").alias("last"),
        F.count("offset").alias("records"),
        F.min_by(F.unix_micros("timestamp"), "offset").alias("appended"),
    )


def holes(records: DataFrame) -> DataFrame:
    """Offsets missing between two records of a partition, in the columns of `Gap`."""
    before = F.lag("offset").over(Window.partitionBy("topic", "partition").orderBy("offset"))
    return (
        records.select("topic", "partition", "offset", "timestamp", before.alias("before"))
        .filter(F.col("offset") > F.col("before") + 1)
        .select(
            *("topic", "partition", (F.col("before") + 1).alias("offset"), (F.col("offset") - 1).alias("last_offset")),
            F.unix_micros("timestamp").alias("appended"),
        )
    )


def gaps(records: DataFrame, expected: Mapping[tuple[str, int], int]) -> tuple[list[Gap], dict[tuple[str, int], int]]:
    """The offsets that a batch should have had, in one job, or two if there are holes inside it.

    Args:
        records: the batch, persisted.
        expected: the next offset of each topic and partition that was read before; of others, the first that comes is
            taken for the first there is.

    Returns:
        The gaps in log order, and what is expected after this batch.
    """
    found = extents(records).collect()
    lost = [
        Gap(row["topic"], row["partition"], expected[row["topic"], row["partition"]], row["first"] - 1, row["appended"])
        for row in found
        if row["first"] > expected.get((row["topic"], row["partition"]), row["first"])
    ]
    with_holes = [row["partition"] for row in found if row["records"] != row["last"] - row["first"] + 1]
    if with_holes:
        lost += [Gap(*row) for row in holes(records.filter(F.col("partition").isin(with_holes))).collect()]
    after = dict(expected) | {(row["topic"], row["partition"]): row["last"] + 1 for row in found}
    return sorted(lost), after


def rows(spark: SparkSession, lost: Sequence[Gap]) -> DataFrame:
    """The gaps as rows of `analysis.historian.outcomes.outcomes`."""
    found = [(*gap, None, None, None, None, None, GAP, "", RULE) for gap in lost]
    appended = F.timestamp_micros("appended")
    return (
        spark.createDataFrame(found, _COLUMNS)
        .withColumn("appended", appended)
        .withColumn("date", F.to_date("appended"))
    )

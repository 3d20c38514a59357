"""Offsets that the topic lost before they were read, as outcomes."""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from analysis.historian.offsets import RULE, Gap
from analysis.historian.outcomes import GAP

_COLUMNS: Final = (
    "topic string, partition int, offset bigint, last_offset bigint, appended bigint, stream string, line bigint, "
    "stream_id string, generator_id string, seq bigint, outcome string, field string, rule string"
)


def rows(spark: SparkSession, lost: Sequence[Gap]) -> DataFrame:
    """The gaps as rows of `analysis.historian.outcomes.outcomes`."""
    found = [(*gap, None, None, None, None, None, GAP, "", RULE) for gap in lost]
    appended = F.timestamp_micros("appended")
    return (
        spark.createDataFrame(found, _COLUMNS)
        .withColumn("appended", appended)
        .withColumn("date", F.to_date("appended"))
    )

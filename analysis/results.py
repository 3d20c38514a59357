"""Results as records for Kafka: JSON values under keys that are the same whenever the same result is written again.

Spark's Kafka sink repeats a batch that was interrupted; readers who keep the last value of each key see no trace of it.
The values' schemas are in ``contracts/schemas``.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts import topics

VALUE_LIMIT: Final = 1024
"""Bytes of a rejected value that are repeated; the whole of it stays in the topic that it came from."""

_TIME: Final = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX"


def summary_records(spark: SparkSession, summaries: Iterable[Mapping[str, Any]]) -> DataFrame:
    """``topic``, ``key`` and ``value`` of each summary; the key is ``stream/generator``.

    Args:
        spark: the session.
        summaries: as `analysis.summary.value` gives them.
    """
    rows = [(topics.SUMMARY, f"{value['stream_id']}/{value['generator_id']}", json.dumps(value)) for value in summaries]
    return spark.createDataFrame(rows, "topic string, key string, value string")


def statistics_records(statistics: DataFrame) -> DataFrame:
    """``topic``, ``key`` and ``value`` of each window's statistics; the key is ``stream/generator/window_s/start``.

    Args:
        statistics: what `analysis.windows.published.statistics` gives, with the ``revision`` of each window.
    """
    key = F.concat_ws("/", "stream_id", "generator_id", "window_s", time("window_start"))
    return _records(statistics, topics.STATISTICS, key)


def rejected_records(rejected: DataFrame) -> DataFrame:
    """``topic``, ``key`` and ``value`` of each rejected record; the key is its place, ``topic-partition-offset``."""
    shown = rejected.withColumns(
        {"size": F.length("value"), "value": F.substr(F.col("value"), F.lit(1), F.lit(VALUE_LIMIT))}
    )
    return _records(shown, topics.REJECTED, F.concat_ws("-", "topic", "partition", "offset"))


def time(column: str) -> Column:
    """A timestamp as RFC 3339 in UTC, to the microsecond."""
    return F.date_format(column, _TIME)


def _records(rows: DataFrame, topic: str, key: Column) -> DataFrame:
    value = F.to_json(F.struct("*"), {"ignoreNullFields": "false", "timestampFormat": _TIME, "timeZone": "UTC"})
    return rows.select(F.lit(topic).alias("topic"), key.alias("key"), value.alias("value"))

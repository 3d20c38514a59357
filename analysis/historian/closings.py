"""Compute the windows that a batch closes or restates, from the historian's own rows."""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from analysis.historian.times import Closing
from analysis.windows.partials import TEN_MINUTES_S, minutes, ten_minutes

TEN_MINUTES_US: Final = TEN_MINUTES_S * 1_000_000

_WINDOW: Final = ("stream_id", "generator_id", "window_s", "window_start")
_RANGE: Final = "stream_id string, generator_id string, `from` bigint, until bigint"


def since_tens(closing: Closing) -> int:
    """The start of the ten-minute window that the first window is in."""
    return closing.start - closing.start % TEN_MINUTES_US


def of_minutes(
    spark: SparkSession, readings: DataFrame, earlier: DataFrame | None, closings: Sequence[Closing]
) -> DataFrame:
    """The partial aggregates of the one-minute windows of all closings.

    Args:
        spark: the session.
        readings: rows that hold those of the closings from their ``since`` on.
        earlier: what was computed before, from `since_tens` of the closings on; None if there is nothing.
        closings: what to compute.

    Returns:
        The columns of `analysis.windows.partials.minutes`, and ``revision``: 1, or one more than that of the window
        before.
    """
    ranges = [(closing.stream_id, closing.generator_id, closing.start, closing.end) for closing in closings]
    wanted = _ranges(spark, ranges).withColumns({name: F.timestamp_micros(name) for name in ("from", "until")})
    return revised(minutes(readings, wanted), earlier)


def of_ten_minutes(
    spark: SparkSession, computed: DataFrame, earlier: DataFrame | None, closings: Sequence[Closing]
) -> DataFrame | None:
    """The partial aggregates of the ten-minute windows that are over and have a window of the closings in them.

    Args:
        spark: the session.
        computed: the one-minute windows of the closings, as `of_minutes` gives them.
        earlier: what was computed before, as for `of_minutes`.
        closings: what was computed.

    Returns:
        The columns of ``computed``; None if no ten-minute window is over.
    """
    ranges = [
        (closing.stream_id, closing.generator_id, since_tens(closing), closing.end - closing.end % TEN_MINUTES_US)
        for closing in closings
        if closing.end - closing.end % TEN_MINUTES_US > since_tens(closing)
    ]
    if not ranges:
        return None
    is_minute = F.col("window_s") != TEN_MINUTES_S
    parts = computed if earlier is None else newest(computed.unionByName(earlier.filter(is_minute)))
    start = F.unix_micros("window_start")
    in_range = (
        parts.join(F.broadcast(_ranges(spark, ranges)), ["stream_id", "generator_id"])
        .filter((start >= F.col("from")) & (start < F.col("until")))
        .select(*(column for column in parts.columns if column != "revision"))
    )
    return revised(ten_minutes(in_range), earlier).select(*computed.columns)


def revised(computed: DataFrame, earlier: DataFrame | None) -> DataFrame:
    """The windows with the ``revision`` that follows the one before."""
    if earlier is None:
        return computed.withColumn("revision", F.lit(1).cast("long"))
    before = earlier.groupBy(*_WINDOW).agg(F.max("revision").alias("before"))
    revision = F.coalesce(F.col("before"), F.lit(0)) + 1
    return (
        computed.join(F.broadcast(before), list(_WINDOW), "left")
        .withColumn("revision", revision.cast("long"))
        .select(*computed.columns, "revision")
    )


def newest(rows: DataFrame) -> DataFrame:
    """The rows of the highest revision of each window."""
    highest = rows.groupBy(*_WINDOW).agg(F.max("revision").alias("revision"))
    return rows.join(F.broadcast(highest), [*_WINDOW, "revision"], "left_semi").select(*rows.columns)


def _ranges(spark: SparkSession, rows: Sequence[tuple[str, str, int, int]]) -> DataFrame:
    """Ranges of source time per generator, in microseconds since 1970."""
    return spark.createDataFrame(list(rows), _RANGE)

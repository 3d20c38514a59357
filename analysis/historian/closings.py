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


def wanted(spark: SparkSession, closings: Sequence[Closing]) -> DataFrame:
    """The ranges of the one-minute windows, for `analysis.windows.partials.minutes`."""
    return _ranges(
        spark, [(closing.stream_id, closing.generator_id, closing.start, closing.end) for closing in closings]
    )


def since_tens(closing: Closing) -> int:
    """The start of the ten-minute window that the first window is in."""
    return closing.start - closing.start % TEN_MINUTES_US


def windows(
    spark: SparkSession, readings: DataFrame, earlier: DataFrame | None, closings: Sequence[Closing]
) -> DataFrame:
    """The partial aggregates of all closings: their one-minute windows and the ten-minute windows that are over.

    Args:
        spark: the session.
        readings: rows that hold those of the closings from their ``since`` on.
        earlier: what was computed before, from `since_tens` of the closings on; None if there is nothing.
        closings: what to compute.

    Returns:
        The columns of `analysis.windows.partials`, and ``revision``: 1, or one more than that of the window before.
    """
    of_minutes = revised(minutes(readings, wanted(spark, closings)), earlier)
    tens = [
        (closing.stream_id, closing.generator_id, since_tens(closing), closing.end - closing.end % TEN_MINUTES_US)
        for closing in closings
        if closing.end - closing.end % TEN_MINUTES_US > since_tens(closing)
    ]
    if not tens:
        return of_minutes
    of_minutes = of_minutes.persist()
    parts = of_minutes if earlier is None else newest(of_minutes.unionByName(_of_minutes(earlier)))
    start = F.unix_micros("window_start")
    in_range = (
        parts.join(F.broadcast(_micros(_ranges(spark, tens))), ["stream_id", "generator_id"])
        .filter((start >= F.col("from")) & (start < F.col("until")))
        .select(*(column for column in parts.columns if column != "revision"))
    )
    return of_minutes.unionByName(revised(ten_minutes(in_range), earlier))


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


def _of_minutes(rows: DataFrame) -> DataFrame:
    return rows.filter(F.col("window_s") != TEN_MINUTES_S)


def _ranges(spark: SparkSession, rows: Sequence[tuple[str, str, int, int]]) -> DataFrame:
    return spark.createDataFrame(list(rows), _RANGE).withColumns(
        {name: F.timestamp_micros(name) for name in ("from", "until")}
    )


def _micros(ranges: DataFrame) -> DataFrame:
    return ranges.withColumns({name: F.unix_micros(name) for name in ("from", "until")})

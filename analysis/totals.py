"""Reduce accepted readings, each counted once, to totals per generator: of all time, and of each window.

Both come from one stateful aggregation by grouping sets, so that one query reads, decodes and remembers for both. The
all-time group has no window; the watermark cannot expire it (its condition is null) and it stays for good.
"""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from analysis import summary, windows

WATERMARK: Final = "2 hours"
"""How far, in source time, one generator's readings may lag behind another's in the log. Lateness is decided before
(`analysis.records.judge`), so this only has to outlast the disorder between partitions; that is short, but at a high
pace of simulation minutes of source time pass in a moment."""

IDENTITY: Final = ("stream_id", "generator_id", "seq")


def distinct(readings: DataFrame) -> DataFrame:
    """The readings without copies: a reading is one scan of one generator in one stream."""
    return readings.withWatermark("source_time", WATERMARK).dropDuplicatesWithinWatermark(list(IDENTITY))


def totals(readings: DataFrame) -> DataFrame:
    """One row per stream, generator and window, and one per stream and generator with a null window."""
    stream, generator, window = F.col("stream_id"), F.col("generator_id"), F.col("window")
    return (
        readings.withColumn("window", F.window("source_time", windows.WINDOW))
        .groupingSets([[stream, generator, window], [stream, generator]], stream, generator, window)
        .agg(*summary.aggregates(), *windows.aggregates())
    )

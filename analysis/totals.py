"""Reduce accepted readings, each counted once, to totals per generator: of all time, and of each window.

Both come from one stateful aggregation by grouping sets, so that one query reads, decodes and remembers for both. The
all-time group has no window; the watermark cannot expire it (its condition is null) and it stays for good.
"""

from collections.abc import Iterator
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis import summary
from analysis.windows.intervals import NUMBERS
from analysis.windows.quality import is_good

WATERMARK: Final = "2 hours"
"""How far, in source time, one generator's readings may lag behind another's in the log. Lateness is decided before
(`analysis.records.judge`), so this only has to outlast the disorder between partitions; that is short, but at a high
pace of simulation minutes of source time pass in a moment."""

WINDOW: Final = "1 minute"

IDENTITY: Final = ("stream_id", "generator_id", "seq")


def distinct(readings: DataFrame) -> DataFrame:
    """The readings without copies: a reading is one scan of one generator in one stream."""
    return readings.withWatermark("source_time", WATERMARK).dropDuplicatesWithinWatermark(list(IDENTITY))


def totals(readings: DataFrame) -> DataFrame:
    """One row per stream, generator and window, and one per stream and generator with a null window."""
    stream, generator, window = F.col("stream_id"), F.col("generator_id"), F.col("window")
    return (
        readings.withColumn("window", F.window("source_time", WINDOW))
        .groupingSets([[stream, generator, window], [stream, generator]], stream, generator, window)
        .agg(*summary.aggregates(), *window_aggregates())
    )


def window_aggregates() -> Iterator[Column]:
    """What a window of readings of one generator is reduced to: ``revision``, and a struct for each measurement."""
    yield F.count("*").alias("revision")
    for name in NUMBERS:
        good = F.when(is_good(name), F.col(name))
        yield F.struct(
            F.count(good).alias("good"),
            F.count_if(~is_good(name) & ~F.col(name).isNull()).alias("uncertain"),
            F.count_if(F.col(name).isNull()).alias("bad"),
            F.avg(good).alias("average"),
            F.min(good).alias("minimum"),
            F.max(good).alias("maximum"),
        ).alias(name)


def statistics(totals: DataFrame) -> DataFrame:
    """One row per stream, generator, measurement and window, from the totals that have a window."""
    by_measurement = (F.struct(F.lit(name).alias("measurement"), F.col(name).alias("values")) for name in NUMBERS)
    return (
        totals.filter(F.col("window").isNotNull())
        .withColumn("of", F.explode(F.array(*by_measurement)))
        .select(
            "stream_id",
            "generator_id",
            "of.measurement",
            F.col("window.start").alias("window_start"),
            F.col("window.end").alias("window_end"),
            "revision",
            "of.values.*",
        )
    )

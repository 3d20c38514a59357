"""The aggregates of OPC UA Part 13 (IEC 62541-13) that are published of a window, from its partials.

TimeAverage2 (5.4.3.7) and Total2 (5.4.3.9) are taken over the Good time of the window, with simple bounding values.
Minimum (5.4.3.10), Maximum (5.4.3.11), Count (5.4.3.21), Delta (5.4.3.27) and StandardDeviationSample (5.4.3.37) are
of the Good raw values in the window, WorstQuality (5.4.3.35) of all raw values in it. PercentGood (5.4.3.33) is Good
time by the window's whole time. Discrete measurements have the duration in each state, where the standard knows zero
and non-zero (5.4.3.22, 5.4.3.23), and NumberOfTransitions (5.4.3.24).
"""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.windows.intervals import NUMBERS, SYMBOLS

QUALITIES: Final = ("Good", "Uncertain", "Bad")
"""Severities by their rank. WorstQuality makes no distinction between the reasons for a status."""


def statistics(windows: DataFrame) -> DataFrame:
    """One row per stream, generator and window, with a struct of a struct for each measurement.

    ``measurements`` has the numbers and ``states`` the discrete ones. What has no Good value to be made of is null.

    Args:
        windows: what `analysis.windows.partials.minutes` or `analysis.windows.partials.ten_minutes` gives.
    """
    start, length = F.col("window_start"), F.col("window_s")
    is_number = F.col("measurement").isin(*NUMBERS)
    entry = F.when(is_number, F.struct("measurement", F.struct(*_number()).alias("aggregates")))
    number = F.map_from_entries("numbers")
    return (
        windows.groupBy("stream_id", "generator_id", "window_start", "window_s")
        .agg(
            F.max("readings").alias("readings"),
            F.collect_list(entry).alias("numbers"),
            F.struct(*(_state(name).alias(name) for name in SYMBOLS)).alias("states"),
        )
        .select(
            "stream_id",
            "generator_id",
            "window_start",
            F.timestamp_micros(F.unix_micros(start) + length * 1_000_000).alias("window_end"),
            "window_s",
            "readings",
            F.struct(*(number[name].alias(name) for name in NUMBERS)).alias("measurements"),
            "states",
        )
    )


def _number() -> list[Column]:
    held, count = F.col("held"), F.col("count")
    has_time = held > 0
    # Not element_at: by Spark's word that is never null, and a null index ends the query.
    quality = F.lit(None).cast("string")
    for rank, name in enumerate(QUALITIES):
        quality = F.when(F.col("worst") == rank, name).otherwise(quality)
    return [
        F.when(has_time, F.col("integral") * 1_000_000 / held).alias("time_average"),
        F.when(has_time, F.col("integral")).alias("total"),
        F.col("minimum"),
        F.col("maximum"),
        F.col("count"),
        (F.col("last") - F.col("first")).alias("delta"),
        F.when(count > 1, F.sqrt(F.col("m2") / (count - 1))).alias("standard_deviation"),
        (held / (F.col("window_s") * 10_000)).alias("percent_good"),
        quality.alias("worst_quality"),
    ]


def _state(name: str) -> Column:
    held = F.when(F.col("measurement") == name, F.col("held"))
    durations = (
        (F.coalesce(F.sum(F.when(F.col("symbol") == index, held)), F.lit(0)) / 1_000_000).alias(symbol)
        for index, symbol in enumerate(SYMBOLS[name])
    )
    transitions = F.sum(F.when(F.col("measurement") == name, F.col("transitions")))
    return F.struct(F.struct(*durations).alias("duration_s"), transitions.alias("transitions"))

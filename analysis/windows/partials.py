"""Partial aggregates of a window, which merge: ten one-minute windows give what their readings would give at once.

A row of partials belongs to a stream, a generator, a window and a measurement. A discrete measurement has one row for
each symbol that it had, since its aggregates are durations in a state. The columns:

    ``window_start`` (timestamp), ``window_s`` (60 or 600), ``measurement``, ``symbol`` (index; null for a number, and
    where a discrete measurement has no value); ``readings``: raw values in the window; ``worst``: worst quality of
    these, 0 Good, 1 Uncertain, 2 Bad, null if there are none; ``count``, ``minimum``, ``maximum``, ``mean``, ``m2``
    (sum of squared deviations from the mean), ``first``, ``last``: of the Good raw values in the window;
    ``held``: microseconds of Good value, the bounding value included; ``integral``: value times seconds over these;
    ``transitions``: Good raw values that differ from the Good one before.
"""

from collections.abc import Iterator
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.windows.intervals import MINUTE_S, NUMBERS, SOURCE, SYMBOLS, intervals

TEN_MINUTES_S: Final = 600

_KEY: Final = ("measurement", "symbol")


def minutes(readings: DataFrame, wanted: DataFrame | None = None, *, treat_uncertain_as_bad: bool = True) -> DataFrame:
    """The partial aggregates of one-minute windows of source time, aligned to the epoch.

    A reading holds until the generator's next one by source time, then seq, and for `HOLD_S` at most. The last one
    given holds until ``until``; without ``wanted`` for no time, since nothing shows that its value stayed. So the
    window of the newest reading is open: it is computed up to that reading. A window that no reading says anything of
    has no row. Time before the first reading and after a hold is time without data, which is not Good.

    Args:
        readings: valid readings in the columns of the contract, each once, in any order. For a wanted range those of
            `HOLD_S` before it are needed too; more do no harm.
        wanted: ``stream_id``, ``generator_id`` and the timestamps ``from`` and ``until`` of the ranges to compute;
            those of one generator do not overlap. ``from`` is a window's start. Up to ``until`` the generator's
            readings must be known; it is a window's end for a closed window, and the newest reading's time for an
            open one. None: all windows of all readings.
        treat_uncertain_as_bad: whether an Uncertain value enters no aggregate, as a Bad one (Part 13, 4.2.1.2,
            TreatUncertainAsBad: true by default). Otherwise it enters as a Good one.
    """
    parts = intervals(readings, wanted, treat_uncertain_as_bad)
    carried = tuple(name for name in parts.columns if name not in {*NUMBERS, *SYMBOLS})
    measurement, value, is_raw = F.col("measurement"), F.col("value"), F.col("is_raw")
    # Most readings are clean, and only the others pay for the look into the map.
    is_uncertain = ~F.col("is_clean") & F.map_contains_key("quality", measurement)
    is_usable = value.isNotNull() & ~is_uncertain if treat_uncertain_as_bad else value.isNotNull()
    by_measurement = (
        parts.unpivot(carried, (*NUMBERS, *SYMBOLS), "measurement", "value")
        .withColumns(
            {
                "quality_rank": F.when(is_raw, F.when(value.isNull(), 2).when(is_uncertain, 1).otherwise(0)),
                "value": F.when(is_usable, value),
            }
        )
        .withColumn("symbol", F.when(measurement.isin(*SYMBOLS), value.cast("int")))
        .withColumn("is_transition", is_raw & F.col("symbol").isNotNull() & _is_changed(measurement))
    )
    return (
        by_measurement.groupBy(*SOURCE, "window_start", *_KEY)
        .agg(*_aggregates())
        .select(
            "stream_id",
            "generator_id",
            F.timestamp_micros("window_start").alias("window_start"),
            F.lit(MINUTE_S).alias("window_s"),
            *_KEY,
            *_PARTIALS,
        )
    )


_PARTIALS: Final = (
    *("readings", "worst", "count", "minimum", "maximum", "mean", "m2", "first", "last"),
    *("held", "integral", "transitions"),
)


def _is_changed(measurement: Column) -> Column:
    changed = F.lit(False)
    for name in SYMBOLS:
        changed = F.when(measurement == name, F.col(f"{name}_changed")).otherwise(changed)
    return changed


def _aggregates() -> Iterator[Column]:
    value, held = F.col("value"), F.col("held")
    raw = F.when(F.col("is_raw"), value)
    position = F.when(raw.isNotNull(), F.col("position"))
    yield F.count("quality_rank").alias("readings")
    yield F.max("quality_rank").alias("worst")
    yield F.count(raw).alias("count")
    yield F.min(raw).alias("minimum")
    yield F.max(raw).alias("maximum")
    yield F.avg(raw).alias("mean")
    # Spark's variance updates mean and squared deviations (Welford); sums of squares would lose them at 50.00 Hz.
    yield (F.var_pop(raw) * F.count(raw)).alias("m2")
    yield F.min_by(raw, position).alias("first")
    yield F.max_by(raw, position).alias("last")
    yield F.coalesce(F.sum(F.when(value.isNotNull(), held)), F.lit(0)).alias("held")
    yield (F.sum(value * held) / 1_000_000).alias("integral")
    yield F.count_if("is_transition").alias("transitions")


def ten_minutes(minutes: DataFrame) -> DataFrame:
    """The partial aggregates of ten-minute windows, from those of their one-minute windows."""
    start = F.unix_micros("window_start")
    length = TEN_MINUTES_S * 1_000_000
    deviations = F.aggregate("parts", F.lit(0.0), _merge_deviations)
    merged = (
        minutes.withColumn("ten_start", F.timestamp_micros(start - start % length))
        .groupBy("stream_id", "generator_id", "ten_start", *_KEY)
        .agg(*_merged())
    )
    return merged.select(
        "stream_id",
        "generator_id",
        F.col("ten_start").alias("window_start"),
        F.lit(TEN_MINUTES_S).alias("window_s"),
        *_KEY,
        *(F.when(F.col("count") > 0, deviations).alias("m2") if name == "m2" else name for name in _PARTIALS),
    )


def _merged() -> Iterator[Column]:
    for name in ("readings", "count", "held", "integral", "transitions"):
        yield F.sum(name).alias(name)
    for name in ("worst", "maximum"):
        yield F.max(name).alias(name)
    yield F.min("minimum").alias("minimum")
    yield (F.sum(F.col("mean") * F.col("count")) / F.sum("count")).alias("mean")
    yield F.collect_list(F.when(F.col("count") > 0, F.struct("count", "mean", "m2"))).alias("parts")
    for name, pick in (("first", F.min_by), ("last", F.max_by)):
        yield pick(name, F.when(F.col(name).isNotNull(), F.col("window_start"))).alias(name)


def _merge_deviations(total: Column, part: Column) -> Column:
    """Squared deviations from the common mean (Chan, Golub, LeVeque 1979)."""
    return total + part["m2"] + part["count"] * F.pow(part["mean"] - F.col("mean"), F.lit(2))

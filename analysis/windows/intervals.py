"""The time that each reading stands for, cut at the boundaries of one-minute windows.

Values are stepped (Part 13, 3.1.6: SteppedInterpolation): a raw value holds until the generator's next reading. So the
value at a window's start is the last raw value before it, whatever its quality (3.1.9: simple bounding values).
"""

from typing import Final

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from analysis.records.judge import CONTRACT
from analysis.windows.quality import is_good
from contracts.schema import Kind

NUMBERS: Final = tuple(field.name for field in CONTRACT.fields if field.nullable and field.kind is Kind.NUMBER)
"""The measurements that are quantities with a unit."""

SYMBOLS: Final = {
    field.name: field.symbols or ("false", "true")
    for field in CONTRACT.fields
    if field.nullable and field.kind in {Kind.ENUM, Kind.BOOLEAN}
}
"""The discrete measurements, and the symbols that each may have: ``state``, ``mode`` and ``breaker_closed``."""

MINUTE_S: Final = 60
HOLD_S: Final = 600
"""Longest time in seconds that a reading stands for (Part 11, HistoricalDataConfiguration: MaxTimeInterval). After that
there is no data, which is Bad, until the next reading."""

SOURCE: Final = ("stream_id", "generator_id", "from")
"""What readings follow one another in: a generator of a stream, and the wanted range."""

_SECOND: Final = 1_000_000
_MINUTE: Final = MINUTE_S * _SECOND


def intervals(readings: DataFrame, wanted: DataFrame | None, treat_uncertain_as_bad: bool) -> DataFrame:
    """One row per reading and minute that it stands for a part of.

    Args:
        readings: valid readings in the columns of the contract, each once, in any order.
        wanted: see `analysis.windows.partials.minutes`.
        treat_uncertain_as_bad: likewise.

    Returns:
        `SOURCE`; ``window_start`` in microseconds since 1970; ``position`` of the reading by source time and then seq;
        ``held``, the microseconds of the window that it stands for; ``is_raw``, whether it lies in the window or is
        its bounding value; ``quality``, and ``is_clean`` where that is empty; the measurements as doubles, a discrete
        one as the index of its symbol; and ``<name>_changed`` for each discrete one: whether it is a transition.
    """
    order = Window.partitionBy(*SOURCE).orderBy("time", "seq")
    time, until = F.col("time"), F.col("until")
    following = F.coalesce(F.lead("time").over(order), until, time)
    changed = {f"{name}_changed": _is_changed(name, order, treat_uncertain_as_bad) for name in SYMBOLS}
    ordered = _bounded(readings, wanted).withColumns(
        {
            "position": F.row_number().over(order),
            "end": F.least(following, time + HOLD_S * _SECOND, until),
            **changed,
        }
    )
    first, last = _minute(time), F.greatest(_minute(time), _minute(F.col("end") - 1))
    window = F.col("window_start")
    return (
        ordered.withColumn("window_start", F.explode(F.sequence(first, last, F.lit(_MINUTE))))
        .filter(window >= F.col("from"))
        .select(
            *SOURCE,
            "window_start",
            "position",
            (F.least(F.col("end"), window + _MINUTE) - F.greatest(time, window)).alias("held"),
            (window <= time).alias("is_raw"),
            "quality",
            (F.size("quality") == 0).alias("is_clean"),
            *NUMBERS,
            *SYMBOLS,
            *changed,
        )
    )


def _bounded(readings: DataFrame, wanted: DataFrame | None) -> DataFrame:
    """The readings that a wanted window needs, with the range ``from`` and ``until`` in microseconds."""
    discrete = (_index(name).alias(name) for name in SYMBOLS)
    columns: tuple[Column | str, ...] = (
        F.unix_micros("source_time").alias("time"),
        *("seq", "quality"),
        *NUMBERS,
        *discrete,
    )
    if wanted is None:
        everything = (F.lit(0).cast("long").alias("from"), F.lit(None).cast("long").alias("until"))
        return readings.select("stream_id", "generator_id", *everything, *columns)
    ranges = wanted.select(
        "stream_id", "generator_id", F.unix_micros("from").alias("from"), F.unix_micros("until").alias("until")
    )
    time = F.col("time")
    return (
        readings.select("stream_id", "generator_id", *columns)
        .join(F.broadcast(ranges), ["stream_id", "generator_id"])
        .filter((time >= F.col("from") - HOLD_S * _SECOND) & (time < F.col("until")))
    )


def _index(name: str) -> Column:
    """The index of a discrete measurement's symbol as a double."""
    symbols = F.array(*map(F.lit, SYMBOLS[name]))
    return (F.array_position(symbols, F.col(name).cast("string")) - 1).cast("double")


def _is_changed(name: str, order: WindowSpec, treat_uncertain_as_bad: bool) -> Column:
    """Whether a reading's symbol differs from the last one before, of at most `HOLD_S` ago (Part 13, 5.4.3.24).

    Where there is none before, the standard counts a transition.
    """
    is_usable = is_good(name) if treat_uncertain_as_bad else F.col(name).isNotNull()
    seen = F.when(is_usable, F.struct(F.col(name).alias("value"), "time"))
    before = F.last(seen, ignorenulls=True).over(order.rowsBetween(Window.unboundedPreceding, -1))
    is_known = F.coalesce(F.col("time") - before["time"] <= HOLD_S * _SECOND, F.lit(False))
    return seen.isNotNull() & (~is_known | (before["value"] != F.col(name)))


def _minute(time: Column) -> Column:
    return time - time % _MINUTE

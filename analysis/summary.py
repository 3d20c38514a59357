"""The summary of each generator over everything that its stream has brought."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.windows.quality import is_good

COLUMNS = (
    "Records",
    "RecordsOnline",
    "AvgPowerOutput",
    "MinPowerOutput",
    "MaxPowerOutput",
    "AvgVoltage",
    "AvgFuelLevel",
    "FaultAlarmsCount",
)
"""Columns of the summary after ``stream_id`` and ``generator_id``, in the order in which people read them."""


def aggregates() -> Iterator[Column]:
    """What all readings of one generator are reduced to.

    Power in kW over the readings that have a value of it, motoring (negative) included; voltage in V phase to neutral
    over Good values while the breaker is closed, since a stopped set would pull the average to nothing that ever was;
    fuel level in per cent over Good values; the number of readings with at least one alarm; of all readings; and of
    those on line, that is with the generator breaker closed. Averages over no value are null.
    """
    power = F.col("power_output_kw")
    is_online = F.coalesce("breaker_closed", F.lit(False))
    yield F.count("*").alias("Records")
    yield F.count_if(is_online).alias("RecordsOnline")
    yield F.avg(power).alias("AvgPowerOutput")
    yield F.min(power).alias("MinPowerOutput")
    yield F.max(power).alias("MaxPowerOutput")
    yield F.avg(F.when(is_good("voltage_v") & is_online, F.col("voltage_v"))).alias("AvgVoltage")
    yield F.avg(F.when(is_good("fuel_level_pct"), F.col("fuel_level_pct"))).alias("AvgFuelLevel")
    yield F.count_if(F.size("fault_alarms") > 0).alias("FaultAlarmsCount")


def summary(totals: DataFrame) -> DataFrame:
    """One row per stream and generator, from the totals that have no window."""
    return totals.filter(F.col("window").isNull()).select("stream_id", "generator_id", *COLUMNS)


_EXTREMES: Final = {"MinPowerOutput": min, "MaxPowerOutput": max}
_AVERAGES: Final = {"AvgPowerOutput": "Power", "AvgVoltage": "Voltage", "AvgFuelLevel": "Fuel"}


def partials(readings: DataFrame) -> DataFrame:
    """One row per stream and generator of what adds up to its summary: see `merge` and `finish`.

    An average is kept as the sum and the count of its values, such as ``PowerSum`` and ``PowerCount``.
    """
    power = F.col("power_output_kw")
    is_online = F.coalesce("breaker_closed", F.lit(False))
    averaged = {
        "Power": power,
        "Voltage": F.when(is_good("voltage_v") & is_online, F.col("voltage_v")),
        "Fuel": F.when(is_good("fuel_level_pct"), F.col("fuel_level_pct")),
    }
    sums = (F.coalesce(F.sum(value), F.lit(0.0)).alias(f"{name}Sum") for name, value in averaged.items())
    counts = (F.count(value).alias(f"{name}Count") for name, value in averaged.items())
    return readings.groupBy("stream_id", "generator_id").agg(
        F.count("*").alias("Records"),
        F.count_if(is_online).alias("RecordsOnline"),
        F.min(power).alias("MinPowerOutput"),
        F.max(power).alias("MaxPowerOutput"),
        F.count_if(F.size("fault_alarms") > 0).alias("FaultAlarmsCount"),
        *sums,
        *counts,
    )


def merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The partials of all readings of a generator, from those of two disjoint parts of them."""
    merged = dict(one)
    for name, value in other.items():
        if name in _EXTREMES:
            known = [number for number in (one[name], value) if number is not None]
            merged[name] = _EXTREMES[name](known, default=None)
        elif name not in {"stream_id", "generator_id"}:
            merged[name] = one[name] + value
    return merged


def finish(total: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of a generator, a value of the contract ``summary``, from the partials of all its readings."""
    averages = {
        name: total[f"{kept}Sum"] / total[f"{kept}Count"] if total[f"{kept}Count"] else None
        for name, kept in _AVERAGES.items()
    }
    known = {**total, **averages}
    return {name: known[name] for name in ("stream_id", "generator_id", *COLUMNS)}

"""The summary of each generator over everything that its stream has brought, as sums that merge."""

from typing import Any, Final, NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.windows.quality import is_good


class Total(NamedTuple):
    """What some readings of one generator are reduced to; minimum and maximum are None where there is no value.

    Attributes:
        records: readings.
        online: readings with the generator breaker closed.
        power_count, power_sum, power_min, power_max: active power in kW of the readings that have a value of it,
            motoring (negative) included.
        voltage_count, voltage_sum: voltage in V phase to neutral of the readings where it is Good and the breaker
            closed: a stopped set would pull the average to nothing that ever was.
        fuel_count, fuel_sum: fuel level in per cent of the readings where it is Good.
        alarmed: readings with at least one alarm of the device.
    """

    records: int
    online: int
    power_count: int
    power_sum: float
    power_min: float | None
    power_max: float | None
    voltage_count: int
    voltage_sum: float
    fuel_count: int
    fuel_sum: float
    alarmed: int


def partials(readings: DataFrame) -> DataFrame:
    """One row per ``stream_id`` and ``generator_id`` with the fields of `Total`.

    Args:
        readings: accepted readings in the columns of the contract, each once.
    """
    power = F.col("power_output_kw")
    is_online = F.coalesce("breaker_closed", F.lit(False))
    voltage = F.when(is_good("voltage_v") & is_online, F.col("voltage_v"))
    fuel = F.when(is_good("fuel_level_pct"), F.col("fuel_level_pct"))
    columns = {
        "records": F.count("*"),
        "online": F.count_if(is_online),
        "power_count": F.count(power),
        "power_sum": _sum(power),
        "power_min": F.min(power),
        "power_max": F.max(power),
        "voltage_count": F.count(voltage),
        "voltage_sum": _sum(voltage),
        "fuel_count": F.count(fuel),
        "fuel_sum": _sum(fuel),
        "alarmed": F.count_if(F.size("fault_alarms") > 0),
    }
    return readings.groupBy("stream_id", "generator_id").agg(*(columns[name].alias(name) for name in Total._fields))


def merge(one: Total, other: Total) -> Total:
    """The total of the readings of both, which have none in common."""
    return Total(
        records=one.records + other.records,
        online=one.online + other.online,
        power_count=one.power_count + other.power_count,
        power_sum=one.power_sum + other.power_sum,
        power_min=_least(one.power_min, other.power_min),
        power_max=_most(one.power_max, other.power_max),
        voltage_count=one.voltage_count + other.voltage_count,
        voltage_sum=one.voltage_sum + other.voltage_sum,
        fuel_count=one.fuel_count + other.fuel_count,
        fuel_sum=one.fuel_sum + other.fuel_sum,
        alarmed=one.alarmed + other.alarmed,
    )


def value(stream_id: str, generator_id: str, total: Total) -> dict[str, Any]:
    """The value of the contract ``summary``; the average of no values is None."""
    return {
        "stream_id": stream_id,
        "generator_id": generator_id,
        "Records": total.records,
        "RecordsOnline": total.online,
        "AvgPowerOutput": _average(total.power_sum, total.power_count),
        "MinPowerOutput": total.power_min,
        "MaxPowerOutput": total.power_max,
        "AvgVoltage": _average(total.voltage_sum, total.voltage_count),
        "AvgFuelLevel": _average(total.fuel_sum, total.fuel_count),
        "FaultAlarmsCount": total.alarmed,
    }


EMPTY: Final = Total(0, 0, 0, 0.0, None, None, 0, 0.0, 0, 0.0, 0)
"""The total of no readings."""


def _sum(value: Column) -> Column:
    return F.coalesce(F.sum(value), F.lit(0.0))


def _average(total: float, count: int) -> float | None:
    return total / count if count else None


def _least(one: float | None, other: float | None) -> float | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _most(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)

"""The summary of each generator over everything that its stream has brought."""

from collections.abc import Iterator

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

"""Statistics of each measurement over windows of source time, aware of quality (OPC UA Part 13).

Only Good values enter an average, minimum or maximum (Part 13: TreatUncertainAsBad, which is its default); what was not
Good is counted beside them. A window is told anew whenever a reading changes it: of two results for the same window the
one with the higher revision holds.
"""

from collections.abc import Iterator
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.records.judge import CONTRACT
from contracts.schema import Kind

WINDOW: Final = "1 minute"
MEASUREMENTS: Final = tuple(field.name for field in CONTRACT.fields if field.nullable and field.kind is Kind.NUMBER)
"""The measurements that have statistics: those that are quantities with a unit."""


def is_good(measurement: str) -> Column:
    """Whether a valid reading's measurement has a value that nothing is said against."""
    return F.col(measurement).isNotNull() & ~F.map_contains_key("quality", measurement)


def is_bad(measurement: str) -> Column:
    """Whether a valid reading's measurement has no value: by the contract, Bad and null are the same."""
    return F.col(measurement).isNull()


def aggregates() -> Iterator[Column]:
    """What a window of readings of one generator is reduced to: ``revision``, and a struct for each measurement."""
    yield F.count("*").alias("revision")
    for name in MEASUREMENTS:
        good = F.when(is_good(name), F.col(name))
        yield F.struct(
            F.count(good).alias("good"),
            F.count_if(~is_good(name) & ~is_bad(name)).alias("uncertain"),
            F.count_if(is_bad(name)).alias("bad"),
            F.avg(good).alias("average"),
            F.min(good).alias("minimum"),
            F.max(good).alias("maximum"),
        ).alias(name)


def statistics(totals: DataFrame) -> DataFrame:
    """One row per stream, generator, measurement and window, from the totals that have a window."""
    by_measurement = (F.struct(F.lit(name).alias("measurement"), F.col(name).alias("values")) for name in MEASUREMENTS)
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

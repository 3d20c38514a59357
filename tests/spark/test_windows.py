from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from analysis.totals import totals
from analysis.windows import MEASUREMENTS, statistics
from contracts.reading import Reading

Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]

SCHEMA = (
    "stream_id string, generator_id string, measurement string, window_start timestamp, window_end timestamp, "
    "revision long, good long, uncertain long, bad long, average double, minimum double, maximum double"
)


def at(spark: SparkSession, minute: int) -> datetime:
    """The start of a minute of the readings, as this session's collected timestamps give it."""
    [row] = spark.sql(f"SELECT timestamp '2026-01-01T00:{minute:02d}:00Z' AS at").collect()
    found: datetime = row["at"]
    return found


def expect(spark: SparkSession, found: DataFrame, measurement: str, *rows: tuple[Any, ...]) -> None:
    expected = [
        (stream, generator, measurement, at(spark, minute), at(spark, minute + 1), *values)
        for stream, generator, minute, *values in rows
    ]
    assert_df_equality(
        found.filter(f"measurement = '{measurement}'"),
        spark.createDataFrame(expected, SCHEMA),
        ignore_row_order=True,
        ignore_nullable=True,
    )


def test_a_window_holds_its_first_instant_and_not_its_last(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    readings = [reading(second, frequency_hz=hz) for second, hz in ((0, 49.0), (59.999999, 51.0), (60, 50.5))]
    found = statistics(totals(accepted(readings)))
    expect(
        spark,
        found,
        "frequency_hz",
        ("run-1", "G1", 0, 2, 2, 0, 0, 50.0, 49.0, 51.0),
        ("run-1", "G1", 1, 1, 1, 0, 0, 50.5, 50.5, 50.5),
    )


def test_only_good_values_enter_and_the_others_are_counted(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    readings = [
        reading(0, voltage_v=230.0),
        reading(1, voltage_v=232.0),
        reading(2, voltage_v=400.0, quality={"voltage_v": "UncertainEngineeringUnitsExceeded"}),
        reading(3, voltage_v=None, quality={"voltage_v": "BadSensorFailure"}),
        reading(4, voltage_v=None, quality={"voltage_v": "BadNoCommunication"}),
    ]
    found = statistics(totals(accepted(readings)))
    expect(spark, found, "voltage_v", ("run-1", "G1", 0, 5, 2, 1, 2, 231.0, 230.0, 232.0))
    expect(spark, found, "bus_voltage_v", ("run-1", "G1", 0, 5, 5, 0, 0, 230.0, 230.0, 230.0))


def test_a_window_without_good_values_has_no_average(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    bad = reading(0, voltage_v=None, quality={"voltage_v": "BadSensorFailure"})
    expect(spark, statistics(totals(accepted([bad]))), "voltage_v", ("run-1", "G1", 0, 1, 0, 0, 1, None, None, None))


def test_streams_and_generators_are_kept_apart(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    readings = [
        reading(0, current_a=100.0),
        reading(1, current_a=200.0, generator_id="G2"),
        reading(2, current_a=300.0, stream_id="run-2"),
    ]
    expect(
        spark,
        statistics(totals(accepted(readings))),
        "current_a",
        ("run-1", "G1", 0, 1, 1, 0, 0, 100.0, 100.0, 100.0),
        ("run-1", "G2", 0, 1, 1, 0, 0, 200.0, 200.0, 200.0),
        ("run-2", "G1", 0, 1, 1, 0, 0, 300.0, 300.0, 300.0),
    )


def test_every_quantity_has_statistics(accepted: Accepted, reading: Make) -> None:
    found = statistics(totals(accepted([reading()]))).select("measurement").collect()
    assert sorted(row.measurement for row in found) == sorted(MEASUREMENTS)
    assert len(MEASUREMENTS) == 15
    assert {"power_output_kw", "run_hours_h"} < set(MEASUREMENTS)
    assert not {"state", "breaker_closed", "start_count"} & set(MEASUREMENTS)

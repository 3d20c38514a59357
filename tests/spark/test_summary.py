from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from analysis import summary
from analysis.summary import Total
from contracts.reading import Reading

Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]

FIELDS = tuple(summary.value("", "", summary.EMPTY))


def totals(readings: DataFrame) -> dict[tuple[str, str], Total]:
    rows = summary.partials(readings).collect()
    return {(row["stream_id"], row["generator_id"]): Total(*(row[name] for name in Total._fields)) for row in rows}


def check(_spark: SparkSession, readings: DataFrame, *rows: tuple[Any, ...]) -> None:
    found = [summary.value(*key, total) for key, total in sorted(totals(readings).items())]
    assert found == [pytest.approx(dict(zip(FIELDS, row, strict=True))) for row in rows]


def test_a_generator_has_one_row_over_all_windows(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    readings = [
        reading(0, power_output_kw=100.0, voltage_v=229.0, fuel_level_pct=80.0),
        reading(3600, power_output_kw=-10.0, voltage_v=231.0, fuel_level_pct=70.0, fault_alarms=["REVERSE_POWER"]),
        reading(
            7200, power_output_kw=30.0, voltage_v=230.0, fuel_level_pct=60.0, fault_alarms=["LOW_FUEL", "OVERSPEED"]
        ),
    ]
    check(spark, accepted(readings), ("run-1", "G1", 3, 3, 40.0, -10.0, 100.0, 230.0, 70.0, 2))


def test_power_counts_wherever_there_is_a_value(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    readings = [
        reading(0, power_output_kw=10.0),
        reading(1, power_output_kw=250.0, quality={"power_output_kw": "UncertainEngineeringUnitsExceeded"}),
        reading(2, power_output_kw=None, quality={"power_output_kw": "BadSensorFailure"}),
    ]
    check(spark, accepted(readings), ("run-1", "G1", 3, 3, 130.0, 10.0, 250.0, 230.0, 80.0, 0))


def test_voltage_counts_where_it_is_good_and_the_breaker_closed(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    readings = [
        reading(0, voltage_v=231.0),
        reading(1, voltage_v=0.0, breaker_closed=False),
        reading(2, voltage_v=100.0, breaker_closed=None, quality={"breaker_closed": "BadDeviceFailure"}),
        reading(3, voltage_v=400.0, quality={"voltage_v": "UncertainSensorNotAccurate"}),
        reading(4, voltage_v=None, quality={"voltage_v": "BadSensorFailure"}),
    ]
    check(spark, accepted(readings), ("run-1", "G1", 5, 3, 100.0, 100.0, 100.0, 231.0, 80.0, 0))


def test_fuel_counts_where_it_is_good(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    readings = [
        reading(0, fuel_level_pct=40.0),
        reading(1, fuel_level_pct=100.0, quality={"fuel_level_pct": "UncertainLastUsableValue"}),
        reading(2, fuel_level_pct=None, quality={"fuel_level_pct": "BadSensorFailure"}),
    ]
    check(spark, accepted(readings), ("run-1", "G1", 3, 3, 100.0, 100.0, 100.0, 230.0, 40.0, 0))


def test_averages_over_nothing_are_null(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    silent = ("power_output_kw", "voltage_v", "fuel_level_pct", "breaker_closed")
    mute = reading(0, **dict.fromkeys(silent), quality=dict.fromkeys(silent, "BadNoCommunication"))
    check(spark, accepted([mute]), ("run-1", "G1", 1, 0, None, None, None, None, None, 0))


def test_streams_and_generators_are_kept_apart(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    readings = [reading(0), reading(0, generator_id="G2"), reading(0, stream_id="run-2"), reading(1)]
    check(
        spark,
        accepted(readings),
        ("run-1", "G1", 2, 2, 100.0, 100.0, 100.0, 230.0, 80.0, 0),
        ("run-1", "G2", 1, 1, 100.0, 100.0, 100.0, 230.0, 80.0, 0),
        ("run-2", "G1", 1, 1, 100.0, 100.0, 100.0, 230.0, 80.0, 0),
    )


def test_totals_of_batches_add_up_to_those_of_all_readings(accepted: Accepted, reading: Make) -> None:
    readings = [
        reading(0, power_output_kw=10.0),
        reading(1, power_output_kw=None, quality={"power_output_kw": "BadSensorFailure"}, fault_alarms=["LOW_FUEL"]),
        reading(2, power_output_kw=-5.0, breaker_closed=False),
        reading(3, stream_id="run-2", fuel_level_pct=None, quality={"fuel_level_pct": "BadSensorFailure"}),
    ]
    whole = totals(accepted(readings))
    for cut in range(1, 4):
        merged = totals(accepted(readings[:cut]))
        for key, total in totals(accepted(readings[cut:])).items():
            merged[key] = summary.merge(merged.get(key, summary.EMPTY), total)
        assert merged == whole
    assert whole["run-1", "G1"] == Total(3, 2, 2, 5.0, -5.0, 10.0, 2, 460.0, 3, 240.0, 1)
    assert whole["run-2", "G1"] == Total(1, 1, 1, 100.0, 100.0, 100.0, 1, 230.0, 0, 0.0, 0)

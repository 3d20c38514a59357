from collections.abc import Callable, Sequence
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from analysis.summary import COLUMNS, finish, merge, partials, summary
from analysis.totals import totals
from contracts.reading import Reading

Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]

SCHEMA = (
    "stream_id string, generator_id string, Records long, RecordsOnline long, AvgPowerOutput double, "
    "MinPowerOutput double, MaxPowerOutput double, AvgVoltage double, AvgFuelLevel double, FaultAlarmsCount long"
)


def check(spark: SparkSession, readings: DataFrame, *rows: tuple[Any, ...]) -> None:
    assert_df_equality(
        summary(totals(readings)), spark.createDataFrame(rows, SCHEMA), ignore_row_order=True, ignore_nullable=True
    )


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


def test_partials_of_two_parts_merge_to_the_summary_of_all(accepted: Accepted, reading: Make) -> None:
    mute = dict.fromkeys(("power_output_kw", "voltage_v", "fuel_level_pct"))
    bad = dict.fromkeys(mute, "BadNoCommunication")
    first = [reading(0, power_output_kw=-10.0, voltage_v=229.0, fuel_level_pct=80.0), reading(1, **mute, quality=bad)]
    second = [
        reading(2, power_output_kw=40.0, voltage_v=232.0, fuel_level_pct=60.0, fault_alarms=["LOW_FUEL"]),
        reading(3, power_output_kw=0.0, voltage_v=0.0, fuel_level_pct=40.0, breaker_closed=False),
    ]
    one, other = (partials(accepted(part)).collect()[0].asDict() for part in (first, second))
    values = (4, 3, 10.0, -10.0, 40.0, 230.5, 60.0, 1)
    expected = {"stream_id": "run-1", "generator_id": "G1", **dict(zip(COLUMNS, values, strict=True))}
    assert finish(merge(one, other)) == finish(merge(other, one)) == expected


def test_partials_without_values_have_no_averages_and_change_no_extremes(accepted: Accepted, reading: Make) -> None:
    silent = ("power_output_kw", "voltage_v", "fuel_level_pct", "breaker_closed")
    mute = reading(0, **dict.fromkeys(silent), quality=dict.fromkeys(silent, "BadNoCommunication"))
    [nothing] = partials(accepted([mute])).collect()
    values = (1, 0, None, None, None, None, None, 0)
    expected = {"stream_id": "run-1", "generator_id": "G1", **dict(zip(COLUMNS, values, strict=True))}
    assert finish(nothing.asDict()) == expected
    twice = merge(nothing.asDict(), nothing.asDict())
    assert (twice["Records"], twice["MinPowerOutput"], twice["MaxPowerOutput"]) == (2, None, None)


def test_partials_keep_streams_and_generators_apart(accepted: Accepted, reading: Make) -> None:
    readings = [reading(0), reading(0, generator_id="G2"), reading(0, stream_id="run-2"), reading(1)]
    found = {(row.stream_id, row.generator_id): row.Records for row in partials(accepted(readings)).collect()}
    assert found == {("run-1", "G1"): 2, ("run-1", "G2"): 1, ("run-2", "G1"): 1}

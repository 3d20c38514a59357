"""Aggregates by hand from the definitions of OPC UA Part 13; the tables are in the tests."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, Row, SparkSession

from analysis.windows.intervals import NUMBERS
from analysis.windows.partials import minutes, ten_minutes
from analysis.windows.published import statistics
from contracts.reading import Reading

Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]

START = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = (None, None, None, None, 0, None, None, 0.0, None)


def by_window(windows: DataFrame, stream: str = "run-1", generator: str = "G1") -> dict[int, Row]:
    """The statistics of a generator by the minute in which the window starts."""
    found = statistics(windows).filter(f"stream_id = '{stream}' AND generator_id = '{generator}'")
    starts = found.selectExpr(f"(unix_seconds(window_start) - {int(START.timestamp())}) div 60 AS minute", "*")
    return {row.minute: row for row in starts.collect()}


def wanted(spark: SparkSession, first: float, until: float, generator: str = "G1", stream: str = "run-1") -> DataFrame:
    """A range in seconds after the start."""
    times = (START + timedelta(seconds=first), START + timedelta(seconds=until))
    columns = "stream_id string, generator_id string, from timestamp, until timestamp"
    return spark.createDataFrame([(stream, generator, *times)], columns)


def test_a_value_holds_until_the_next_reading_and_into_the_next_window(accepted: Accepted, reading: Make) -> None:
    """Seconds 0-20 at 10 kW, 20-80 at 40 kW, then 25 kW; the newest reading at 90 s holds for no time."""
    readings = [reading(second, power_output_kw=kw) for second, kw in ((0, 10.0), (20, 40.0), (80, 25.0), (90, 0.0))]
    found = by_window(minutes(accepted(readings)))
    # (10 * 20 + 40 * 40) / 60 = 30; the sample of 10 and 40 deviates by sqrt(2 * 15**2 / 1)
    assert tuple(found[0].measurements.power_output_kw) == (
        *(30.0, 1800.0, 10.0, 40.0, 2, 30.0),
        pytest.approx(21.213203435596427),
        *(100.0, "Good"),
    )
    # 40 kW holds for 20 s more, 25 kW for 10 s: 1050 kWs in 30 of 60 s. The bounding value is no raw value.
    assert tuple(found[1].measurements.power_output_kw) == (
        *(35.0, 1050.0, 0.0, 25.0, 2, -25.0),
        pytest.approx(17.67766952966369),
        *(50.0, "Good"),
    )
    assert [found[minute].readings for minute in (0, 1)] == [2, 2]


def test_only_good_values_enter_and_the_worst_quality_is_told(accepted: Accepted, reading: Make) -> None:
    """230 V for 10 s, Uncertain 400 V for 10 s, Bad for 10 s, 232 V for 30 s."""
    readings = [
        reading(0, voltage_v=230.0),
        reading(10, voltage_v=400.0, quality={"voltage_v": "UncertainEngineeringUnitsExceeded"}),
        reading(20, voltage_v=None, quality={"voltage_v": "BadSensorFailure"}),
        reading(30, voltage_v=232.0),
        reading(60),
    ]
    found = by_window(minutes(accepted(readings)))[0].measurements
    deviation = pytest.approx(1.4142135623730951)
    good = pytest.approx(66.66666666666667)
    assert tuple(found.voltage_v) == (231.5, 9260.0, 230.0, 232.0, 2, 2.0, deviation, good, "Bad")
    assert tuple(found.bus_voltage_v) == (230.0, 13800.0, 230.0, 230.0, 4, 0.0, 0.0, 100.0, "Good")


def test_uncertain_values_enter_by_option_and_stay_uncertain(accepted: Accepted, reading: Make) -> None:
    doubt = {"voltage_v": "UncertainSensorNotAccurate", "state": "UncertainLastUsableValue"}
    readings = [reading(0, voltage_v=230.0), reading(30, voltage_v=240.0, state="STOPPED", quality=doubt), reading(60)]
    bad = by_window(minutes(accepted(readings)))[0]
    good = by_window(minutes(accepted(readings), treat_uncertain_as_bad=False))[0]
    assert tuple(bad.measurements.voltage_v) == (*(230.0, 6900.0, 230.0, 230.0, 1, 0.0, None), 50.0, "Uncertain")
    assert tuple(good.measurements.voltage_v) == (
        *(235.0, 14100.0, 230.0, 240.0, 2, 10.0),
        pytest.approx(7.0710678118654755),
        *(100.0, "Uncertain"),
    )
    assert (bad.states.state.duration_s.STOPPED, bad.states.state.transitions) == (0.0, 1)
    assert (good.states.state.duration_s.STOPPED, good.states.state.transitions) == (30.0, 2)


def test_a_bad_bounding_value_makes_the_start_of_the_window_bad(accepted: Accepted, reading: Make) -> None:
    """Simple bounding values: the last raw value before the window, even if it is Bad."""
    readings = [
        reading(0, current_a=100.0),
        reading(50, current_a=None, quality={"current_a": "BadSensorFailure"}),
        reading(75, current_a=200.0),
        reading(120),
    ]
    found = by_window(minutes(accepted(readings)))[1].measurements.current_a
    assert tuple(found) == (200.0, 9000.0, 200.0, 200.0, 1, 0.0, None, 75.0, "Good")


def test_a_window_without_good_values_has_no_figures(accepted: Accepted, reading: Make) -> None:
    quality = {"voltage_v": "BadSensorFailure"}
    found = by_window(minutes(accepted([reading(0, voltage_v=None, quality=quality), reading(60)])))
    assert tuple(found[0].measurements.voltage_v) == (*NOTHING[:8], "Bad")


def test_a_value_holds_for_ten_minutes_at_most(accepted: Accepted, reading: Make) -> None:
    """Minutes 1 to 9 have a bounding value alone, half of minute 10 too, and of minutes 11 to 19 nothing is known."""
    found = by_window(minutes(accepted([reading(30, oil_pressure_kpa=300.0), reading(1200, state="STOPPED")])))
    assert sorted(found) == [*range(11), 20]
    assert tuple(found[5].measurements.oil_pressure_kpa) == (300.0, 18000.0, None, None, 0, None, None, 100.0, None)
    assert found[5].readings == 0
    assert found[10].measurements.oil_pressure_kpa.percent_good == 50.0
    assert found[0].measurements.oil_pressure_kpa.percent_good == 50.0  # before the first reading there is no data
    assert found[10].states.state.duration_s.RUNNING == 30.0


def test_durations_and_transitions_of_states(accepted: Accepted, reading: Make) -> None:
    """The first symbol is a transition, since none is before it; a Bad one between two equal ones is none."""
    bad = {"state": "BadNoCommunication"}
    readings = [
        reading(0, state="STARTING", breaker_closed=False),
        reading(10, state="RUNNING", breaker_closed=False),
        reading(25, state=None, breaker_closed=True, quality=bad),
        reading(30, state="RUNNING", breaker_closed=True),
        reading(60, state="RUNNING", breaker_closed=False),
        reading(70, state="COOLDOWN", breaker_closed=False),
        reading(120),
    ]
    found = by_window(minutes(accepted(readings)))
    first, second = found[0].states, found[1].states
    assert first.state.duration_s.asDict() == {
        "STOPPED": 0.0,
        "STARTING": 10.0,
        "RUNNING": 45.0,
        "COOLDOWN": 0.0,
        "TRIPPED": 0.0,
    }
    assert first.breaker_closed.duration_s.asDict() == {"false": 25.0, "true": 35.0}
    assert first.mode.duration_s.asDict() == {"OFF": 0.0, "MANUAL": 0.0, "AUTO": 60.0}
    assert (first.state.transitions, first.breaker_closed.transitions, first.mode.transitions) == (2, 2, 1)
    assert second.state.duration_s.COOLDOWN == 50.0
    assert (second.state.transitions, second.breaker_closed.transitions, second.mode.transitions) == (1, 1, 0)


def test_the_deviation_is_exact_where_squares_would_cancel(accepted: Accepted, reading: Make) -> None:
    """50 Hz and about 1 nHz more in turn: each of 60 is half a step off the mean, so the squares are 15 steps²."""
    high = 50.0 + 2**-30
    readings = [reading(second, frequency_hz=high if second % 2 else 50.0) for second in range(61)]
    found = by_window(minutes(accepted(readings)))[0].measurements.frequency_hz
    assert found.standard_deviation == pytest.approx((15 / 59) ** 0.5 * 2**-30, rel=1e-6)


def test_readings_of_one_time_follow_one_another_by_seq(accepted: Accepted, reading: Make) -> None:
    readings = [
        reading(60, seq=9),
        reading(0, seq=3, energy_kwh=7.0),
        reading(0, seq=2, energy_kwh=5.0),
        reading(0, seq=4, energy_kwh=6.0),
    ]
    found = by_window(minutes(accepted(readings)))[0].measurements.energy_kwh
    assert (found.delta, found.time_average, found.minimum, found.maximum) == (1.0, 6.0, 5.0, 7.0)


def test_a_wanted_range_gives_what_all_readings_give_for_it(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    readings = accepted([reading(second, current_a=float(second)) for second in range(0, 400, 7)])
    every = minutes(readings).filter("window_start >= '2026-01-01T00:02:00Z' AND window_start < '2026-01-01T00:04:00Z'")
    found = minutes(readings, wanted(spark, 120, 240))
    assert_df_equality(found, every, ignore_row_order=True, ignore_nullable=True)
    assert sorted(by_window(found)) == [2, 3]


def test_the_last_reading_holds_to_the_end_of_a_wanted_range(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    readings = accepted([reading(0, current_a=100.0), reading(60, current_a=200.0)])
    closed = by_window(minutes(readings, wanted(spark, 0, 120)))
    opened = by_window(minutes(readings, wanted(spark, 0, 75)))
    assert (closed[1].measurements.current_a.percent_good, closed[1].measurements.current_a.total) == (100.0, 12000.0)
    assert (opened[1].measurements.current_a.percent_good, opened[1].measurements.current_a.total) == (25.0, 3000.0)
    assert by_window(minutes(readings))[1].measurements.current_a.percent_good == 0.0


def test_streams_and_generators_are_kept_apart(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    readings = [
        *(reading(second, current_a=100.0, state="RUNNING") for second in (0, 60)),
        *(reading(second, current_a=200.0, state="STOPPED", generator_id="G2") for second in (30, 60)),
        *(reading(second, current_a=300.0, state="STOPPED", stream_id="run-2") for second in (15, 60)),
    ]
    for frame in (minutes, lambda rows: ten_minutes(minutes(rows))):
        windows = frame(accepted(readings))
        found = [by_window(windows, *source)[0] for source in (("run-1", "G1"), ("run-1", "G2"), ("run-2", "G1"))]
        assert [row.measurements.current_a.total for row in found] == [6000.0, 6000.0, 13500.0]
        assert [row.states.state.duration_s.RUNNING for row in found] == [60.0, 0.0, 0.0]
    [only] = statistics(minutes(accepted(readings), wanted(spark, 0, 60, stream="run-2"))).collect()
    assert (only.stream_id, only.generator_id, only.measurements.current_a.total) == ("run-2", "G1", 13500.0)


def test_every_quantity_has_statistics() -> None:
    assert len(NUMBERS) == 15
    assert {"power_output_kw", "run_hours_h"} < set(NUMBERS)
    assert not {"state", "breaker_closed", "start_count"} & set(NUMBERS)

"""The figures of the plant, each from a handful of readings whose result is counted by hand."""

from collections.abc import Callable, Sequence
from typing import Any

from chispa import assert_approx_df_equality
from pyspark.sql import DataFrame, SparkSession

from analysis.performance.plant import Rating, consumption, fuel_by_level, generators, outages, power, sites, stepped
from contracts.reading import Reading

Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]

LOST = "BadNoCommunication"


def expect(spark: SparkSession, found: DataFrame, schema: str, *rows: tuple[Any, ...]) -> None:
    columns = [column.split()[0] for column in schema.split(", ")]
    expected = spark.createDataFrame(rows, schema)
    assert_approx_df_equality(found.select(*columns), expected, 1e-9, ignore_row_order=True, ignore_nullable=True)


def lost(*measurements: str) -> dict[str, Any]:
    return dict.fromkeys(measurements) | {"quality": dict.fromkeys(measurements, LOST)}


def test_a_reading_holds_until_the_next_of_its_set_but_for_a_minute_at_most(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """The set is silent from 36 to 97 s; a reading of another set or stream ends nothing."""
    rows = [reading(second) for second in (0, 36, 97, 133)]
    rows += [reading(1, generator_id="G2"), reading(61, generator_id="G2"), reading(2, stream_id="run-2")]
    expect(
        spark,
        stepped(accepted(rows)),
        "stream_id string, generator_id string, seq long, hours double",
        *(("run-1", "G1", seq, hours) for seq, hours in ((0, 0.01), (36, 0.0), (97, 0.01), (133, 0.0))),
        *(("run-1", "G2", seq, hours) for seq, hours in ((1, 1 / 60), (61, 0.0))),
        ("run-2", "G1", 2, 0.0),
    )


def test_readings_out_of_order_are_taken_in_the_order_of_their_sampling(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    rows = [reading(second, energy_kwh=1000 + second / 36) for second in (72, 0, 36)]
    expect(
        spark,
        generators(accepted(rows)),
        "energy_kwh double, energy_integral_kwh double, covered_h double, period_h double",
        (2.0, 2.0, 0.02, 0.02),
    )


def test_energy_is_what_the_counter_counts_through_a_gap_and_the_integral_what_is_known(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """100 kW for an hour, of which readings tell 72 s: before and after a silence, and a Bad value of 36 s within."""
    rows = [
        reading(0, energy_kwh=1000.0),
        reading(36, energy_kwh=None, power_output_kw=None, quality={"energy_kwh": LOST, "power_output_kw": LOST}),
        reading(72, energy_kwh=1002.0),
        reading(3564, energy_kwh=1099.0),
        reading(3600, energy_kwh=1100.0),
    ]
    expect(
        spark,
        generators(accepted(rows)),
        "period_h double, covered_h double, energy_kwh double, energy_integral_kwh double",
        (1.0, 0.03, 100.0, 2.0),
    )


def test_a_counter_that_is_reset_goes_on_from_zero(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rows = [
        reading(36 * number, energy_kwh=energy, start_count=starts)
        for number, (energy, starts) in enumerate(((1000.0, 7), (1001.0, 8), (0.5, 0), (1.5, 1)))
    ]
    expect(spark, generators(accepted(rows)), "energy_kwh double, starts long", (2.5, 2))


def test_a_jump_that_the_counter_cannot_have_counted_is_left_out(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    rows = [
        reading(36 * number, energy_kwh=energy, run_hours_h=hours)
        for number, (energy, hours) in enumerate(((1000.0, 20.0), (1001.0, 20.01), (5001.0, 90.0), (1003.0, 20.03)))
    ]
    expect(spark, generators(accepted(rows)), "energy_kwh double, running_h double", (1.0, 0.01))


def test_a_counter_without_two_good_values_is_not_known(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rows = [reading(0), reading(36, **lost("energy_kwh", "start_count"))]
    expect(spark, generators(accepted(rows)), "energy_kwh double, starts long, running_h double", (None, None, 0.0))


def test_fuel_is_the_integral_of_its_rate_and_is_held_against_the_curve(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """Half an hour at 100 kW and 30 L/h: 0.300 L/kWh, where 4.10 + 0.247 · 100 = 28.8 L/h make 0.288."""
    rows = [reading(60 * minute, power_output_kw=100.0, fuel_rate_lph=30.0) for minute in range(31)]
    expect(
        spark,
        generators(accepted(rows)),
        "fuel_l double, specific_l_per_kwh double, curve_l_per_kwh double",
        (15.0, 0.3, 0.288),
    )


def test_the_curve_is_that_of_the_rating(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rating = Rating(tank_l=800.0, no_load_lph=5.0, per_kw_lph=0.25)
    rows = [reading(second, power_output_kw=100.0) for second in (0, 60)]
    expect(spark, generators(accepted(rows), rating), "curve_l_per_kwh double", (0.3,))


def test_a_set_that_stands_has_no_specific_consumption(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rows = [reading(second, state="STOPPED", power_output_kw=0.0, fuel_rate_lph=0.0) for second in (0, 60)]
    expect(
        spark,
        generators(accepted(rows)),
        "fuel_l double, specific_l_per_kwh double, curve_l_per_kwh double",
        (0.0, None, None),
    )


def test_consumption_is_compared_only_where_rate_and_power_are_both_known(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    rows = [
        reading(0, fuel_rate_lph=30.0),
        reading(60, **lost("power_output_kw")),
        reading(120, **lost("fuel_rate_lph")),
        reading(180),
    ]
    expect(
        spark,
        generators(accepted(rows)),
        "fuel_l double, energy_integral_kwh double, specific_l_per_kwh double",
        (58.8 / 60, 200 / 60, 0.3),
    )


def test_the_level_tells_what_left_the_tank_but_for_refuels(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """50.0 to 49.0 %, refuelled to 90.0 %, to 89.2 %: 1.8 % of 500 L; noise within a minute averages out."""
    levels = (50.0, 49.4, 49.0, 70.0, 90.0, 89.2)
    rows = [
        reading(60 * minute + second, fuel_level_pct=level + noise)
        for minute, level in enumerate(levels)
        for second, noise in ((0, 0.3), (30, -0.3))
    ]
    rows.append(reading(400, fuel_level_pct=0.0, quality={"fuel_level_pct": "UncertainSensorNotAccurate"}))
    expect(spark, fuel_by_level(accepted(rows)), "generator_id string, fuel_level_l double", ("G1", 9.0))


def test_availability_is_the_share_of_known_time_without_trip_or_off(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """Ten steps of 36 s: running, standing by, in MANUAL, three tripped, one off, one out of service, two unknown."""
    out_of_service = {"state": None, "quality": {"state": "BadOutOfService"}}
    steps: list[dict[str, Any]] = [
        {},
        {"state": "STOPPED", "breaker_closed": False},
        {"state": "STOPPED", "breaker_closed": False, "mode": "MANUAL"},
        *(({"state": "TRIPPED", "breaker_closed": False},) * 3),
        {"state": "STOPPED", "breaker_closed": False, "mode": "OFF"},
        out_of_service,
        *((lost("state", "mode", "breaker_closed"),) * 2),
        {},
    ]
    rows = [reading(36 * number, **changes) for number, changes in enumerate(steps)]
    expect(
        spark,
        generators(accepted(rows)),
        "available_h double, forced_outage_h double, other_outage_h double, availability double, service_h double",
        (0.03, 0.03, 0.02, 0.375, 0.02),
    )


def test_the_power_of_a_site_is_the_sum_of_its_sets_means(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """G1 gives 100 kW for 20 s and 40 kW for 40 s of the first minute, G2 30 kW, and T1 of another site 70 kW."""
    rows = [reading(0, power_output_kw=100.0), reading(20, power_output_kw=40.0), reading(60)]
    rows += [reading(second, generator_id="G2", power_output_kw=30.0) for second in (0, 60)]
    rows += [reading(second, generator_id="T1", site="S2", power_output_kw=70.0) for second in (0, 60)]
    found = power(accepted(rows), 60).filter("begin < timestamp '2026-01-01T00:01:00Z'")
    expect(spark, found, "site string, power_kw double", ("plant", 90.0), ("S2", 70.0))


def test_consumption_is_told_by_bands_of_load(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rows = [
        reading(0, power_output_kw=42.0, fuel_rate_lph=15.0),
        reading(60, power_output_kw=48.0, fuel_rate_lph=16.5),
        reading(120, power_output_kw=100.0, fuel_rate_lph=28.8),
        reading(180, power_output_kw=5.0, fuel_rate_lph=5.0),
        reading(240),
    ]
    expect(
        spark,
        consumption(accepted(rows)),
        "generator_id string, power_kw double, specific_l_per_kwh double",
        ("G1", 45.0, 0.35),
        ("G1", 100.0, 0.288),
    )


def blackout(reading: Make, dead: range, **changes: Any) -> list[Reading]:
    """Two sets for three minutes, ten seconds apart, whose bus is dead in a range of seconds."""
    alive: dict[str, Any] = {"power_output_kw": 100.0, "bus_voltage_v": 230.0}
    return [
        reading(
            second,
            generator_id=name,
            **(changes | ({"power_output_kw": 0.0, "bus_voltage_v": 0.4} if second in dead else alive)),
        )
        for second in range(0, 181, 10)
        for name in ("G1", "G2")
    ]


def test_what_a_dead_bus_does_not_serve_is_the_demand_of_the_minute_before(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    found = outages(accepted(blackout(reading, range(60, 96))))
    seconds = found.selectExpr(
        "site", "second(begin) + 60 * minute(begin) AS second", "hours", "demand_kw", "not_served_kwh"
    )
    expect(
        spark,
        seconds,
        "site string, second int, hours double, demand_kw double, not_served_kwh double",
        ("plant", 60, 40 / 3600, 200.0, 200.0 * 40 / 3600),
    )


def test_sets_that_trip_one_after_another_do_not_make_the_demand_small(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    rows = [
        Reading(**{name: getattr(row, name) for name in row.__struct_fields__} | {"power_output_kw": 0.0})
        if row.source_time.minute == 0 and row.source_time.second >= 40 and row.generator_id == "G2"
        else row
        for row in blackout(reading, range(60, 96))
    ]
    expect(spark, outages(accepted(rows)), "demand_kw double", (200.0,))


def test_the_demand_on_a_bus_that_was_never_alive_is_not_known(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    expect(
        spark,
        outages(accepted(blackout(reading, range(21)))),
        "hours double, demand_kw double, not_served_kwh double",
        (30 / 3600, None, None),
    )


def test_one_instrument_without_voltage_makes_no_dead_bus(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    rows = blackout(reading, range(0))
    rows += [reading(200, bus_voltage_v=0.0), reading(200, generator_id="G2"), reading(210, **lost("bus_voltage_v"))]
    expect(spark, outages(accepted(rows)), "hours double")


def test_two_outages_are_two(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rows = blackout(reading, range(20, 30))
    rows = rows[:18] + blackout(reading, range(120, 140))[18:]
    expect(spark, outages(accepted(rows)), "hours double", (10 / 3600,), (20 / 3600,))


def test_streams_are_kept_apart(spark: SparkSession, accepted: Accepted, reading: Make) -> None:
    rows = [reading(36 * number, energy_kwh=1000.0 + number) for number in range(3)]
    rows += [reading(36 * number, stream_id="run-2", energy_kwh=5000.0 + number) for number in range(2)]
    expect(spark, generators(accepted(rows)), "stream_id string, energy_kwh double", ("run-1", 2.0), ("run-2", 1.0))


def test_a_site_has_the_sums_of_its_sets_and_the_means_by_energy(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    """For a minute G1 gives 100 kW at 30 L/h and G2 50 kW at 18 L/h: 48 L/h for 150 kW; G2 then trips for a minute."""
    rows = [reading(60 * minute, fuel_rate_lph=30.0) for minute in range(2)]
    rows += [
        reading(0, generator_id="G2", power_output_kw=50.0, fuel_rate_lph=18.0),
        *(
            reading(60 * minute, generator_id="G2", state="TRIPPED", power_output_kw=0.0, fuel_rate_lph=0.0)
            for minute in (1, 2)
        ),
    ]
    frame = accepted(rows)
    expect(
        spark,
        sites(generators(frame), outages(frame)),
        "sets long, fuel_l double, energy_integral_kwh double, specific_l_per_kwh double, availability double, "
        "dead_h double, not_served_kwh double",
        (2, 0.8, 2.5, 0.32, 2 / 3, 0.0, 0.0),
    )


def test_a_site_has_the_energy_that_its_outages_did_not_serve(
    spark: SparkSession, accepted: Accepted, reading: Make
) -> None:
    frame = accepted(blackout(reading, range(60, 96)))
    expect(
        spark,
        sites(generators(frame), outages(frame)),
        "dead_h double, not_served_kwh double",
        (40 / 3600, 200.0 * 40 / 3600),
    )

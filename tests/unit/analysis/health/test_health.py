"""Each condition of a sensor or source is found, and what looks like it and is healthy is not."""

import json
from collections.abc import Callable, Iterator
from math import nan
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.health.machine import Health
from analysis.place import Place
from contracts import published

START = 1_767_225_600_000_000
NOISE = {
    "power_output_kw": (90, 0.25, 1),
    "reactive_power_kvar": (50, 0.3, 1),
    "voltage_v": (230, 0.25, 1),
    "bus_voltage_v": (230, 0.25, 1),
    "frequency_hz": (50, 0.006, 2),
    "bus_frequency_hz": (50, 0.006, 2),
    "current_a": (150, 0.4, 1),
    "fuel_rate_lph": (26.3, 0.15, 1),
    "engine_speed_rpm": (1500, 0.7, 0),
    "coolant_temperature_c": (88, 0.15, 1),
    "exhaust_temperature_c": (370, 0.8, 0),
    "oil_pressure_kpa": (400, 2, 0),
    "fuel_level_pct": (80, 0.08, 1),
}
"""Value, deviation and decimal places of a set on line, in the order of the columns."""
Row = dict[str, Any]
Change = Callable[[int, Row], None]


def readings(seconds: int, seed: int = 1) -> Iterator[Row]:
    chance = Random(seed)  # noqa: S311  noise, not a secret
    for second in range(seconds):
        row: Row = {name: round(chance.gauss(mean, by), places) for name, (mean, by, places) in NOISE.items()}
        row |= {"energy_kwh": round(1000 + second / 40, 1), "run_hours_h": round(20 + second / 3600, 2)}
        yield row | {"on_line": True, "at_end": None, "poor": None, "place": {}}


def place(second: float, changes: Row) -> Place:
    time = START + round(second * 1_000_000)
    fields: Row = {
        "stream_id": "run-1",
        "site": "S1",
        "generator_id": "G1",
        "seq": int(second),
        "source_time": time,
        "server_time": time + 40_000,
        "appended": time,
        "historical": False,
        "outcome": "accepted",
    }
    return Place(**(fields | changes))


def run(seconds: int, change: Change = lambda _second, _row: None, seed: int = 1) -> list[tuple[str, str, str]]:
    health, found = Health(), []
    for second, row in enumerate(readings(seconds, seed)):
        change(second, row)
        where = row.pop("place")
        if where is None:
            continue
        for event in health.read(place(second, where), tuple(row.values())):
            published.check("health", event.value())
            found.append((event.event, event.source, event.condition))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_set_is_silent(seed: int) -> None:
    assert run(5000, seed=seed) == []


@pytest.mark.parametrize("name", NOISE)
def test_an_indication_that_stands_still_is_frozen_until_it_moves(name: str) -> None:
    held = NOISE[name][0] + 1

    def change(second: int, row: Row) -> None:
        if 100 <= second < 300:
            row[name] = held

    found = [one for one in run(400, change) if one[2] == "frozen"]
    assert found == [("RAISED", name, "frozen"), ("CLEARED", name, "frozen")]


def test_a_stopped_set_and_a_value_of_zero_are_not_frozen() -> None:
    def stopped(_second: int, row: Row) -> None:
        row["on_line"] = False
        row["coolant_temperature_c"] = 40.0

    def unloaded(_second: int, row: Row) -> None:
        row["power_output_kw"] = row["current_a"] = 0.0

    assert run(300, stopped) == []
    assert run(300, unloaded) == []


def test_an_indication_that_is_not_good_is_not_frozen() -> None:
    def change(_second: int, row: Row) -> None:
        row["voltage_v"] = nan

    assert run(300, change) == []


def test_a_last_usable_value_is_stale_after_thirty_seconds() -> None:
    def shown(seconds: int) -> Change:
        def change(second: int, row: Row) -> None:
            if 100 <= second < 100 + seconds:
                row["voltage_v"], row["poor"] = nan, '{"voltage_v":"UncertainLastUsableValue"}'

        return change

    assert run(300, shown(30)) == []
    assert run(300, shown(60)) == [("RAISED", "voltage_v", "stale"), ("CLEARED", "voltage_v", "stale")]


@pytest.mark.parametrize(
    ("quality", "condition"),
    [
        ("BadSensorFailure", "bad"),
        ("BadNoCommunication", "bad"),
        ("UncertainEngineeringUnitsExceeded", "out_of_range"),
    ],
)
def test_a_poor_quality_is_told_and_ends(quality: str, condition: str) -> None:
    def change(second: int, row: Row) -> None:
        if 100 <= second < 110:
            row["current_a"], row["poor"] = nan, json.dumps({"current_a": quality})

    assert run(200, change) == [("RAISED", "current_a", condition), ("CLEARED", "current_a", condition)]


def test_a_good_value_at_the_end_of_the_range_is_out_of_range() -> None:
    def change(second: int, row: Row) -> None:
        row["at_end"] = "coolant_temperature_c" if 100 <= second < 110 else None

    name = "coolant_temperature_c"
    assert run(200, change) == [("RAISED", name, "out_of_range"), ("CLEARED", name, "out_of_range")]


@pytest.mark.parametrize(
    ("name", "amount"), [("coolant_temperature_c", 6), ("exhaust_temperature_c", 60), ("energy_kwh", -500)]
)
def test_a_change_that_nothing_can_make_is_impossible(name: str, amount: float) -> None:
    def change(second: int, row: Row) -> None:
        row[name] += amount * (second == 100)

    found = run(300, change)
    assert found == [("RAISED", name, "impossible_rate"), ("CLEARED", name, "impossible_rate")]


def test_a_change_over_a_long_silence_is_possible() -> None:
    def change(second: int, row: Row) -> None:
        if 100 <= second < 130:
            row["place"] = None
        elif second >= 130:
            row["coolant_temperature_c"] -= 20
            row["place"] = {"seq": second - 30}

    assert run(300, change) == []


@pytest.mark.parametrize("offset", [-1_000_000, 5_000_000])
def test_a_clock_that_is_off_is_skewed_until_it_is_right(offset: int) -> None:
    def change(second: int, row: Row) -> None:
        if 100 <= second < 200:
            row["place"] = {"server_time": START + second * 1_000_000 + offset}

    assert run(300, change) == [("RAISED", "clock", "clock_skew"), ("CLEARED", "clock", "clock_skew")]


def test_a_stored_reading_says_nothing_of_the_clock() -> None:
    def change(second: int, row: Row) -> None:
        row["place"] = {"server_time": START + (second + 600) * 1_000_000, "historical": True}

    assert run(300, change) == []


def test_numbers_that_do_not_come_within_a_minute_are_a_gap_until_they_come() -> None:
    def lost(second: int, row: Row) -> None:
        if second == 100:
            row["place"] = None

    def found_again(second: int, row: Row) -> None:
        lost(second, row)
        if second == 200:
            row["place"] = {"seq": 100}
        elif second > 200:
            row["place"] = {"seq": second - 1}

    def overtaken(second: int, row: Row) -> None:
        row["place"] = {"seq": second ^ 1}

    gap = ("RAISED", "sequence", "gap")
    assert run(300, lost) == [gap]
    assert run(300, found_again) == [gap, ("CLEARED", "sequence", "gap")]
    assert run(300, overtaken) == []


def test_a_set_that_falls_silent_while_its_sisters_report_is_stale() -> None:
    health, found = Health(), []
    for second, row in enumerate(readings(200)):
        row.pop("place")
        for name in ("G1", "G2"):
            if name == "G1" or not 50 <= second < 150:
                seq = second if second < 50 or name == "G1" else second - 100
                events = health.read(place(second, {"generator_id": name, "seq": seq}), tuple(row.values()))
                found += [(event.event, event.key(), event.condition) for event in events]
    assert found == [("RAISED", "run-1/G2/link", "stale"), ("CLEARED", "run-1/G2/link", "stale")]


def test_a_skewed_row_does_not_hold_up_what_comes_after() -> None:
    def change(second: int, row: Row) -> None:
        if second == 50:
            day = 86_400_000_000
            row["place"] = {"source_time": START + day, "server_time": START + 50_000_000, "outcome": "skewed"}
        if second >= 100:
            row["voltage_v"] = 231.0

    assert run(200, change) == [("RAISED", "voltage_v", "frozen")]


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(1, 499), max_size=6), st.integers(0, 3))
def test_a_dump_goes_on_as_what_gave_it(cuts: set[int], seed: int) -> None:
    whole, parts = Health(), Health()
    for second, row in enumerate(readings(500, seed)):
        row.pop("place")
        if 60 <= second < 200:
            row["voltage_v"], row["oil_pressure_kpa"] = 231.0, nan
            row["poor"] = '{"oil_pressure_kpa":"UncertainLastUsableValue"}'
        row["coolant_temperature_c"] += 9 * (second == 300)
        where = place(second, {"generator_id": f"G{second % 3 // 2}", "seq": second - second // 90})
        if second in cuts:
            parts = Health.load(json.loads(json.dumps(parts.dump(), allow_nan=False)))
        assert whole.read(where, tuple(row.values())) == parts.read(where, tuple(row.values()))
    assert whole.dump() == parts.dump()

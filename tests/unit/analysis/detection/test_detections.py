"""Each fault's signature is told, and what looks like it and is healthy is not."""

import json
from collections.abc import Callable, Iterable, Iterator
from math import exp, nan, pi, sin
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detection.machine import Detections
from analysis.place import Place
from contracts import published

START = 1_767_225_600_000_000
ON_LINE = 16
Row = dict[str, Any]
Change = Callable[[int, Row], None]


def place(second: int, **changes: Any) -> Place:
    time = START + second * 1_000_000
    fields: Row = {
        "stream_id": "run-1",
        "site": "S1",
        "generator_id": "G1",
        "seq": second,
        "source_time": time,
        "server_time": time + 40_000,
        "appended": time,
        "historical": False,
        "outcome": "accepted",
    }
    return Place(**(fields | changes))


def healthy(seconds: int, seed: int = 1, load: Callable[[int], float] = lambda _: 90.0) -> Iterator[Row]:
    """Readings of a warm set on line with the noise of its instruments: the reference set's equations, by hand."""
    chance = Random(seed)  # noqa: S311  noise, not a secret
    exhaust, level, fuel = 180 + 320 * load(0) / 150, 80.0, 4.1 + 0.247 * load(0)
    for second in range(seconds):
        power = load(second)
        exhaust += (1 - exp(-1 / 50)) * (180 + 320 * power / 150 - exhaust)
        fuel += (1 - exp(-1)) * (4.1 + 0.247 * power - fuel)
        level -= fuel / 3600 / 500 * 100
        yield {
            "electrical": chance.gauss(0, 0.4),
            "voltage": chance.gauss(0, 0.35),
            "frequency": chance.gauss(0, 0.009),
            "speed": chance.gauss(0, 0.75),
            "fuel": round(fuel + chance.gauss(0, 0.15), 1),
            "coolant": round(87 + 1.5 * power / 150 + chance.gauss(0, 0.15), 1),
            "exhaust": round(exhaust + chance.gauss(0, 0.8)),
            "oil": round(400 + chance.gauss(0, 2)),
            "level": round(level + chance.gauss(0, 0.08), 1),
            "power": round(power + chance.gauss(0, 0.25), 1),
            "reactive": round(0.55 * power + chance.gauss(0, 0.3), 1),
            "bus_voltage": 230.0,
            "condition": ON_LINE,
            "wire": None,
        }


def run(rows: Iterable[Row], change: Change = lambda _second, _row: None, first: int = 0) -> list[tuple[str, str]]:
    """The events of the rows, changed by a fault."""
    detections = Detections()
    found = []
    for second, row in enumerate(rows, start=first):
        change(second, row)
        for event in detections.read(place(second), tuple(row.values())):
            published.check("detection", event.value())
            found.append((event.event, event.fault_class))
    return found


def since(onset: int, name: str, amount: float) -> Change:
    def change(second: int, row: Row) -> None:
        if second >= onset:
            row[name] += amount

    return change


def rising(onset: int, name: str, per_hour: float) -> Change:
    def change(second: int, row: Row) -> None:
        row[name] += per_hour / 3600 * max(second - onset, 0)

    return change


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_set_is_silent(seed: int) -> None:
    assert run(healthy(7200, seed)) == []


def test_load_steps_are_silent() -> None:
    steps = (30.0, 120.0, 60.0, 140.0)
    assert run(healthy(4000, load=lambda second: steps[second // 300 % 4])) == []


def test_a_ramp_of_load_is_silent() -> None:
    assert run(healthy(3600, load=lambda second: 20 + 120 * abs(second % 1200 - 600) / 600)) == []


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("electrical", 4.0),
        ("electrical", -4.0),
        ("voltage", 2.5),
        ("voltage", -2.5),
        ("frequency", 0.06),
        ("speed", -7),
        ("fuel", 3.0),
        ("fuel", -3.0),
        ("coolant", 6.0),
        ("coolant", -6.0),
        ("exhaust", 40),
        ("oil", -80),
    ],
)
def test_a_step_of_an_instrument_is_a_bias(name: str, amount: float) -> None:
    assert run(healthy(3600), since(3000, name, amount)) == [("RAISED", "bias")]


@pytest.mark.parametrize(
    ("name", "per_hour"), [("electrical", 8), ("voltage", 7), ("frequency", -0.2), ("coolant", 9), ("fuel", -5)]
)
def test_a_residual_that_wanders_is_a_drift(name: str, per_hour: float) -> None:
    assert run(healthy(7200), rising(600, name, per_hour)) == [("RAISED", "drift")]


def test_a_fault_that_ends_is_cleared() -> None:
    def change(second: int, row: Row) -> None:
        row["voltage"] += 3.0 * (1000 <= second < 2000)

    assert run(healthy(3000), change) == [("RAISED", "bias"), ("CLEARED", "bias")]


def test_fuel_that_rises_over_minutes_at_the_same_power_is_a_lost_injector() -> None:
    def change(second: int, row: Row) -> None:
        share = min(max(second - 600, 0) / 600, 1)
        row["fuel"] += 0.12 * share * 26.3
        row["exhaust"] -= 20 * share

    assert run(healthy(2400), change) == [("RAISED", "injector_loss")]


def test_a_tank_that_loses_more_than_the_engine_takes_leaks() -> None:
    assert run(healthy(3600), rising(600, "level", -2.0)) == [("RAISED", "fuel_leak")]


def test_a_delivery_is_no_leak() -> None:
    def change(second: int, row: Row) -> None:
        row["level"] += min(max(second - 900, 0) / 6, 15) - 15

    assert run(healthy(3600), change) == []


def test_a_tank_gauge_that_steps_down_is_a_bias_and_no_leak() -> None:
    assert ("RAISED", "fuel_leak") not in run(healthy(1800), since(900, "level", -3))
    assert ("RAISED", "bias") in run(healthy(1800), since(900, "level", -3))


def test_a_leak_of_a_stopped_set_is_told() -> None:
    def change(second: int, row: Row) -> None:
        row["level"] = 80.0 - second / 3600 * 4
        row["fuel"] = 0.0
        row["condition"] = 0

    assert run(healthy(1800), change) == [("RAISED", "fuel_leak")]


def test_coolant_that_runs_away_within_minutes_is_a_cooling_failure() -> None:
    def change(second: int, row: Row) -> None:
        row["coolant"] += 15 * (1 - exp(-max(second - 600, 0) / 300))

    assert run(healthy(1800), change) == [("RAISED", "cooling_failure")]


def test_warming_up_is_no_fault_of_the_coolant_oil_or_exhaust() -> None:
    def change(second: int, row: Row) -> None:
        cold = exp(-second / 300)
        row["coolant"] -= 40 * cold
        row["oil"] += 100 * exp(-second / 480)
        row["exhaust"] = round(row["exhaust"] - 200 * exp(-second / 50))

    assert run(healthy(3600), change) == []


def test_oil_pressure_that_collapses_is_a_lubrication_failure() -> None:
    def change(second: int, row: Row) -> None:
        row["oil"] *= 1 - 0.5 * min(max(second - 600, 0) / 30, 1)

    assert run(healthy(1200), change) == [("RAISED", "lubrication_failure")]


def test_oil_pressure_that_falls_for_hours_is_wear() -> None:
    assert run(healthy(7200), rising(0, "oil", -30)) == [("RAISED", "lubrication_wear")]


@pytest.mark.parametrize("period", [6, 10, 20])
def test_power_that_swings_is_hunting_and_ends(period: int) -> None:
    def change(second: int, row: Row) -> None:
        row["power"] += 10 * sin(2 * pi * second / period) * (600 <= second < 900)

    found = run(healthy(1200), change)
    assert ("RAISED", "governor_hunting") in found
    assert ("CLEARED", "governor_hunting") in found


@pytest.mark.parametrize("name", ["voltage", "frequency", "speed", "fuel", "coolant", "exhaust", "oil", "level"])
def test_noise_that_has_trebled_is_told_and_ends(name: str) -> None:
    deviation = {"voltage": 0.35, "frequency": 0.009, "speed": 0.8, "fuel": 0.15}
    deviation |= {"coolant": 0.15, "exhaust": 0.8, "oil": 2.0, "level": 0.08}
    chance = Random(5)  # noqa: S311  noise, not a secret

    def change(second: int, row: Row) -> None:
        if 600 <= second < 1200:
            row[name] += chance.gauss(0, 2.83 * deviation[name])

    found = [one for one in run(healthy(2000), change) if one[1] == "noise"]
    assert found == [("RAISED", "noise"), ("CLEARED", "noise")]


@pytest.mark.parametrize(("name", "amount"), [("voltage", 6), ("coolant", -4), ("exhaust", 20), ("speed", 12)])
def test_one_sample_out_and_back_is_a_spike(name: str, amount: float) -> None:
    def change(second: int, row: Row) -> None:
        row[name] += amount * (second == 900)

    assert run(healthy(1200), change) == [("RAISED", "spike"), ("CLEARED", "spike")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (ON_LINE, 1, [("RAISED", "breaker_trip")]),
        (ON_LINE, 1 + 8, []),
        (0, 1, []),
        (0, 1 + 2, [("RAISED", "fail_to_start")]),
        (0, 4, [("RAISED", "left_out_of_auto")]),
        (ON_LINE, 0, []),
    ],
    ids=["trip", "trip by a protection", "trip of an open breaker", "overcrank", "out of automatic mode", "stop"],
)
def test_what_the_device_says_is_taken_at_its_word(before: int, after: int, expected: list[Any]) -> None:
    def change(second: int, row: Row) -> None:
        row["condition"] = before if second < 60 else after

    assert run(healthy(120), change) == expected


def test_what_is_unknown_neither_raises_nor_clears() -> None:
    def change(second: int, row: Row) -> None:
        if second >= 60:
            row["condition"] = 4
        if 70 <= second < 80:
            row["condition"] = None
            row.update(dict.fromkeys(list(row)[:12], nan))

    assert run(healthy(200), change) == [("RAISED", "left_out_of_auto")]


def test_a_broken_wire_is_told_and_ends() -> None:
    def change(second: int, row: Row) -> None:
        row["wire"] = "oil_pressure_kpa" if 60 <= second < 90 else None

    assert run(healthy(120), change) == [("RAISED", "wire_break"), ("CLEARED", "wire_break")]


def test_a_regulator_that_runs_away_is_told_of_its_set_and_not_of_the_sisters() -> None:
    detections, found = Detections(), []
    sets = {name: healthy(300, seed) for seed, name in enumerate(("G1", "G2", "G3"))}
    for second in range(300):
        for name, rows in sets.items():
            row = next(rows)
            if second >= 150:
                row["reactive"] += 60 if name == "G2" else -30
                row["bus_voltage"] = 240.0
            events = detections.read(place(second, generator_id=name), tuple(row.values()))
            found += [(name, event.fault_class) for event in events]
    assert found == [("G2", "avr_failure")]


def test_the_evidence_names_the_residual_its_value_and_when_it_began() -> None:
    detections = Detections()
    found = []
    for second, row in enumerate(healthy(700)):
        since(600, "voltage", 3.0)(second, row)
        found += detections.read(place(second), tuple(row.values()))
    [event] = found
    value = event.value()
    assert event.key() == "run-1/G1/bias"
    assert (value["residual"], value["threshold"], value["number"]) == ("voltage", 0.8, 1)
    assert 2.5 < value["value"] < 3.5
    assert "2026-01-01T00:09:40.000000Z" <= value["since"] <= "2026-01-01T00:10:10.000000Z"


def test_late_skewed_historical_and_older_rows_change_nothing() -> None:
    detections = Detections()
    for second, row in enumerate(healthy(100)):
        detections.read(place(second), tuple(row.values()))
    before = json.dumps(detections.dump())
    wild = (*(1e6 for _ in range(12)), 1, "voltage_v")
    for other in (
        place(200, outcome="late"),
        place(200, outcome="skewed"),
        place(200, historical=True),
        place(99),
        place(50),
    ):
        assert detections.read(other, wild) == []
    assert json.dumps(detections.dump()) == before


def test_streams_with_the_same_sets_are_kept_apart() -> None:
    alone = run(healthy(800, 3), since(400, "voltage", 3.0))
    detections, found = Detections(), []
    for second, (row, other) in enumerate(zip(healthy(800, 3), healthy(800, 4), strict=True)):
        since(400, "voltage", 3.0)(second, row)
        found += detections.read(place(second), tuple(row.values()))
        found += detections.read(place(second - 50_000, stream_id="run-2"), tuple(other.values()))
    assert [(event.event, event.fault_class) for event in found] == alone
    assert {event.stream_id for event in found} == {"run-1"}


def test_a_nameplate_scales_the_models() -> None:
    plate = {
        "generator_id": "G1",
        "rated_power_kw": 75.0,
        "fuel_rate_no_load_lph": 2.05,
        "fuel_rate_full_load_lph": 20.6,
        "fuel_tank_l": 500.0,
        "rated_voltage_v": 230.0,
        "rated_apparent_power_kva": 93.75,
    }

    def half(_second: int, row: Row) -> None:
        row["power"] /= 2
        row["reactive"] /= 2
        row["fuel"] /= 2
        row["level"] = 80.0 + (row["level"] - 80.0) / 2

    found = []
    detections = Detections()
    detections.rate(plate)
    for second, row in enumerate(healthy(1200)):
        half(second, row)
        found += detections.read(place(second), tuple(row.values()))
    assert found == []
    assert run(healthy(1200), half) != []


@settings(max_examples=8, deadline=None)
@given(st.sets(st.integers(1, 899), max_size=6), st.integers(0, 3))
def test_a_dump_goes_on_as_what_gave_it(cuts: set[int], seed: int) -> None:
    def rows() -> Iterator[Row]:
        for second, row in enumerate(healthy(900, seed)):
            since(200, "voltage", 3.0)(second, row)
            row["coolant"] += 5 * (second == 300)
            row["power"] += 12 * sin(second / 1.6) * (second > 500)
            if second % 97 == 0:
                row["oil"] = nan
            yield row

    whole, parts = Detections(), Detections()
    for second, row in enumerate(rows()):
        if second in cuts:
            parts = Detections.load(json.loads(json.dumps(parts.dump(), allow_nan=False)))
        name = f"G{1 + second % 2}"
        where = place(second, generator_id=name)
        assert whole.read(where, tuple(row.values())) == parts.read(where, tuple(row.values()))
    assert whole.dump() == parts.dump()

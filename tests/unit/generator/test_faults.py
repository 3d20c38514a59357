"""Each fault does what it says, is labelled with what it did, and leaves no other trace."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import judge, wire
from contracts.reading import Reading
from generator import plant
from generator.chance import Floats
from generator.controls import Controls
from generator.faults import KINDS, Fault, FaultClass
from generator.fleet import PlantConfig, fleet
from generator.instruments import INSTRUMENTS, ROW
from generator.readings import readings
from generator.run import Run
from generator.scan import Scan
from generator.sequence import Phase
from generator.settings import Settings
from generator.state import State
from generator.truth import Label, label
from generator.yardstick import StoppedError, Yardstick

CONFIG = PlantConfig("run", seed=4, start=1_767_225_600_000_000 + 10 * 3_600_000_000, generators=10)
START, BEFORE = 31, 30
"""A fault's first scan, and the scans before it."""


HEALTHY = Controls()


def run(scans: int, *faults: Fault, controls: Controls = HEALTHY) -> Iterator[tuple[State, Scan]]:
    state = plant.initial(CONFIG)
    in_force = replace(controls, faults=controls.faults + faults)
    for _ in range(scans):
        state, scan = plant.step(CONFIG, state, in_force)
        yield state, scan


def labelled(fault: Fault, scans: int, controls: Controls = HEALTHY) -> Label:
    *_, (before, _) = run(BEFORE, fault, controls=controls)
    in_force = replace(controls, faults=(*controls.faults, fault))
    return label(CONFIG, before, lambda _: in_force, fault, upto=BEFORE + scans)


def true(scan: Scan, measurement: str) -> Floats:
    row: Floats = scan.truth.values[ROW[measurement]]
    return row


def clean(scan: Scan, measurement: str, place: int = 0) -> float:
    return float(scan.truth.clean[ROW[measurement], place])


def told_by_a_yardstick(tmp_path: Path, fault: dict[str, Any], scans: int) -> Label:
    """What a generator that runs for so many scans says of a fault."""
    running = Run(Settings.model_validate({"seed": 4, "start": "2026-01-01T10:00:00Z", "state_dir": tmp_path}))
    try:
        running.reserve(BEFORE)
        running.accept("F1", {"fault": {"id": "F1", "generator": "G1", **fault}})
        running.reserve(scans)
        [found] = Yardstick(running).labels(scans)
        return found
    finally:
        running.close()


def test_what_takes_more_than_an_hour_to_be_seen_is_looked_for_until_it_is(tmp_path: Path) -> None:
    """Oil that falls by 5 kPa/h is 6 kPa, three deviations, lower after 72 minutes."""
    found = told_by_a_yardstick(tmp_path, {"kind": "lubrication_wear"}, 2 * 3600)
    assert after(found) == pytest.approx(72 * 60, rel=0.05)
    assert found.end_us is None


def test_a_label_is_complete_when_its_fault_is_over(tmp_path: Path) -> None:
    found = told_by_a_yardstick(tmp_path, {"kind": "avr_failure", "duration_s": 20}, BEFORE + 60)
    assert found.end_us == found.start_us + 20_000_000


def test_nobody_waits_for_a_label_that_is_not_wanted_any_more(tmp_path: Path) -> None:
    asked = iter([False, False, False, True])
    running = Run(Settings.model_validate({"seed": 4, "start": "2026-01-01T10:00:00Z", "state_dir": tmp_path}))
    try:
        running.accept("F1", {"fault": {"id": "F1", "generator": "G1", "kind": "fuel_leak"}})
        with pytest.raises(StoppedError):
            list(Yardstick(running, lambda: next(asked)).labels(3600))
    finally:
        running.close()


def after(label: Label) -> float | None:
    """Scans from the fault's first to the first observable one."""
    if label.observable_from_us is None:
        return None
    return (label.observable_from_us - label.start_us) / 1e6


def reported(scan: Scan, generator: str = "G1") -> Reading:
    return next(reading for reading in readings(CONFIG, scan) if reading.generator_id == generator)


STANDING_BY = {FaultClass.FAIL_TO_START}
SECONDS = {
    FaultClass.DRIFT: 1200,
    FaultClass.COOLING_FAILURE: 900,
    FaultClass.LUBRICATION_WEAR: 600,
    FaultClass.FUEL_LEAK: 1200,
    FaultClass.INJECTOR_LOSS: 900,
    FaultClass.CLOCK_SKEW: 120,
}
MAGNITUDES = {FaultClass.LUBRICATION_WEAR: 60.0}
"""At the usual magnitude wear is seen after more than an hour, and looked for by a test of its own."""
AFTERWARDS = 5
"""Scans after a fault's end in which its effects are looked for."""


@pytest.mark.parametrize("kind", [kind for kind in FaultClass if kind not in STANDING_BY])
def test_every_fault_has_a_label_and_is_visible_from_where_it_says(kind: FaultClass) -> None:
    end = START + SECONDS.get(kind, 60)
    measurement = "voltage_v" if KINDS[kind].instrument else None
    fault = Fault("F1", kind, "G1", START, end, magnitude=MAGNITUDES.get(kind), measurement=measurement)
    found = labelled(fault, end + AFTERWARDS - BEFORE)
    assert (found.id, found.kind, found.origin) == ("F1", kind, "G1")
    assert found.start_us == CONFIG.start + START * 1_000_000
    assert found.end_us is not None
    assert found.observable_from_us is not None
    assert found.start_us <= found.observable_from_us < found.end_us
    assert "G1" in found.affected
    assert found.measurements
    if KINDS[kind].instrument:
        assert found.affected == ("G1",)
        assert found.measurements == ("voltage_v",)
    assert_the_stream_differs_where_the_label_says(fault, found)


@pytest.mark.parametrize("measurement", list(ROW))
@pytest.mark.parametrize("kind", [kind for kind in FaultClass if KINDS[kind].instrument and kind not in SECONDS])
def test_a_fault_of_any_instrument_is_visible_in_its_measurement_alone(kind: FaultClass, measurement: str) -> None:
    fault = Fault("F1", kind, "G1", START, START + 20, measurement=measurement)
    found = labelled(fault, 20 + AFTERWARDS)
    assert found.affected == ("G1",)
    assert found.measurements == (measurement,)
    assert_the_stream_differs_where_the_label_says(fault, found)


@st.composite
def faults_to_be_told(draw: st.DrawFn) -> Fault:
    """A fault of any class, any set and any length; of an instrument, clearly below or above what can be seen."""
    kind = draw(st.sampled_from(FaultClass))
    known = KINDS[kind]
    measurement = draw(st.sampled_from(list(ROW))) if known.instrument else None
    magnitude = None
    if kind in {FaultClass.BIAS, FaultClass.SPIKE}:
        magnitude = INSTRUMENTS[ROW[measurement or ""]].deviation * draw(st.sampled_from((-25, -8, -2, 0.5, 2, 8, 25)))
    elif known.unit is not None:
        magnitude = draw(st.sampled_from((None, known.least, known.most)))
    end = START + draw(st.integers(1, 40))
    return Fault("F1", kind, f"G{draw(st.integers(1, 10))}", START, end, magnitude, measurement)


@settings(max_examples=60, deadline=None)
@given(fault=faults_to_be_told())
def test_whatever_the_fault_the_label_names_what_differs_and_nothing_else(fault: Fault) -> None:
    assert_the_stream_differs_where_the_label_says(fault, labelled(fault, (fault.end or 0) + AFTERWARDS - BEFORE))


def test_what_a_set_no_longer_counts_is_labelled() -> None:
    """It carries 122 kW, so that 0.1 kWh are three seconds; 0.01 h are 36."""
    fault = Fault("F1", FaultClass.BREAKER_TRIP, "G1", START)
    assert "energy_kwh" not in labelled(fault, 2).measurements
    assert "energy_kwh" in labelled(fault, 4).measurements
    assert "run_hours_h" not in labelled(fault, 35).measurements
    assert "run_hours_h" in labelled(fault, 37).measurements


def test_what_creep_suppression_takes_for_standstill_is_unobservable() -> None:
    """Ten deviations of the speed are 7 rpm, and a speed below 30 rpm is none."""
    standing = next(i for i, phase in enumerate(plant.initial(CONFIG).phase) if phase == Phase.STOPPED)
    fault = Fault("F1", FaultClass.BIAS, f"G{standing + 1}", START, START + 20, measurement="engine_speed_rpm")
    found = labelled(fault, 20 + AFTERWARDS)
    assert found.observable_from_us is None
    assert_the_stream_differs_where_the_label_says(fault, found)


def test_nothing_is_observable_of_a_device_that_is_not_heard() -> None:
    unheard = Controls(faults=(Fault("L", FaultClass.LINK_LOSS, "G1", 1),))
    fault = Fault("F1", FaultClass.BIAS, "G1", START, START + 20, measurement="voltage_v")
    found = labelled(fault, 20 + AFTERWARDS, unheard)
    assert found.observable_from_us is None
    assert_the_stream_differs_where_the_label_says(fault, found, unheard)


Told = dict[tuple[str, str], dict[int, tuple[Any, Any]]]
"""By set and field, by scan: what is told without the fault and with it, where that differs."""

DELIVERY = {"seq": "server_time", "cause": "server_time", "historical": "server_time"}
"""How a reading comes, and as which: the label has one name for that."""
ALL_ALONG = {FaultClass.FROZEN, FaultClass.NOISE, FaultClass.GOVERNOR_HUNTING}
"""What these differ in is right now and then: it counts how often they are wrong, not for how long."""


def assert_the_stream_differs_where_the_label_says(fault: Fault, found: Label, controls: Controls = HEALTHY) -> None:
    """Beside the same plant without the fault: nothing differs before it, nothing that the label does not name.

    What a label need not name is a number that is not off for five scans in a row, or as long as the fault lasts, by
    more than three deviations of its noise and its resolution. As that is judged without noise and before rounding,
    what is told may be off by another resolution; and by the noise, where creep suppression holds one of the two at
    zero, so that the noise, which is the same in both, does not cancel.
    """
    lasting = 1 if KINDS[fault.kind].longest_s == 0 else (fault.end or 0) - fault.start
    needed = min(5, lasting)
    different = differences(fault, (fault.end or 0) + AFTERWARDS, controls)
    assert all(scan >= START for told in different.values() for scan in told)

    named = {(generator, field) for generator in found.affected for field in found.measurements}
    beyond = {
        (generator, field): {scan: pair for scan, pair in told.items() if is_beyond(field, *pair, kind=fault.kind)}
        for (generator, field), told in different.items()
    }
    distinct = {pair: since for pair, told in beyond.items() if (since := seen(told, needed, fault.kind)) is not None}
    assert distinct.keys() <= named
    visible = {pair for pair in named if seen(different.get(pair, {}), needed, fault.kind) is not None}
    assert {generator for generator, _ in visible} == set(found.affected)
    assert {field for _, field in visible} == set(found.measurements)

    if found.observable_from_us is None:
        assert not named
        return
    since = START + round(after(found) or 0)
    assert all(since <= other for other in distinct.values())
    assert any(is_visible_from(since, different.get(pair, {}), needed, fault.kind) for pair in named)


def differences(fault: Fault, upto: int, controls: Controls) -> Told:
    """What the streams tell of all sets and scans, where they differ; one that does not come has no server time."""
    found: Told = {}
    healthy = told_without_it(controls)
    faulty = told_by_scan(run(upto, fault, controls=controls), fault.kind)
    for generator, scan in {key for key in healthy if key[1] <= upto} | faulty.keys():
        one, other = healthy.get((generator, scan)), faulty.get((generator, scan))
        if one is None or other is None:
            found.setdefault((generator, "server_time"), {})[scan] = (one is None, other is None)
        elif one != other:
            for field in Reading.__struct_fields__:
                pair = getattr(one, field), getattr(other, field)
                if pair[0] == pair[1]:
                    continue
                judged = [name for name, _ in pair[0].items() ^ pair[1].items()] if field == "quality" else [field]
                for name in judged:
                    found.setdefault((generator, DELIVERY.get(name, name)), {})[scan] = pair
    return found


@cache
def told_without_it(controls: Controls) -> dict[tuple[str, int], Reading]:
    longest = START + max(SECONDS.values()) + AFTERWARDS
    return told_by_scan(run(longest, controls=controls), None)


def told_by_scan(scans: Iterable[tuple[State, Scan]], kind: FaultClass | None) -> dict[tuple[str, int], Reading]:
    """Readings by set and the scan that they were taken at, whenever they come."""
    off = kind in {FaultClass.CLOCK_SKEW, FaultClass.CLOCK_STEP}  # every scan is told, so that they can be counted
    start = datetime.fromtimestamp(CONFIG.start / 1e6, UTC)
    return {
        (row.generator_id, row.seq + 1 if off else round((row.source_time - start).total_seconds())): row
        for _, scan in scans
        for row in readings(CONFIG, scan)
    }


def is_beyond(field: str, one: Any, other: Any, *, kind: FaultClass) -> bool:
    """Whether two things told are further apart than a label may leave unnamed, for a single scan."""
    if field == "source_time":
        return bool(abs((one - other).total_seconds()) > 0.045)  # the longest way to the server
    if not is_number(one, other) or kind in {FaultClass.FROZEN, FaultClass.NOISE}:
        return True
    if field not in ROW:
        return bool(abs(one - other) > {"energy_kwh": 0.1, "run_hours_h": 0.01}[field] + 1e-6)
    instrument = INSTRUMENTS[ROW[field]]
    resolution = 10**-instrument.decimals
    noise = 5 * instrument.deviation if instrument.creep and 0 in {one, other} else 0.0
    return bool(abs(one - other) > max(3 * instrument.deviation, resolution) + resolution + noise + 1e-9)


def is_number(one: Any, other: Any) -> bool:
    return isinstance(one, float) and isinstance(other, float)


def seen(told: dict[int, tuple[Any, Any]], needed: int, kind: FaultClass) -> int | None:
    """The scan from which these differences count; None if they do not."""
    return next((scan for scan in sorted(told) if is_visible_from(scan, told, needed, kind)), None)


def is_visible_from(scan: int, told: dict[int, tuple[Any, Any]], needed: int, kind: FaultClass) -> bool:
    if scan not in told:
        return False
    if not is_number(*told[scan]):
        return True
    if kind in ALL_ALONG:
        return sum(other <= scan for other in told) >= needed
    return all(other in told for other in range(scan, scan + needed))


def test_a_failed_start_has_a_label_and_is_visible_from_where_it_says() -> None:
    """It needs a set that is ordered to start: the one that takes the place of a tripped one."""
    tripped = Controls(faults=(Fault("T", FaultClass.BREAKER_TRIP, "G1", START),))
    initial = plant.initial(CONFIG)
    standing = [place for place in range(10) if initial.phase[place] == Phase.STOPPED]
    first = min(standing, key=lambda place: initial.run_hours_h[place])
    fault = Fault("F1", FaultClass.FAIL_TO_START, f"G{first + 1}", START, START + 120)
    found = labelled(fault, 120 + AFTERWARDS, tripped)
    assert fault.generator in found.affected
    assert {"state", "fault_alarms", "start_count"} <= set(found.measurements)
    assert 0 < (after(found) or 0) < 60
    assert_the_stream_differs_where_the_label_says(fault, found, tripped)


@pytest.mark.parametrize(
    ("kind", "measurement", "magnitude"),
    [(FaultClass.BIAS, "voltage_v", 0.1), (FaultClass.SPIKE, "voltage_v", 0.6), (FaultClass.FUEL_LEAK, None, 0.5)],
)
def test_what_drowns_in_the_noise_is_unobservable(kind: FaultClass, measurement: str | None, magnitude: float) -> None:
    fault = Fault("F1", kind, "G1", START, START + 60, magnitude=magnitude, measurement=measurement)
    found = labelled(fault, 61)
    assert found.observable_from_us is None
    assert found.affected == found.measurements == ()


def test_a_label_says_how_much_in_the_unit_of_the_measurement() -> None:
    bias = labelled(Fault("F1", FaultClass.BIAS, "G1", START, START + 20, measurement="coolant_temperature_c"), 21)
    drift = Fault("F1", FaultClass.DRIFT, "G1", START, START + 20, measurement="oil_pressure_kpa", magnitude=20.0)
    assert (bias.magnitude, bias.unit) == (1.5, "°C")
    assert (labelled(drift, 21).magnitude, labelled(drift, 21).unit) == (20.0, "kPa/h")


def test_a_swing_is_seen_although_it_passes_through_the_truth() -> None:
    found = labelled(Fault("F1", FaultClass.GOVERNOR_HUNTING, "G1", START, START + 60), 61)
    assert {"power_output_kw", "bus_frequency_hz", "current_a"} <= set(found.measurements)
    assert after(found) is not None
    assert (after(found) or 0) < 10


def test_a_frozen_instrument_at_standstill_is_unobservable() -> None:
    standing = next(i for i, phase in enumerate(plant.initial(CONFIG).phase) if phase == Phase.STOPPED)
    fault = Fault("F1", FaultClass.FROZEN, f"G{standing + 1}", START, START + 60, measurement="voltage_v")
    assert labelled(fault, 61).observable_from_us is None


def test_a_bus_fault_of_one_set_is_seen_on_its_sisters_but_not_on_other_sites() -> None:
    fault = Fault("F1", FaultClass.AVR_FAILURE, "G2", START, START + 30)
    config = replace(CONFIG, generators=20)
    state = plant.initial(config)
    for _ in range(BEFORE):
        state, _ = plant.step(config, state, Controls())
    found = label(config, state, lambda _: Controls(faults=(fault,)), fault, upto=BEFORE + 30)
    assert (found.magnitude, found.unit) == (1.0, "1")
    assert found.origin == "G2"
    assert set(found.affected) == {f"G{i}" for i in range(1, 11)}
    assert {"voltage_v", "bus_voltage_v", "reactive_power_kvar"} <= set(found.measurements)


faults_of_any_kind = st.builds(
    lambda kind, place, start, length, row: Fault(
        f"{kind}-{place}-{start}",
        kind,
        f"G{place}",
        start,
        start + length,
        measurement=INSTRUMENTS[row].measurement if KINDS[kind].instrument else None,
    ),
    st.sampled_from(FaultClass),
    st.integers(1, 10),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, len(INSTRUMENTS) - 1),
)


@settings(max_examples=15, deadline=None)
@given(
    faults=st.lists(faults_of_any_kind, max_size=6, unique_by=lambda fault: fault.id),
    deadband=st.sampled_from((0.0, 3.0)),
)
def test_under_any_faults_readings_keep_the_contract_and_none_is_lost_or_told_twice(
    faults: list[Fault], deadband: float
) -> None:
    told: dict[str, list[int]] = {}
    state = plant.initial(CONFIG)
    for _ in range(150):
        state, scan = plant.step(CONFIG, state, Controls(faults=tuple(faults), deadband=deadband))
        assert State.from_bytes(state.to_bytes()) == state
        for line in wire.encode_lines(readings(CONFIG, scan)).splitlines():
            reading = judge.parse(line)
            told.setdefault(reading.generator_id, []).append(reading.seq)
    for generator, place in fleet(CONFIG).places.items():
        held = sum(int((h.batch.whole[0] == place).sum()) for h in state.outbox)
        assert len(told[generator]) + held == state.seq[place]
        assert len(set(told[generator])) == len(told[generator])


def test_a_spike_is_one_sample() -> None:
    fault = Fault("F1", FaultClass.SPIKE, "G1", START, magnitude=40.0, measurement="voltage_v")
    volts = [reported(scan).voltage_v or 0.0 for _, scan in run(60, fault)]
    assert [i + 1 for i, value in enumerate(volts) if value > 250] == [START]


def test_a_drift_grows_with_time_and_is_gone_with_the_fault() -> None:
    fault = Fault("F1", FaultClass.DRIFT, "G1", START, START + 361, magnitude=20.0, measurement="voltage_v")
    pairs = zip(run(BEFORE + 370, fault), run(BEFORE + 370), strict=True)
    errors = [clean(faulty, "voltage_v") - clean(healthy, "voltage_v") for (_, faulty), (_, healthy) in pairs]
    assert errors[START - 1] == 0
    assert errors[START + 180 - 1] == pytest.approx(1)
    assert errors[START + 360 - 1] == pytest.approx(2)
    assert errors[-1] == 0


def test_a_frozen_instrument_repeats_itself_and_calls_it_good() -> None:
    fault = Fault("F1", FaultClass.FROZEN, "G1", START, START + 40, measurement="power_output_kw")
    rows = [reported(scan) for _, scan in run(90, fault)]
    frozen = {row.power_output_kw for row in rows[START - 1 : START + 39]}
    assert len(frozen) == 1
    assert len({row.power_output_kw for row in rows[START + 40 :]}) > 10
    assert all(row.quality == {} for row in rows)


@pytest.mark.parametrize(
    ("kind", "value", "quality"),
    [
        (FaultClass.DROPOUT, None, {"oil_pressure_kpa": "BadSensorFailure"}),
        (FaultClass.OUT_OF_RANGE, 1000.0, {"oil_pressure_kpa": "UncertainEngineeringUnitsExceeded"}),
        (FaultClass.WIRE_BREAK, 0.0, {}),
    ],
)
def test_what_the_device_says_of_a_broken_sensor(
    kind: FaultClass, value: float | None, quality: dict[str, str]
) -> None:
    fault = Fault("F1", kind, "G1", START, START + 5, measurement="oil_pressure_kpa")
    rows = [reported(scan) for _, scan in run(40, fault)]
    assert [(row.oil_pressure_kpa, row.quality) for row in rows[START - 1 : START + 4]] == [(value, quality)] * 5
    assert all(row.quality == {} and row.oil_pressure_kpa for row in rows[: START - 1] + rows[START + 4 :])
    assert {row.state for row in rows} == {"RUNNING"}  # the protection has a switch of its own


def test_noise_grows_threefold() -> None:
    fault = Fault("F1", FaultClass.NOISE, "G1", START, measurement="voltage_v")
    residuals = [(reported(scan).voltage_v or 0) - clean(scan, "voltage_v") for _, scan in run(BEFORE + 400, fault)]
    assert np.std(residuals[BEFORE:]) == pytest.approx(0.75, rel=0.15)


def test_a_leak_empties_the_tank_faster_than_the_engine_burns() -> None:
    fault = Fault("F1", FaultClass.FUEL_LEAK, "G1", START, magnitude=100.0)
    healthy, leaking = ([state.fuel_l[0] for state, _ in run(BEFORE + 180, *faults)] for faults in ((), (fault,)))
    assert healthy[-1] - leaking[-1] == pytest.approx(5.0)


def test_a_set_without_cooling_heats_up_and_trips() -> None:
    fault = Fault("F1", FaultClass.COOLING_FAILURE, "G1", START)
    scans = [scan for _, scan in run(BEFORE + 900, fault)]
    coolant = np.array([true(scan, "coolant_temperature_c")[0] for scan in scans])
    tripped = next(i for i, scan in enumerate(scans) if scan.truth.phase[0] == Phase.TRIPPED)
    assert 180 <= tripped - BEFORE <= 900
    assert coolant[tripped - 1] > 107
    assert (np.diff(coolant[START:tripped]) > 0).all()
    row = reported(scans[tripped])
    assert (row.state, row.breaker_closed, row.fault_alarms) == ("TRIPPED", False, ["HIGH_COOLANT_TEMPERATURE"])
    others = [scan.truth.served_kw[0] - scan.truth.demand_kw[0] for scan in scans]
    assert max(map(abs, others)) < 1e-6  # the reserve carries on


def test_the_thermostat_hides_a_partly_blocked_radiator() -> None:
    fault = Fault("F1", FaultClass.COOLING_FAILURE, "G1", START, START + 600, magnitude=0.15)
    assert labelled(fault, 600).observable_from_us is None


def test_lost_lubrication_halves_the_pressure_within_a_minute() -> None:
    fault = Fault("F1", FaultClass.LUBRICATION_FAILURE, "G1", START)
    oil = [true(scan, "oil_pressure_kpa")[0] for _, scan in run(BEFORE + 60, fault)]
    assert oil[-1] / oil[BEFORE - 1] == pytest.approx(0.5, abs=0.01)


def test_complete_loss_of_oil_trips_the_set() -> None:
    fault = Fault("F1", FaultClass.LUBRICATION_FAILURE, "G1", START, magnitude=1.0)
    *_, (_, last) = run(BEFORE + 60, fault)
    assert reported(last).fault_alarms == ["LOW_OIL_PRESSURE"]
    assert reported(last).state == "TRIPPED"


def test_wear_takes_its_pressure_by_the_hour() -> None:
    fault = Fault("F1", FaultClass.LUBRICATION_WEAR, "G1", START, magnitude=60.0)
    healthy, worn = (
        [true(scan, "oil_pressure_kpa")[0] for _, scan in run(BEFORE + 600, *faults)] for faults in ((), (fault,))
    )
    assert healthy[-1] - worn[-1] == pytest.approx(10, abs=0.2)


def test_a_hunting_governor_swings_its_set_and_the_bus() -> None:
    fault = Fault("F1", FaultClass.GOVERNOR_HUNTING, "G1", START)
    pairs = list(zip(run(BEFORE + 60, fault), run(BEFORE + 60), strict=True))[BEFORE:]

    def swing(measurement: str) -> Floats:
        return np.array(
            [true(faulty, measurement)[0] - true(healthy, measurement)[0] for (_, faulty), (_, healthy) in pairs]
        )

    assert 0.05 * 150 < swing("power_output_kw").max() < 0.1 * 150
    assert 0.1 < swing("bus_frequency_hz").max() < 0.2
    crossings = np.flatnonzero(np.diff(swing("bus_frequency_hz") > 0.05))
    assert np.diff(crossings[::2]) == pytest.approx(10)  # every other crossing is a period: 6 to 20 s
    assert all(faulty.truth.served_kw == pytest.approx(faulty.truth.values[0].sum()) for (_, faulty), _ in pairs)


@pytest.mark.parametrize(("magnitude", "direction"), [(1.0, 1), (-1.0, -1)])
def test_a_failed_voltage_regulator_runs_to_its_limit(magnitude: float, direction: int) -> None:
    fault = Fault("F1", FaultClass.AVR_FAILURE, "G1", START, magnitude=magnitude)
    *_, (_, faulty) = run(BEFORE + 10, fault)
    *_, (_, healthy) = run(BEFORE + 10)
    own, sister = (true(faulty, "reactive_power_kvar")[i] - true(healthy, "reactive_power_kvar")[i] for i in (0, 1))
    volts = true(faulty, "voltage_v")[0] / true(healthy, "voltage_v")[0] - 1
    assert own * direction > 40
    assert sister * direction < -3
    assert 0.03 <= volts * direction <= 0.1


def test_a_lost_injector_burns_more_and_cools_the_exhaust() -> None:
    fault = Fault("F1", FaultClass.INJECTOR_LOSS, "G1", START)
    *_, (_, faulty) = run(BEFORE + 900, fault)
    *_, (_, healthy) = run(BEFORE + 900)
    assert true(faulty, "power_output_kw")[0] == true(healthy, "power_output_kw")[0]
    assert true(faulty, "fuel_rate_lph")[0] / true(healthy, "fuel_rate_lph")[0] == pytest.approx(1.12)
    assert true(healthy, "exhaust_temperature_c")[0] - true(faulty, "exhaust_temperature_c")[0] == pytest.approx(
        20, abs=1
    )


def test_a_tripped_breaker_takes_the_set_off_at_once_and_dispatch_replaces_it() -> None:
    fault = Fault("F1", FaultClass.BREAKER_TRIP, "G1", START)
    scans = [scan for _, scan in run(BEFORE + 240, fault)]
    before, at = reported(scans[START - 2]), reported(scans[START - 1])
    assert (before.breaker_closed, at.breaker_closed, at.state, at.power_output_kw) == (True, False, "TRIPPED", 0)
    frequency = [true(scan, "bus_frequency_hz")[1] for scan in scans]
    assert frequency[START - 2] - frequency[START - 1] > 0.15
    on_line = [int((scan.truth.phase == Phase.ON_LINE).sum()) for scan in scans]
    assert on_line[START - 1] == on_line[0] - 1
    assert on_line[-1] == on_line[0]


def test_a_set_that_does_not_fire_overcranks_and_the_next_one_starts() -> None:
    standing = [i for i, phase in enumerate(plant.initial(CONFIG).phase) if phase == Phase.STOPPED]
    assert len(standing) >= 2
    trip = Fault("T", FaultClass.BREAKER_TRIP, "G1", START)
    hours = plant.initial(CONFIG).run_hours_h
    first = min(standing, key=lambda i: hours[i])
    faults = (Fault("F", FaultClass.FAIL_TO_START, f"G{first + 1}", 1), trip)
    scans = [scan for _, scan in run(BEFORE + 240, *faults)]
    rows = [reported(scan, f"G{first + 1}") for scan in scans]
    overcranked = next(i for i, row in enumerate(rows) if "OVERCRANK" in row.fault_alarms)
    cranked = next(i for i, row in enumerate(rows) if row.state == "STARTING")
    assert 30 <= overcranked - cranked <= 45
    assert rows[-1].state == "TRIPPED"
    assert rows[-1].start_count == rows[0].start_count
    assert (scans[-1].truth.phase == Phase.ON_LINE).sum() == (scans[0].truth.phase == Phase.ON_LINE).sum()


def test_a_set_out_of_automatic_mode_stops_and_its_heater_is_off() -> None:
    fault = Fault("F1", FaultClass.LEFT_OUT_OF_AUTO, "G1", START)
    states = list(run(BEFORE + 400, fault))
    row = reported(states[-1][1])
    assert (row.mode, row.state, row.breaker_closed) == ("OFF", "STOPPED", False)
    assert reported(states[0][1]).mode == "AUTO"


def test_a_lost_device_is_null_throughout_and_says_why() -> None:
    fault = Fault("F1", FaultClass.LINK_LOSS, "G1", START, START + 3)
    rows = [reported(scan) for _, scan in run(40, fault)]
    for row in rows[START - 1 : START + 2]:
        assert set(row.quality.values()) == {"BadNoCommunication"}
        assert len(row.quality) == 19
        assert row.fault_alarms == []
    assert rows[START + 2].quality == {}
    assert [row.seq for row in rows] == list(range(40))


def test_a_gateway_outage_is_silence_then_history_once_each() -> None:
    fault = Fault("F1", FaultClass.GATEWAY_OUTAGE, "G3", START, START + 50)
    lines = [readings(CONFIG, scan) for _, scan in run(BEFORE + 60, fault)]
    assert [len(line) for line in lines[START - 1 : START + 49]] == [0] * 50
    burst = lines[START + 49]
    assert [len(line) for line in lines[START + 49 : START + 53]] == [210, 210, 110, 10]
    assert {reading.historical for reading in burst[:200]} == {True}
    assert {reading.cause for reading in burst[200:]} == {"INTERROGATED"}
    assert all(reading.server_time > reading.source_time for reading in burst)
    seqs = [reading.seq for line in lines for reading in line if reading.generator_id == "G7"]
    assert sorted(seqs) == list(range(BEFORE + 60))
    historical = [
        reading.seq for line in lines for reading in line if reading.historical and reading.generator_id == "G7"
    ]
    assert historical == list(range(BEFORE, BEFORE + 50))


def test_a_restarting_gateway_polls_nothing_and_then_everything() -> None:
    fault = Fault("F1", FaultClass.GATEWAY_RESTART, "G3", START, START + 20)
    lines = [readings(CONFIG, scan) for _, scan in run(BEFORE + 30, fault)]
    assert [len(line) for line in lines[START - 2 : START + 21]] == [10] + [0] * 20 + [10, 10]
    assert {reading.cause for reading in lines[START + 19]} == {"INTERROGATED"}
    seqs = [reading.seq for line in lines for reading in line if reading.generator_id == "G7"]
    assert seqs == list(range(BEFORE + 10))


def test_late_readings_keep_their_order_and_the_rest_is_on_time() -> None:
    fault = Fault("F1", FaultClass.LATE_DELIVERY, "G1", START, START + 20, magnitude=7.0)
    late = [r for _, scan in run(BEFORE + 40, fault) for r in readings(CONFIG, scan)]
    delays = [(r.server_time - r.source_time).total_seconds() for r in late if r.generator_id == "G1"]
    assert sum(delay > 6.9 for delay in delays) == 20
    assert max(delays) < 7.1
    assert all((r.server_time - r.source_time).total_seconds() < 0.05 for r in late if r.generator_id != "G1")


def test_readings_overtake_each_other() -> None:
    fault = Fault("F1", FaultClass.OUT_OF_ORDER, "G1", START, START + 60)
    rows = [r for _, scan in run(BEFORE + 80, fault) for r in readings(CONFIG, scan) if r.generator_id == "G1"]
    seqs = [row.seq for row in rows]
    assert seqs != sorted(seqs)
    assert sorted(seqs) == list(range(BEFORE + 80))
    assert not any(row.historical for row in rows)


@pytest.mark.parametrize(
    ("kind", "expected"), [(FaultClass.CLOCK_STEP, lambda _: 30.0), (FaultClass.CLOCK_SKEW, lambda age: age * 5 / 3600)]
)
def test_a_wrong_clock_shows_in_source_time_alone(kind: FaultClass, expected: Callable[[float], float]) -> None:
    fault = Fault("F1", kind, "G1", START)
    for _, scan in run(BEFORE + 30, fault):
        error = (reported(scan).source_time - reported(scan, "G2").source_time).total_seconds()
        assert error == pytest.approx(expected(scan.number - START) if scan.number >= START else 0, abs=1e-5)
        assert reported(scan).server_time == reported(scan, "G2").server_time


def test_report_by_exception_is_silent_while_nothing_moves_but_not_for_long() -> None:
    controls = Controls(deadband=6.0, longest_silence_us=20_000_000)
    rows = [r for _, scan in run(300, controls=controls) for r in readings(CONFIG, scan)]
    for generator in ("G1", "G10"):
        own = [row for row in rows if row.generator_id == generator]
        gaps = [(b.source_time - a.source_time).total_seconds() for a, b in pairwise(own)]
        assert max(gaps) <= 20
        assert [row.seq for row in own] == list(range(len(own)))
    standing = [row for row in rows if row.generator_id == "G10"]
    assert len(standing) < 20
    assert {row.cause for row in standing} == {"PERIODIC", "SPONTANEOUS"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": FaultClass.BIAS}, "measurement must be given for bias"),
        ({"kind": FaultClass.FUEL_LEAK, "measurement": "voltage_v"}, "measurement must be left out"),
        (
            {"kind": FaultClass.BIAS, "measurement": "state"},
            "measurement must be one of power_output_kw, .* not 'state'",
        ),
        ({"kind": FaultClass.FUEL_LEAK, "magnitude": 501.0}, "between 0.5 and 500 L/h and not 0, not 501.0"),
        ({"kind": FaultClass.CLOCK_STEP, "magnitude": 0.0}, "not 0, not 0.0"),
        ({"kind": FaultClass.LINK_LOSS, "magnitude": 1.0}, "magnitude must be left out for link_loss"),
        ({"kind": FaultClass.LINK_LOSS, "end": 5}, "end must be after the start at scan 5, not 5"),
        ({"kind": FaultClass.BIAS, "measurement": "voltage_v", "magnitude": float("nan")}, "not nan"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(id="F1", generator="G1", start=5, **arguments)

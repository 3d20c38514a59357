"""The plant keeps the laws of its machines, whatever the seed and whatever is done to its controls.

Laws are checked on true values, in every step; what the instruments make of them is test_instruments' matter.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from contracts import judge, wire
from generator import electrical, plant
from generator.chance import Floats
from generator.controls import Controls
from generator.faults import KINDS, Effects, Fault, FaultClass
from generator.fleet import PlantConfig, fleet
from generator.instruments import ROW
from generator.nameplate import IDLE_LPH, LPH_PER_KW, REFUEL_LPH, TANK_L
from generator.readings import readings
from generator.scan import Scan
from generator.sequence import CLOSED, FUELLED, SPINNING, Phase
from generator.state import State

HEALTHY = Effects({})
NEW_YEAR_US = 1_767_225_600_000_000
FUEL_CHART = ((37.5, 13.6), (75.0, 22.3), (112.5, 31.8), (150.0, 41.3))
"""Published for a 150 kW set: kW and L/h."""

LEVEL_OFF_PCT = 0.3 + 0.5 + 10 * 100 * (REFUEL_LPH + 600) / TANK_L / 3600
LEVEL_NOISE_PCT = 5 * 0.08
"""How far a level that is told may be off: zero, creep suppression, ten seconds of lag; noise, of which 1 is usual."""

configs = st.builds(
    PlantConfig,
    stream_id=st.just("run"),
    seed=st.integers(0, 2**63 - 1),
    start=st.integers(0, 7 * 24 * 60).map(lambda minutes: NEW_YEAR_US + minutes * 60_000_000),
    generators=st.integers(1, 23),
)
controls = st.builds(
    Controls,
    scan_interval_us=st.sampled_from((100_000, 500_000, 1_000_000, 7_000_000)) | st.integers(100_000, 60_000_000),
    ambient_temperature_c=st.floats(-30, 50),
    demand_factor=st.floats(0, 2),
    noise=st.floats(0, 10),
    deadband=st.sampled_from((0.0, 3.0)),
)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, Controls]:
    """Controls, and for how many scans: a minute and a half of them at most, or two of the longest."""
    drawn = draw(controls)
    return draw(st.integers(1, max(2, min(90, 90_000_000 // drawn.scan_interval_us)))), drawn


programmes = st.lists(spans(), min_size=1, max_size=4)


@st.composite
def any_faults(draw: st.DrawFn) -> Fault:
    """A fault of the first set, of any class, as small, as usual or as large as that may be."""
    kind = draw(st.sampled_from(FaultClass))
    known = KINDS[kind]
    start = draw(st.integers(1, 30))
    return Fault(
        f"{kind}-{start}",
        kind,
        "G1",
        start,
        draw(st.none() | st.integers(start + 1, start + 60)),
        magnitude=draw(st.sampled_from((None, known.least, known.most))) if known.unit else None,
        measurement=draw(st.sampled_from(list(ROW))) if known.instrument else None,
    )


faults_of_one_set = st.lists(any_faults(), max_size=5, unique_by=lambda fault: fault.id)
tanks = st.floats(0, 1)
"""How full the tanks are at first: a reading of less than a quarter has them filled."""


def simulate(config: PlantConfig, *programme: tuple[int, Controls]) -> Iterator[tuple[State, State, Scan]]:
    """The state before, the state after and the scan, for so many scans under each of these controls."""
    state = plant.initial(config)
    for scans, in_force in programme:
        for _ in range(scans):
            before = state
            state, scan = plant.step(config, state, in_force)
            yield before, state, scan


@dataclass(frozen=True)
class Step:
    """A step on the way to a scan: the plant before and after it, what was true in it, and how long it took."""

    before: State
    after: State
    values: Floats
    served_kw: Floats
    demand_kw: Floats
    leaking_lph: Floats
    hours: float

    def __getitem__(self, measurement: str) -> Floats:
        row: Floats = self.values[ROW[measurement]]
        return row

    def filled_l(self) -> Floats:
        """What was filled into the tanks."""
        filled: Floats = np.where(self.after.refuelling, REFUEL_LPH * self.hours, 0.0)
        return filled

    def taken_l(self) -> Floats:
        """What was burnt and leaked away, or all that there was."""
        taken: Floats = np.minimum((self["fuel_rate_lph"] + self.leaking_lph) * self.hours, self.before.fuel_l)
        return taken


def simulate_in_steps(
    config: PlantConfig, programme: list[tuple[int, Controls]], faults: list[Fault], tank: float
) -> Iterator[tuple[State, State, Scan, list[Step]]]:
    """The same with the steps to each scan; the tanks are so full at first, and the first set has the faults."""
    state = plant.initial(config)
    state = structs.replace(state, fuel_l=np.full(config.generators, tank * TANK_L))
    for scans, healthy in programme:
        in_force = replace(healthy, faults=tuple(faults))
        for _ in range(scans):
            before = state
            state, scan = plant.step(config, state, in_force)
            yield before, state, scan, steps_to(scan.number, config, before, in_force)


def steps_to(number: int, config: PlantConfig, state: State, in_force: Controls) -> list[Step]:
    """The steps from the state after a scan to the next one, which has this number."""
    leaks = [f.amount for f in in_force.faults if f.kind is FaultClass.FUEL_LEAK and f.is_in_force(number)]
    leaking_lph = np.where(np.arange(config.generators) == 0, sum(leaks), 0.0)
    state, interval = plant.begin(config, state, in_force)
    interval_s = in_force.scan_interval_us / 1e6
    hours = interval_s / math.ceil(interval_s) / 3600
    steps = []
    for _ in range(math.ceil(interval_s)):
        before = state
        state, values, served_kw = plant.advance(fleet(config), state, interval)
        steps.append(Step(before, state, values, served_kw, interval.demand_kw, leaking_lph, hours))
    return steps


def true(scan: Scan, measurement: str) -> Floats:
    row: Floats = scan.truth.values[ROW[measurement]]
    return row


REFUELLED = {
    "config": PlantConfig("run", 7, NEW_YEAR_US + 12 * 3_600_000_000, 3),
    "programme": [(3, Controls(scan_interval_us=60_000_000, deadband=3.0)), (2, Controls(scan_interval_us=2_500_000))],
    "faults": [Fault("leak", FaultClass.FUEL_LEAK, "G1", 1, magnitude=500.0)],
    "tank": 0.24,
}
"""The leak has the first tank refuelled within a scan of a minute."""
RUN_DRY = {**REFUELLED, "tank": 0.0}


@settings(max_examples=25, deadline=None)
@example(**REFUELLED)
@example(**RUN_DRY)
@given(config=configs, programme=programmes, faults=faults_of_one_set, tank=tanks)
def test_the_laws_hold_for_any_seed_any_controls_and_any_faults(
    config: PlantConfig, programme: list[tuple[int, Controls]], faults: list[Fault], tank: float
) -> None:
    """In every step: on the way to a scan after a minute there are sixty, and the scan tells of the last alone."""
    built = fleet(config)
    for _, arrived, scan, steps in simulate_in_steps(config, programme, faults, tank):
        for step in steps:
            before, after, hours = step.before, step.after, step.hours
            closed = CLOSED[after.phase]
            power, reactive, current = (step[m] for m in ("power_output_kw", "reactive_power_kvar", "current_a"))
            volts, hertz, rpm = (step[m] for m in ("voltage_v", "frequency_hz", "engine_speed_rpm"))

            assert np.isfinite(step.values).all()
            assert built.per_site(power) == pytest.approx(step.served_kw, abs=1e-6)
            assert (step.served_kw <= step.demand_kw + 1e-9).all()
            assert np.hypot(power, reactive) == pytest.approx(3 * volts * current / 1000, rel=1e-9, abs=1e-9)
            running = SPINNING[after.phase] & (hertz > 0)
            assert rpm[running] == pytest.approx(30 * hertz[running])
            assert (hertz[closed] == step["bus_frequency_hz"][closed]).all()
            assert (volts[closed] == step["bus_voltage_v"][closed]).all()
            for open_and_so_zero in (power, reactive, current):
                assert not open_and_so_zero[~closed].any()

            assert after.fuel_l - before.fuel_l == pytest.approx(step.filled_l() - step.taken_l(), abs=1e-9)
            assert ((after.fuel_l >= 0) & (after.fuel_l <= TANK_L)).all()
            assert after.energy_kwh - before.energy_kwh == pytest.approx(np.maximum(power, 0) * hours, abs=1e-6)
            assert after.run_hours_h - before.run_hours_h == pytest.approx(FUELLED[after.phase] * hours, abs=1e-6)
            started = (before.phase == Phase.RUN_UP) & (after.phase == Phase.WARM_UP)
            assert (after.start_count - before.start_count == started).all()
        last = steps[-1]
        assert (scan.truth.values == last.values).all()
        assert (arrived.fuel_l == last.after.fuel_l).all()
        assert (arrived.energy_kwh == last.after.energy_kwh).all()


@settings(max_examples=25, deadline=None)
@example(**REFUELLED)
@given(config=configs, programme=programmes, faults=faults_of_one_set, tank=tanks)
def test_readings_tell_the_integrals_over_all_steps_however_long_the_intervals(
    config: PlantConfig, programme: list[tuple[int, Controls]], faults: list[Fault], tank: float
) -> None:
    """Late ones and those by exception too: counters to their resolution, levels to what the instrument explains."""
    places = fleet(config).places
    energy_kwh, run_hours_h = plant.initial(config).energy_kwh, plant.initial(config).run_hours_h
    fuel_l = np.full(config.generators, tank * TANK_L)
    off_pct = LEVEL_OFF_PCT + LEVEL_NOISE_PCT * max(in_force.noise for _, in_force in programme)
    has_true_level = set(places) - {fault.generator for fault in faults if fault.measurement == "fuel_level_pct"}
    expected: dict[tuple[str, int], tuple[float, float, float]] = {}
    for state, arrived, scan, steps in simulate_in_steps(config, programme, faults, tank):
        for step in steps:
            energy_kwh = energy_kwh + np.maximum(step["power_output_kw"], 0) * step.hours
            run_hours_h = run_hours_h + FUELLED[step.after.phase] * step.hours
            fuel_l = fuel_l + step.filled_l() - step.taken_l()
        assert arrived.fuel_l == pytest.approx(fuel_l, abs=1e-6)
        for name, place in places.items():
            told = energy_kwh[place], run_hours_h[place], 100 * fuel_l[place] / TANK_L
            expected[name, int(state.seq[place])] = told
        for reading in readings(config, scan):
            energy, run_hours, level_pct = expected[reading.generator_id, reading.seq]
            if reading.energy_kwh is not None:
                assert -1e-6 < energy - reading.energy_kwh < 0.1 + 1e-6
            if reading.run_hours_h is not None:
                assert -1e-6 < run_hours - reading.run_hours_h < 0.01 + 1e-6
            if reading.fuel_level_pct is not None and reading.generator_id in has_true_level:
                assert reading.fuel_level_pct == pytest.approx(level_pct, abs=off_pct)


@settings(max_examples=10, deadline=None)
@given(config=configs, programme=programmes)
def test_every_reading_keeps_the_contract_and_numbers_are_gap_free(
    config: PlantConfig, programme: list[tuple[int, Controls]]
) -> None:
    told: dict[str, int] = {}
    for state, _, scan in simulate(config, *programme):
        lines = wire.encode_lines(readings(config, scan)).splitlines()
        parsed = [judge.parse(line) for line in lines]
        for reading in parsed:
            assert reading.seq == told.get(reading.generator_id, 0)
            told[reading.generator_id] = reading.seq + 1
        if state.scan == 0:
            assert list(told) == [f"G{i + 1}" for i in range(config.generators)]


@settings(max_examples=10, deadline=None)
@given(config=configs, programme=programmes)
def test_a_healthy_site_serves_its_whole_demand(config: PlantConfig, programme: list[tuple[int, Controls]]) -> None:
    steady = [(scans, replace(in_force, demand_factor=1.0)) for scans, in_force in programme]
    for _, after, scan in simulate(replace(config, generators=10), *steady):
        assert scan.truth.served_kw == pytest.approx(scan.truth.demand_kw)
        assert (after.connected == 1).all()
        assert (abs(true(scan, "bus_frequency_hz") - 50) < 0.6).all()


def test_losing_one_of_eight_sets_at_three_quarters_load_dips_the_frequency_by_a_fifth_of_a_hertz() -> None:
    config = PlantConfig("run", 1, NEW_YEAR_US, 8)
    built = fleet(config)
    demand_kw = np.array([900.0])
    state = structs.replace(plant.initial(config), loading=np.ones(8), base_kw=demand_kw, connected=np.ones(1))
    everyone, nobody = np.ones(8, dtype=bool), np.zeros(8, dtype=bool)
    left = everyone.copy()
    left[3] = False
    frequencies = []
    for closed in (everyone, left):
        bus = electrical.share(
            built, state, closed=closed, unloading=nobody, demand_kw=demand_kw, faulty=HEALTHY, dt=0.1
        )
        frequencies.append(float(bus.frequency_hz[0]))
    assert frequencies[0] == pytest.approx(50)
    assert frequencies[0] - frequencies[1] == pytest.approx(0.21, abs=0.01)

    for _ in range(60):  # and secondary control brings it back
        state = structs.replace(state, loading=bus.loading, base_kw=bus.base_kw, base_kvar=bus.base_kvar)
        bus = electrical.share(built, state, closed=left, unloading=nobody, demand_kw=demand_kw, faulty=HEALTHY, dt=1.0)
    assert float(bus.frequency_hz[0]) == pytest.approx(50, abs=0.01)


def test_fuel_follows_the_published_chart() -> None:
    for power_kw, litres_per_hour in FUEL_CHART:
        assert IDLE_LPH + LPH_PER_KW * power_kw == pytest.approx(litres_per_hour, rel=0.02)
    chart_kw, chart_lph = zip(*FUEL_CHART, strict=True)
    config = PlantConfig("run", 5, NEW_YEAR_US + 9 * 3_600_000_000, 10)
    for _, _, scan in simulate(config, (300, Controls())):
        power = true(scan, "power_output_kw")
        loaded = power > chart_kw[0]
        expected = np.interp(power[loaded], chart_kw, chart_lph)
        assert true(scan, "fuel_rate_lph")[loaded] == pytest.approx(expected, rel=0.03)


@pytest.fixture(scope="module")
def shift() -> list[tuple[State, Scan]]:
    """Five hours of one site in which the load rises and falls, every five seconds."""
    config = PlantConfig("run", 3, NEW_YEAR_US + 3_600_000_000 * (24 * 4 + 6), 10)
    factors = ((720, 0.8), (720, 1.2), (1440, 0.5), (720, 1.0))
    programme = [(scans, Controls(scan_interval_us=5_000_000, demand_factor=factor)) for scans, factor in factors]
    return [(state, scan) for _, state, scan in simulate(config, *programme)]


def test_a_shift_sees_sets_start_and_stop_and_refuel(shift: list[tuple[State, Scan]]) -> None:
    counts = [int(CLOSED[scan.truth.phase].sum()) for _, scan in shift]
    assert min(counts) <= 5
    assert max(counts) >= 8
    assert any(state.refuelling.any() for state, _ in shift)
    phases = {int(phase) for _, scan in shift for phase in scan.truth.phase}
    assert phases == set(Phase) - {Phase.TRIPPED}


def test_spinning_reserve_covers_the_loss_of_any_set(shift: list[tuple[State, Scan]]) -> None:
    covered = [(CLOSED[scan.truth.phase].sum() - 1) * 150 * 1.1 >= scan.truth.demand_kw[0] for _, scan in shift]
    assert sum(covered) / len(covered) > 0.98


def test_warm_coolant_is_independent_of_load(shift: list[tuple[State, Scan]]) -> None:
    since = np.zeros(10)
    for _, scan in shift:
        since = np.where(CLOSED[scan.truth.phase], since + 5, 0)
        warm = true(scan, "coolant_temperature_c")[since > 3600]
        assert ((warm > 82) & (warm < 93)).all()


def test_a_stopped_engine_soaks_then_cools_to_its_heater(shift: list[tuple[State, Scan]]) -> None:
    coolant = np.array([true(scan, "coolant_temperature_c") for _, scan in shift])
    phase = np.array([scan.truth.phase for _, scan in shift])
    stops = np.argwhere((phase[1:] == Phase.COASTING) & (phase[:-1] == Phase.COOL_DOWN))
    assert len(stops)
    for scan, number in stops:
        rise = coolant[scan + 1 : scan + 180, number].max() - coolant[scan, number]
        assert 3 <= rise <= 6
    standing = (phase == Phase.STOPPED).all(axis=0)
    assert coolant[:, standing] == pytest.approx(40)


def test_oil_pressure_falls_as_the_engine_warms(shift: list[tuple[State, Scan]]) -> None:
    oil = np.array([true(scan, "oil_pressure_kpa") for _, scan in shift])
    phase = np.array([scan.truth.phase for _, scan in shift])
    starts = np.argwhere((phase[1:] == Phase.ON_LINE) & (phase[:-1] == Phase.SYNCHRONISING))
    assert len(starts)
    for scan, number in starts:
        if (phase[scan + 1 : scan + 720, number] == Phase.ON_LINE).all() and len(phase) > scan + 720:
            assert oil[scan, number] > oil[scan + 720, number] + 40
            assert 370 <= oil[scan + 720, number] <= 430
    assert not oil[phase == Phase.STOPPED].any()


def test_exhaust_lags_load() -> None:
    config = PlantConfig("run", 1, NEW_YEAR_US + 12 * 3_600_000_000, 10)
    scans = [scan for _, _, scan in simulate(config, (300, Controls()), (300, Controls(demand_factor=1.3)))]
    power = np.array([true(scan, "power_output_kw")[0] for scan in scans])
    exhaust = np.array([true(scan, "exhaust_temperature_c")[0] for scan in scans])
    settled = 180 + 320 * power / 150
    assert abs(exhaust[299] - settled[299]) < 10
    assert settled[301] - exhaust[301] > 30  # the load has risen at once, the exhaust has not
    assert abs(exhaust[599] - settled[599]) < 10


def test_a_stopped_set_is_started_in_the_order_of_its_sequence() -> None:
    config = PlantConfig("run", 1, NEW_YEAR_US + 12 * 3_600_000_000, 10)
    phases = [scan.truth.phase for _, _, scan in simulate(config, (60, Controls()), (240, Controls(demand_factor=1.5)))]
    number = next(i for i in range(10) if phases[60][i] == Phase.STOPPED and phases[-1][i] == Phase.ON_LINE)
    seen = [Phase(p[number]) for p in phases]
    order = [seen[0], *(later for earlier, later in pairwise(seen) if later is not earlier)]
    assert order == list(Phase)[:6]
    lasted = {phase: seen.count(phase) for phase in order}
    assert 3 <= lasted[Phase.CRANKING] <= 9
    assert lasted[Phase.RUN_UP] == 5
    assert 20 <= lasted[Phase.WARM_UP] <= 61
    assert 5 <= lasted[Phase.SYNCHRONISING] <= 21


def test_demand_beyond_the_plant_is_shed_and_restored() -> None:
    config = PlantConfig("run", 1, NEW_YEAR_US + 12 * 3_600_000_000, 10)
    served = [
        float(scan.truth.served_kw[0] / scan.truth.demand_kw[0])
        for _, _, scan in simulate(config, (60, Controls()), (400, Controls(demand_factor=2)), (120, Controls()))
    ]
    assert served[59] == 1
    assert min(served[60:460]) < 0.9
    assert served[-1] == 1


def test_two_sets_never_close_onto_a_dead_bus_together() -> None:
    config = PlantConfig("run", 1, NEW_YEAR_US, 3)
    ready = structs.replace(
        plant.initial(config),
        phase=np.full(3, int(Phase.SYNCHRONISING)),
        elapsed_s=np.full(3, 20.0),
        duration_s=np.full(3, 20.0),
        loading=np.zeros(3),
        rpm=np.full(3, 1500.0),
    )
    state, scan = plant.step(config, ready, Controls())
    assert scan.truth.phase.tolist() == [Phase.ON_LINE, Phase.SYNCHRONISING, Phase.SYNCHRONISING]
    for _ in range(25):
        state, scan = plant.step(config, state, Controls())
    assert scan.truth.phase.tolist() == [Phase.ON_LINE] * 3


def test_a_black_start_restores_the_load_as_sets_come_on_line() -> None:
    config = PlantConfig("run", 3, NEW_YEAR_US + 12 * 3_600_000_000, 10)
    trips = tuple(Fault(f"T{i}", FaultClass.BREAKER_TRIP, f"G{i}", 31) for i in range(1, 11))
    scans = [scan for _, _, scan in simulate(config, (2400, Controls(faults=trips)))]
    assert true(scans[30], "bus_frequency_hz").tolist() == true(scans[30], "bus_voltage_v").tolist() == [0.0] * 10
    assert scans[30].truth.served_kw == 0
    served = np.array([scan.truth.served_kw[0] for scan in scans[31:]])
    capacity = np.array([150 * CLOSED[scan.truth.phase].sum() for scan in scans[31:]])
    alive = capacity > 0
    assert alive[: 3 * 60].any()
    assert (served[alive] <= 1.1 * capacity[alive]).all()
    assert served[-1] == pytest.approx(scans[-1].truth.demand_kw[0])  # the tripped sets have been reset meanwhile

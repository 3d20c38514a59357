"""The plant as a function: from the state after one scan and the controls to the state after the next, and the scan."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import Final

import numpy as np
from msgspec.structs import replace

from generator import electrical, engine
from generator.batch import empty
from generator.chance import Floats, Purpose, normal, uniform, words
from generator.controller import control
from generator.controls import Controls
from generator.demand import FLICKER, FLICKER_TAU_S, SLOT_US, events, profile
from generator.device import sample
from generator.dispatch import SPINNING_RESERVE_KW, dispatch
from generator.faults import KINDS, Active, Effects, effects
from generator.fleet import Fleet, PlantConfig, fleet
from generator.gateway import deliver
from generator.instruments import INSTRUMENTS, follow
from generator.lag import gain
from generator.nameplate import (
    EXHAUST_FULL_C,
    EXHAUST_IDLE_C,
    HEATER_C,
    OIL_WARM_KPA,
    RATED_KW,
    RATED_RPM,
    RATED_V,
    RPM_PER_HZ,
    TANK_L,
    THERMOSTAT_C,
)
from generator.protection import picked_up
from generator.scan import Scan, Truth
from generator.sequence import CLOSED, UNLOADING, Phase
from generator.state import Memory, State

LONGEST_STEP_S: Final = 1.0
"""Longer scan intervals are simulated in several steps: the shortest phase of the sequence is three seconds."""
_RESIDUAL_V: Final = 20.0
"""Voltage that a frequency can be measured from."""


def initial(config: PlantConfig) -> State:
    """The plant in operation at its start: warm sets carry the demand of the hour, the others stand by."""
    built = fleet(config)
    count, sites = config.generators, built.site_count
    drawn = uniform(words(config.seed, Purpose.FLEET, 3, 4 * count)).reshape(4, count)
    demand_kw = _demand(config, built, config.start, np.zeros(sites), Controls())
    wanted = np.ceil((demand_kw + SPINNING_RESERVE_KW) / RATED_KW)
    on_line = np.arange(count) % 10 < wanted[built.site]
    machines = np.minimum(wanted, np.bincount(built.site))
    load = (demand_kw / (machines * RATED_KW))[built.site] * on_line
    hours = np.floor(500 + 9500 * drawn[0])
    ones, none = np.ones(count), np.zeros(count)
    running = on_line * ones
    coolant_c = np.where(on_line, THERMOSTAT_C + load, HEATER_C)
    return State(
        scan=0,
        clock_us=config.start,
        phase=np.where(on_line, int(Phase.ON_LINE), int(Phase.STOPPED)),
        elapsed_s=none,
        duration_s=np.inf * ones,
        loading=running,
        rpm=running * RATED_RPM,
        terminal_v=running * RATED_V,
        coolant_c=coolant_c,
        soak_k=running * engine.SOAK_K,
        oil_c=coolant_c,
        oil_kpa=running * OIL_WARM_KPA * built.oil_scale,
        exhaust_c=np.where(on_line, EXHAUST_IDLE_C + (EXHAUST_FULL_C - EXHAUST_IDLE_C) * load, 25.0),
        fuel_l=TANK_L * (0.3 + 0.65 * drawn[1]),
        refuelling=np.zeros(count, dtype=bool),
        energy_kwh=np.floor(hours * (75 + 30 * drawn[2])),
        run_hours_h=hours,
        start_count=np.floor(hours * (0.02 + 0.06 * drawn[3])).astype(np.int64),
        trips=np.zeros(count, dtype=np.int64),
        latched=np.zeros(count, dtype=np.int64),
        seq=np.zeros(count, dtype=np.int64),
        sensed=np.full((len(INSTRUMENTS), count), np.nan),
        base_kw=demand_kw,
        base_kvar=demand_kw * built.reactive_share,
        connected=np.ones(sites),
        flicker=np.zeros(sites),
        planned_kw=demand_kw,
        short_s=np.zeros(sites),
        surplus_s=np.zeros(sites),
        memory={},
        outbox=(),
        silent=np.zeros(sites, dtype=bool),
        reported=empty(count),
        reported_us=np.zeros(count, dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class Interval:
    """What stays the same on the way to the next scan.

    Attributes:
        steps, dt: how many steps it is simulated in, and how long each of them is in seconds.
        demand_kw: per site, what the consumers ask for.
        ambient_c: ambient temperature.
        faults, faulty: the faults in force, and what they do to the sets.
        chance: per set, a number from 0 to below 1 that decides how long phases and delays last.
        latency: per site, likewise, for the way to the server.
        noise: shape (instruments, sets), in standard deviations.
    """

    steps: int
    dt: float
    demand_kw: Floats
    ambient_c: float
    faults: Sequence[Active]
    faulty: Effects
    chance: Floats
    latency: Floats
    noise: Floats


def step(config: PlantConfig, state: State, controls: Controls) -> tuple[State, Scan]:
    """Simulate up to the next scan.

    The same arguments always give the same result, on any machine; the state is not changed.
    """
    built = fleet(config)
    state, interval = begin(config, state, controls)
    for _ in range(interval.steps):
        state, values, served_kw = advance(built, state, interval)
    clean = state.sensed * built.gain + built.offset
    sampled, clean = sample(state, clean, interval.noise, faults=interval.faults, memory=state.memory)
    delivery = deliver(
        built,
        state,
        sampled,
        faults=interval.faults,
        controls=controls,
        chance=interval.chance,
        latency=interval.latency,
    )
    truth = Truth(state.phase, values, clean, sampled, interval.demand_kw, served_kw)
    scan = Scan(state.scan, state.clock_us, delivery.batches, truth)
    state = replace(
        state,
        seq=delivery.seq,
        outbox=delivery.outbox,
        silent=delivery.silent,
        reported=delivery.reported,
        reported_us=delivery.reported_us,
    )
    return state, scan


def begin(config: PlantConfig, state: State, controls: Controls) -> tuple[State, Interval]:
    """The state as it enters the interval before the next scan, whose number and time it has already."""
    built = fleet(config)
    count, sites = config.generators, built.site_count
    drawn = words(config.seed, Purpose.SCAN, state.scan + 1, 2 * sites + (1 + len(INSTRUMENTS)) * count)
    per_site, per_set, for_noise = drawn[: 2 * sites], drawn[2 * sites :][:count], drawn[2 * sites + count :]
    steps = -(-controls.scan_interval_us // round(LONGEST_STEP_S * 1e6))
    state = replace(
        state,
        scan=state.scan + 1,
        clock_us=state.clock_us + controls.scan_interval_us,
        flicker=_flicker(state.flicker, normal(per_site[:sites]), controls.scan_interval_us / 1e6),
    )
    faults, memory = _in_force(built, state, controls)
    return replace(state, memory=memory), Interval(
        steps=steps,
        dt=controls.scan_interval_us / 1e6 / steps,
        demand_kw=_demand(config, built, state.clock_us, state.flicker, controls),
        ambient_c=controls.ambient_temperature_c,
        faults=faults,
        faulty=effects(count, faults),
        chance=uniform(per_set),
        latency=uniform(per_site[sites:]),
        noise=normal(for_noise).reshape(len(INSTRUMENTS), count) * controls.noise,
    )


def _in_force(built: Fleet, state: State, controls: Controls) -> tuple[list[Active], Memory]:
    """The faults in force at the state's scan, and the memory of them with those that begin now."""
    found: list[Active] = []
    memory: Memory = {}
    for fault in controls.faults:
        if not fault.is_in_force(state.scan):
            continue
        since_us, held = state.memory.get(fault.id, (state.clock_us, nan))
        age_s = (state.clock_us - since_us) / 1e6
        memory[fault.id] = since_us, held
        longest_s = KINDS[fault.kind].longest_s
        if longest_s is None or age_s <= longest_s:
            found.append(Active(fault, built.places[fault.generator], age_s))
    return found, memory


def _flicker(flicker: Floats, drawn: Floats, dt: float) -> Floats:
    kept = 1 - gain(dt, FLICKER_TAU_S)
    return kept * flicker + FLICKER * sqrt(1 - kept * kept) * drawn


def _demand(config: PlantConfig, built: Fleet, clock_us: int, flicker: Floats, controls: Controls) -> Floats:
    asked = profile(clock_us, built.day_shift_us) * built.load_scale
    asked = asked + events(config.seed, clock_us // SLOT_US, built.site_count)
    return built.installed_kw * controls.demand_factor * asked * (1 + flicker)


def advance(built: Fleet, state: State, interval: Interval) -> tuple[State, Floats, Floats]:
    """The state after one step of the interval, the true values and the load that is served, per site."""
    dt, demand_kw, faulty = interval.dt, interval.demand_kw, interval.faulty
    orders = dispatch(built, state, demand_kw, faulty, dt)
    state = control(built, state, orders=orders, chance=interval.chance, faulty=faulty, dt=dt)
    phase = state.phase
    closed = CLOSED[phase]
    unloading = UNLOADING[phase]
    bus = electrical.share(built, state, closed=closed, unloading=unloading, demand_kw=demand_kw, faulty=faulty, dt=dt)
    bus_hz, bus_v = bus.frequency_hz[built.site], bus.voltage_v[built.site]
    engines = engine.run(
        built,
        state,
        phase=phase,
        elapsed_s=state.elapsed_s,
        power_kw=bus.power_kw,
        bus_hz=bus_hz,
        bus_v=bus_v,
        ambient_c=interval.ambient_c,
        faulty=faulty,
        dt=dt,
    )
    measurable = engines.terminal_v > _RESIDUAL_V
    frequency_hz = np.where(measurable, np.where(closed, bus_hz, engines.rpm / RPM_PER_HZ), 0.0)
    apparent = np.sqrt(bus.power_kw * bus.power_kw + bus.reactive_kvar * bus.reactive_kvar)
    current_a = np.where(closed, apparent * 1000 / (3 * np.where(closed, bus_v, RATED_V)), 0.0)
    values: Floats = np.array(
        (
            bus.power_kw,
            bus.reactive_kvar,
            engines.terminal_v,
            bus_v,
            frequency_hz,
            bus_hz,
            current_a,
            engines.rpm,
            engines.coolant_c,
            engines.exhaust_c,
            engines.oil_kpa,
            engines.fuel_l * (100 / TANK_L),
            engines.fuel_lph,
        )
    )
    trips = picked_up(
        phase=phase,
        elapsed_s=state.elapsed_s,
        power_kw=bus.power_kw,
        current_a=current_a,
        terminal_v=engines.terminal_v,
        frequency_hz=frequency_hz,
        rpm=engines.rpm,
        coolant_c=engines.coolant_c,
        oil_kpa=engines.oil_kpa,
        fuel_l=engines.fuel_l,
    )
    sensed = follow(state.sensed, values, dt)
    state = replace(
        state,
        loading=bus.loading,
        rpm=engines.rpm,
        terminal_v=engines.terminal_v,
        coolant_c=engines.coolant_c,
        soak_k=engines.soak_k,
        oil_c=engines.oil_c,
        oil_kpa=engines.oil_kpa,
        exhaust_c=engines.exhaust_c,
        fuel_l=engines.fuel_l,
        refuelling=engines.refuelling,
        energy_kwh=engines.energy_kwh,
        run_hours_h=engines.run_hours_h,
        trips=trips,
        sensed=sensed,
        base_kw=bus.base_kw,
        base_kvar=bus.base_kvar,
        connected=bus.connected,
        planned_kw=orders.planned_kw,
        short_s=orders.short_s,
        surplus_s=orders.surplus_s,
    )
    return state, values, bus.served_kw

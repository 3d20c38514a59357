"""The engine: speed, coolant, oil, exhaust, fuel and counters.

First-order lags towards what the load asks for, discretised exactly. Time constants are engineering judgement.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generator.chance import Flags, Floats, Integers
from generator.faults import Effects, FaultClass
from generator.fleet import Fleet
from generator.lag import gain
from generator.nameplate import (
    EXHAUST_FULL_C,
    EXHAUST_IDLE_C,
    HEATER_C,
    IDLE_LPH,
    LPH_PER_KW,
    OIL_COLD_KPA,
    OIL_WARM_KPA,
    RATED_KW,
    RATED_RPM,
    RATED_V,
    REFUEL_BELOW,
    REFUEL_LPH,
    REFUEL_UPTO,
    RPM_PER_HZ,
    TANK_L,
    THERMOSTAT_C,
)
from generator.sequence import CLOSED, CRANKING, FUELLED, RUN_UP, SPINNING, SYNCHRONISING, cranks
from generator.state import State

CRANKING_RPM: Final = 180.0
CRANKING_LPH: Final = 3.0
RUN_UP_RPM_PER_S: Final = 300.0
COASTING_RPM_PER_S: Final = 150.0
SPEED_TAU_S: Final = 2.0
EXCITATION_TAU_S: Final = 0.7
EXCITED_RPM: Final = 1100.0

WARM_UP_TAU_S: Final = 300.0
IDLE_WARM_UP_TAU_S: Final = 900.0
COOLING_TAU_S: Final = 5400.0
LOAD_ON_COOLANT_K: Final = 1.5
"""What the thermostat lets full load add."""
HEATER_K_PER_S: Final = 1 / 30
UNCOOLED_K: Final = 45.0
THERMOSTAT_MARGIN_K: Final = 8.0
"""Rise at full load without cooling, and how much of a rise the thermostat can still hide."""
SOAK_K: Final = 9.0
SOAK_TAU_S: Final = 180.0
"""What the hot block gives to the standing coolant; cooling meanwhile leaves a rise of three to six kelvin."""
OIL_TAU_S: Final = 480.0
PRESSURE_TAU_S: Final = 1.5
OIL_COLD_C: Final = 20.0
INJECTOR_K: Final = 20 / 0.12
"""A lost injector cools the mean exhaust by about 20 K."""
EXHAUST_TAU_S: Final = 45.0
EXHAUST_COOLING_TAU_S: Final = 600.0
_STANDSTILL: Final = 0.01
"""A lag never reaches zero; a machine does."""


@dataclass(frozen=True)
class Engines:
    """The engines after a step; see `State` for most of it.

    Attributes:
        fuel_lph: fuel consumption in L/h.
    """

    rpm: Floats
    terminal_v: Floats
    coolant_c: Floats
    soak_k: Floats
    oil_c: Floats
    oil_kpa: Floats
    exhaust_c: Floats
    fuel_l: Floats
    refuelling: Flags
    energy_kwh: Floats
    run_hours_h: Floats
    fuel_lph: Floats


def run(
    fleet: Fleet,
    state: State,
    *,
    phase: Integers,
    elapsed_s: Floats,
    power_kw: Floats,
    bus_hz: Floats,
    bus_v: Floats,
    ambient_c: float,
    faulty: Effects,
    dt: float,
) -> Engines:
    """The engines after ``dt`` seconds in which the set was in this phase and carried this load.

    Args:
        fleet: the fleet.
        state: the plant before the step.
        phase: step of the sequence during it.
        elapsed_s: how long that has lasted at its end.
        power_kw: active power.
        bus_hz: frequency of the set's bus.
        bus_v: voltage of the set's bus.
        ambient_c: ambient temperature.
        faulty: what faults do.
        dt: length of the step.
    """
    fuelled, spinning, closed = FUELLED[phase], SPINNING[phase], CLOSED[phase]
    load = np.maximum(power_kw, 0.0) / RATED_KW
    rpm = _speed(state, phase, elapsed_s, bus_hz, dt)
    excited = np.where((rpm > EXCITED_RPM) & fuelled, RATED_V * rpm / RATED_RPM, 0.0)
    terminal_v = state.terminal_v + gain(dt, EXCITATION_TAU_S) * (excited - state.terminal_v)
    coolant_c, soak_k = _coolant(state, fuelled=fuelled, load=load, ambient_c=ambient_c, faulty=faulty, dt=dt)
    oil_c = state.oil_c + gain(dt, OIL_TAU_S) * (coolant_c - state.oil_c)
    cold = np.clip((THERMOSTAT_C - oil_c) / (THERMOSTAT_C - OIL_COLD_C), -0.2, 1.5)
    pumped = rpm / RATED_RPM * fleet.oil_scale * (OIL_WARM_KPA + (OIL_COLD_KPA - OIL_WARM_KPA) * cold)
    lost, worn = faulty[FaultClass.LUBRICATION_FAILURE], faulty[FaultClass.LUBRICATION_WEAR]
    pumped = np.where(rpm > 0, np.maximum(pumped * (1 - lost) - worn, 0.0), 0.0)
    oil_kpa = state.oil_kpa + gain(dt, PRESSURE_TAU_S) * (pumped - state.oil_kpa)
    extra_fuel = faulty[FaultClass.INJECTOR_LOSS]
    burning = EXHAUST_IDLE_C + (EXHAUST_FULL_C - EXHAUST_IDLE_C) * load - INJECTOR_K * extra_fuel
    exhaust = np.where(spinning, burning, ambient_c)
    exhaust_gain = np.where(spinning, gain(dt, EXHAUST_TAU_S), gain(dt, EXHAUST_COOLING_TAU_S))
    fuel_lph = np.where(fuelled, fleet.fuel_scale * (IDLE_LPH + LPH_PER_KW * np.maximum(power_kw, 0.0)), 0.0)
    fuel_lph = fuel_lph * (1 + extra_fuel)
    fuel_lph = np.where(CRANKING[phase] & (rpm > 0), CRANKING_LPH, fuel_lph)
    refuelling = np.where(state.refuelling, state.fuel_l < REFUEL_UPTO * TANK_L, state.fuel_l < REFUEL_BELOW * TANK_L)
    hours = dt / 3600.0
    return Engines(
        rpm=rpm,
        terminal_v=np.where(closed, bus_v, np.where(terminal_v < _STANDSTILL, 0.0, terminal_v)),
        coolant_c=coolant_c,
        soak_k=soak_k,
        oil_c=oil_c,
        oil_kpa=np.where(oil_kpa < _STANDSTILL, 0.0, oil_kpa),
        exhaust_c=state.exhaust_c + exhaust_gain * (exhaust - state.exhaust_c),
        fuel_l=np.maximum(state.fuel_l - (fuel_lph + faulty[FaultClass.FUEL_LEAK]) * hours, 0.0)
        + refuelling * (REFUEL_LPH * hours),
        refuelling=refuelling,
        energy_kwh=state.energy_kwh + np.maximum(power_kw, 0.0) * hours,
        run_hours_h=state.run_hours_h + fuelled * hours,
        fuel_lph=fuel_lph,
    )


def _speed(state: State, phase: Integers, elapsed_s: Floats, bus_hz: Floats, dt: float) -> Floats:
    target = np.where(SYNCHRONISING[phase] & (bus_hz > 0), bus_hz * RPM_PER_HZ, RATED_RPM)
    governed = state.rpm + gain(dt, SPEED_TAU_S) * (target - state.rpm)
    running_up = np.minimum(np.maximum(state.rpm, CRANKING_RPM) + RUN_UP_RPM_PER_S * dt, RATED_RPM)
    rpm = np.maximum(state.rpm - COASTING_RPM_PER_S * dt, 0.0)
    rpm = np.where(CRANKING[phase], cranks(elapsed_s) * CRANKING_RPM, rpm)
    rpm = np.where(RUN_UP[phase], running_up, rpm)
    rpm = np.where(SPINNING[phase], governed, rpm)
    result: Floats = np.where(CLOSED[phase], bus_hz * RPM_PER_HZ, rpm)
    return result


def _coolant(
    state: State, *, fuelled: Flags, load: Floats, ambient_c: float, faulty: Effects, dt: float
) -> tuple[Floats, Floats]:
    """Coolant temperature and the heat that a stop would still bring; the heater stands by in automatic mode."""
    uncooled = np.maximum(UNCOOLED_K * faulty[FaultClass.COOLING_FAILURE] * (0.15 + load) - THERMOSTAT_MARGIN_K, 0.0)
    warm = THERMOSTAT_C + LOAD_ON_COOLANT_K * load + uncooled
    loaded = np.minimum(load * 4, 1.0)
    warming = gain(dt, IDLE_WARM_UP_TAU_S) + (gain(dt, WARM_UP_TAU_S) - gain(dt, IDLE_WARM_UP_TAU_S)) * loaded
    running = state.coolant_c + warming * (warm - state.coolant_c)
    soaked = np.where(fuelled, 0.0, gain(dt, SOAK_TAU_S) * state.soak_k)
    cooling = state.coolant_c + gain(dt, COOLING_TAU_S) * (ambient_c - state.coolant_c)
    heated = np.minimum(state.coolant_c + HEATER_K_PER_S * dt, HEATER_C)
    heated = np.where(faulty.hits(FaultClass.LEFT_OUT_OF_AUTO), cooling, heated)
    coolant_c = np.where(fuelled, running, np.maximum(cooling, heated) + soaked)
    stored = SOAK_K * np.clip((coolant_c - HEATER_C) / (THERMOSTAT_C - HEATER_C), 0.0, 1.2)
    soak_k = np.where(fuelled, stored, state.soak_k - soaked)
    return coolant_c, soak_k

"""The bus of each site: who carries which load, at what frequency and voltage.

Controllers share the load in proportion. Frequency and voltage follow by droop from the load that secondary control
has not taken over yet, which it does with a first-order lag. There is no swing equation: at scans of a tenth of a
second and more its transients are over.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generator.chance import Flags, Floats
from generator.faults import Effects, FaultClass
from generator.fleet import Fleet
from generator.lag import gain
from generator.nameplate import DROOP, OVERLOAD, RATED_HZ, RATED_KVAR, RATED_KW, RATED_V, REACTIVE_DROOP
from generator.state import State

SECONDARY_TAU_S: Final = 15.0
VOLTAGE_TAU_S: Final = 5.0
RAMP_PER_S: Final = 0.1
"""Of full load: 15 kW/s at rating."""
AVR_BAND: Final = 0.01
"""Fall of the regulated voltage from no load to full load, around its rated value."""
RESTORED_LOAD: Final = 0.8
"""After shedding, feeders are switched back on as long as the sets on line are loaded less than this."""
RESTORED_PER_S: Final = 0.02
HUNTING_HZ: Final = 2.0
"""Swing of the frequency while a set swings by its whole rating: a tenth of it moves the bus by 0.2 Hz."""
MOST_KVAR: Final = 1.1 * RATED_KVAR
LEAST_KVAR: Final = -0.3 * RATED_KVAR
EXCITATION_V: Final = 0.05
"""Rise of the bus voltage while one set's excitation is at its limit, relative."""


@dataclass(frozen=True)
class Bus:
    """The electrical result of a step: true values per set, then per site, then what `State` keeps."""

    power_kw: Floats
    reactive_kvar: Floats
    loading: Floats
    demand_kw: Floats
    served_kw: Floats
    frequency_hz: Floats
    voltage_v: Floats
    base_kw: Floats
    base_kvar: Floats
    connected: Floats


def share(
    fleet: Fleet, state: State, *, closed: Flags, unloading: Flags, demand_kw: Floats, faulty: Effects, dt: float
) -> Bus:
    """Share each site's load among the sets on its bus.

    Args:
        fleet: the fleet.
        state: the plant before the step; its loading says who was on the bus and how much.
        closed: sets on the bus.
        unloading: those of them that leave it soon.
        demand_kw: per site, what is asked for.
        faulty: what faults do.
        dt: length of the step in seconds.
    """
    count = fleet.per_site(closed)
    alive = count > 0
    machines = np.where(alive, count, 1.0)

    before = fleet.per_site(state.loading)
    kept = fleet.per_site(state.loading * closed)
    remaining = np.where(before > 0, kept / np.where(before > 0, before, 1.0), 0.0)
    ramp = np.where(unloading, -RAMP_PER_S * dt, RAMP_PER_S * dt)
    loading = np.where(closed, np.clip(state.loading + ramp, 0.0, 1.0), 0.0)
    weight = fleet.per_site(loading)
    lone = closed & (weight == 0)[fleet.site]  # nobody else carries the load: a dead bus, or all are leaving
    loading = np.where(lone, 1.0, loading)
    weight = np.where(alive, fleet.per_site(loading), 1.0)
    part = loading / weight[fleet.site]

    capacity = count * RATED_KW
    connected = _connect(state.connected, demand_kw, capacity, dt)
    served = np.where(alive, demand_kw * connected, 0.0)
    reactive = served * fleet.reactive_share

    base_kw = np.where(alive, state.base_kw * remaining, 0.0)
    base_kvar = np.where(alive, state.base_kvar * remaining, 0.0)
    base_kw += gain(dt, SECONDARY_TAU_S) * (served - base_kw)
    base_kvar += gain(dt, VOLTAGE_TAU_S) * (reactive - base_kvar)
    by_droop_kw = (served - base_kw) / machines
    by_droop_kvar = (reactive - base_kvar) / machines

    def carried(total: Floats, trim: Floats) -> Floats:
        trims = loading * trim
        # A set's deviation is carried by the others: the sum stays what is served.
        return (total - fleet.per_site(trims))[fleet.site] * part + trims

    load = served / (machines * RATED_KW)
    swing = faulty[FaultClass.GOVERNOR_HUNTING] * loading
    excitation = faulty[FaultClass.AVR_FAILURE] * loading
    limit = np.where(excitation > 0, MOST_KVAR, LEAST_KVAR)
    driven_kvar = abs(excitation) * (limit - (reactive[fleet.site] * part)) / np.maximum(1 - part, 0.1)
    return Bus(
        power_kw=carried(served, fleet.governor_trim_kw + swing * RATED_KW),
        reactive_kvar=carried(reactive, fleet.avr_trim_kvar + driven_kvar),
        loading=loading,
        demand_kw=demand_kw,
        served_kw=served,
        frequency_hz=np.where(
            alive, RATED_HZ * (1 - DROOP * by_droop_kw / RATED_KW) + HUNTING_HZ * fleet.per_site(swing), 0.0
        ),
        voltage_v=np.where(
            alive,
            RATED_V
            * (
                1
                + AVR_BAND * (0.5 - load)
                - REACTIVE_DROOP * by_droop_kvar / RATED_KVAR
                + np.clip(EXCITATION_V * fleet.per_site(excitation), -0.1, 0.1)
            ),
            0.0,
        ),
        base_kw=base_kw,
        base_kvar=base_kvar,
        connected=connected,
    )


def _connect(connected: Floats, demand_kw: Floats, capacity_kw: Floats, dt: float) -> Floats:
    """The share of the demand that is served: shed at once beyond the overload limit, restored step by step."""
    asked = np.maximum(demand_kw, 0.001)
    carried = RESTORED_LOAD * capacity_kw / asked
    restored = np.maximum(connected, np.minimum(connected + RESTORED_PER_S * dt, carried))
    overloaded = demand_kw * connected > OVERLOAD * capacity_kw
    result: Floats = np.minimum(np.where(overloaded, carried, restored), 1.0)
    return result

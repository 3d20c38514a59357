"""Dispatch: how many sets a site runs, and which."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generator.chance import Flags, Floats
from generator.faults import Effects, FaultClass
from generator.fleet import Fleet
from generator.lag import gain
from generator.nameplate import RATED_KW
from generator.sequence import COMMITTED, ON_LINE, STARTABLE, STOPPED
from generator.state import State

SPINNING_RESERVE_KW: Final = 1.25 * RATED_KW
"""So that the loss of one set overloads no other, with a margin for what the demand does meanwhile."""
HYSTERESIS_KW: Final = 0.4 * RATED_KW
START_DELAY_S: Final = 5.0
STOP_DELAY_S: Final = 600.0
PLANNING_TAU_S: Final = 60.0
LEAST_FUEL_L: Final = 10.0
_WARM_FIRST_H: Final = 1e9
"""A set that still runs is taken back before one is started: no run hours outweigh this."""


@dataclass(frozen=True)
class Orders:
    """What dispatch orders, and what it remembers; see `State` for the meaning of the latter."""

    start: Flags
    stop: Flags
    planned_kw: Floats
    short_s: Floats
    surplus_s: Floats


def dispatch(fleet: Fleet, state: State, demand_kw: Floats, faulty: Effects, dt: float) -> Orders:
    """Start a set where capacity falls short of demand and spinning reserve, stop one where another hour shows surplus.

    The set with the fewest run hours starts, the one with the most stops.

    Args:
        fleet: the fleet.
        state: the plant as it is.
        demand_kw: per site, what is asked for, shed load included.
        faulty: what faults do: a set that is out of automatic mode does not obey.
        dt: seconds since the last call.
    """
    automatic = ~faulty.hits(FaultClass.LEFT_OUT_OF_AUTO)
    planned = state.planned_kw + gain(dt, PLANNING_TAU_S) * (demand_kw - state.planned_kw)
    committed = COMMITTED[state.phase] & automatic
    count = fleet.per_site(committed)
    needed = planned + SPINNING_RESERVE_KW
    short_s = np.where(needed > count * RATED_KW, state.short_s + dt, 0.0)
    surplus = (needed + HYSTERESIS_KW < (count - 1) * RATED_KW) & (count > 1)
    surplus_s = np.where(surplus, state.surplus_s + dt, 0.0)

    start = np.zeros(len(committed), dtype=bool)
    urgent = (short_s >= START_DELAY_S) | (count == 0)
    if urgent.any():
        ready = STARTABLE[state.phase] & automatic & (state.fuel_l > LEAST_FUEL_L)
        key = state.run_hours_h - _WARM_FIRST_H * ~STOPPED[state.phase]
        chosen = fleet.first_of_site(np.where(ready, key, np.inf))
        start[chosen[urgent]] = True
        start &= ready
        short_s = np.where(urgent, 0.0, short_s)

    stop = np.zeros(len(committed), dtype=bool)
    ample = surplus_s >= STOP_DELAY_S
    if ample.any():
        on_line = ON_LINE[state.phase] & automatic
        chosen = fleet.first_of_site(np.where(on_line, -state.run_hours_h, np.inf))
        stop[chosen[ample]] = True
        stop &= on_line
        surplus_s = np.where(ample, 0.0, surplus_s)
    return Orders(start, stop | ~automatic, planned, short_s, surplus_s)

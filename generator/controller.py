"""The controllers of the sets: they take orders, follow the sequence, and trip."""

import numpy as np
from msgspec.structs import replace

from generator.chance import Floats
from generator.dispatch import Orders
from generator.faults import Effects, FaultClass
from generator.fleet import Fleet
from generator.protection import BIT, TRIPPING
from generator.sequence import AFTER, CLOSED, CRANKING, FUELLED, OVERCRANK_S, UNLOADING, Phase, command, duration
from generator.state import State


def control(fleet: Fleet, state: State, *, orders: Orders, chance: Floats, faulty: Effects, dt: float) -> State:
    """The state with each set's sequence moved on by ``dt`` seconds.

    Few sets have anything to do at any time, so they are taken one by one, in their order.

    Args:
        fleet: the fleet.
        state: the plant before.
        orders: what dispatch orders.
        chance: per set, a number from 0 to below 1 that decides how long a phase that begins now lasts.
        faulty: what faults do.
        dt: seconds since the last call.
    """
    elapsed_s = state.elapsed_s + dt
    cranking = CRANKING[state.phase]
    tripped = FUELLED[state.phase] & ((state.trips & TRIPPING != 0) | (state.fuel_l <= 0))
    tripped |= CLOSED[state.phase] & faulty.hits(FaultClass.BREAKER_TRIP)
    failed = cranking & (elapsed_s >= OVERCRANK_S)
    ended = (elapsed_s >= state.duration_s) & ~(cranking & faulty.hits(FaultClass.FAIL_TO_START))
    ended |= UNLOADING[state.phase] & (state.loading <= 0)
    due = np.flatnonzero(tripped | failed | ended | orders.start | orders.stop)
    if not len(due):
        return replace(state, elapsed_s=elapsed_s)
    phases, durations_s = state.phase.copy(), state.duration_s.copy()
    starts, latched = state.start_count.copy(), state.latched.copy()
    dead = fleet.per_site(CLOSED[state.phase] & ~tripped) == 0
    claimed: set[int] = set()
    for place in due.tolist():
        before = Phase(phases[place])
        if tripped[place]:
            after = Phase.TRIPPED
            empty = BIT["LOW_FUEL"] if state.fuel_l[place] <= 0 else 0
            latched[place] |= int(state.trips[place]) & TRIPPING | empty
        elif failed[place]:
            after = Phase.TRIPPED
            latched[place] |= BIT["OVERCRANK"]
        elif ended[place]:
            after = AFTER[before]
        else:
            after = command(before, start=bool(orders.start[place]), stop=bool(orders.stop[place]))
        site = int(fleet.site[place])
        if before is Phase.SYNCHRONISING and after is Phase.ON_LINE and dead[site]:
            if site in claimed:  # a sister has just closed onto the dead bus: begin to synchronise with it
                elapsed_s[place], durations_s[place] = 0.0, duration(before, float(chance[place]), 0.0)
                continue
            claimed.add(site)
        if after is before:
            continue
        starts[place] += before is Phase.RUN_UP and after is Phase.WARM_UP
        if before is Phase.TRIPPED:
            latched[place] = 0
        phases[place], elapsed_s[place] = after, 0.0
        durations_s[place] = duration(after, float(chance[place]), float(state.coolant_c[place]))
    return replace(
        state, phase=phases, elapsed_s=elapsed_s, duration_s=durations_s, start_count=starts, latched=latched
    )

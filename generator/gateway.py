"""The gateway of each site: it polls the devices and forwards what they report, at once, later or when it can."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np

from contracts import reading
from generator.batch import Batch, Whole, joined
from generator.chance import Flags, Floats, Integers
from generator.controls import Controls
from generator.faults import Active, FaultClass
from generator.fleet import Fleet
from generator.instruments import DEVIATION, INSTRUMENTS
from generator.state import Held, State

FORWARDED: Final = 20
"""Stored scans that a gateway forwards at each scan once it can again."""
LEAST_LATENCY_US: Final = 5_000
MORE_LATENCY_US: Final = 40_000
"""Time from sampling to receipt by the SCADA server: this least, and up to so much more."""

_CAUSES: Final = get_args(reading.Cause)
_PERIODIC, _SPONTANEOUS, _INTERROGATED = (_CAUSES.index(cause) for cause in ("PERIODIC", "SPONTANEOUS", "INTERROGATED"))
_SILENCING: Final = (FaultClass.GATEWAY_OUTAGE, FaultClass.GATEWAY_RESTART)
_TOLD: Final = [Whole.STATE, Whole.MODE, Whole.BREAKER, Whole.ALARMS]
"""What is reported as soon as it changes."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """What reaches the stream at a scan, and what the gateways remember; see `State` for the latter."""

    batches: tuple[Batch, ...]
    seq: Integers
    outbox: tuple[Held, ...]
    silent: Flags
    reported: Batch
    reported_us: Integers


def deliver(
    fleet: Fleet,
    state: State,
    sampled: Batch,
    *,
    faults: Sequence[Active],
    controls: Controls,
    chance: Floats,
    latency: Floats,
) -> Delivery:
    """Forward what the devices report.

    Args:
        fleet: the fleet.
        state: the plant at the scan.
        sampled: what all devices have to report; what is not polled or not worth a report never gets a number.
        faults: those in force.
        controls: report by exception.
        chance: per set, a number from 0 to below 1, for delays.
        latency: per site, likewise.
    """
    storing, restarting = (_sites(fleet, faults, kind) for kind in _SILENCING)
    silent = storing | restarting
    server_us = state.clock_us + LEAST_LATENCY_US + (latency * MORE_LATENCY_US).astype(np.int64)
    interrogated = (state.silent & ~silent)[fleet.site]
    whole = sampled.whole
    whole[Whole.SEQ] = state.seq
    whole[Whole.SERVER_US] = server_us[fleet.site]
    whole[Whole.CAUSE] = np.where(interrogated, _INTERROGATED, _PERIODIC)
    polled = ~restarting[fleet.site]
    reported, reported_us = state.reported, state.reported_us
    if controls.deadband > 0:
        changed = _has_changed(sampled, state.reported, controls.deadband)
        due = state.clock_us - reported_us >= controls.longest_silence_us
        whole[Whole.CAUSE] = np.where(changed & ~interrogated, _SPONTANEOUS, whole[Whole.CAUSE])
        polled &= changed | due | interrogated
        reported = sampled.where(polled, reported)
        reported_us = np.where(polled, state.clock_us, reported_us)
    delays = {a.place: _delay_us(a, float(chance[a.place])) for a in faults if _delays(a)}
    live, outbox = sampled, state.outbox
    if not polled.all() or storing.any() or delays:
        now = polled & ~silent[fleet.site]
        now[list(delays)] = False
        live = sampled.select(np.flatnonzero(now))
        for site in np.flatnonzero(storing).tolist():
            places = np.flatnonzero(polled & (fleet.site == site))
            outbox += (Held(None, site, sampled.select(places)),)
        for place, delay_us in delays.items():
            if polled[place] and not storing[fleet.site[place]]:
                one = sampled.select(np.array([place]))
                outbox += (Held(state.clock_us + delay_us, int(fleet.site[place]), one),)
    released, outbox = _release(outbox, state.clock_us, silent, server_us)
    batches = tuple(batch for batch in (*released, live) if len(batch))
    return Delivery(batches, state.seq + polled, outbox, silent, reported, reported_us)


def _sites(fleet: Fleet, faults: Sequence[Active], kind: FaultClass) -> Flags:
    """The sites whose gateway has such a fault."""
    hit = np.zeros(fleet.site_count, dtype=bool)
    hit[[fleet.site[active.place] for active in faults if active.fault.kind is kind]] = True
    return hit


def _has_changed(sampled: Batch, reported: Batch, deadband: float) -> Flags:
    moved = np.abs(sampled.values - reported.values)[: len(INSTRUMENTS)] > deadband * DEVIATION
    told = sampled.whole[_TOLD] != reported.whole[_TOLD]
    judged = sampled.quality != reported.quality
    changed: Flags = moved.any(axis=0) | told.any(axis=0) | judged.any(axis=0)
    return changed


def _delays(active: Active) -> bool:
    return active.fault.kind in {FaultClass.LATE_DELIVERY, FaultClass.OUT_OF_ORDER}


def _delay_us(active: Active, chance: float) -> int:
    share = chance if active.fault.kind is FaultClass.OUT_OF_ORDER else 1.0
    return round(active.fault.amount * share * 1e6)


def _release(
    outbox: tuple[Held, ...], clock_us: int, silent: Flags, server_us: Integers
) -> tuple[list[Batch], tuple[Held, ...]]:
    """What leaves the outbox now, and what stays."""
    released: list[Batch] = []
    stays: list[Held] = []
    forwarded = [0] * len(silent)
    for held in outbox:
        stored = held.due_us is None
        if silent[held.site] or (forwarded[held.site] >= FORWARDED if stored else (held.due_us or 0) > clock_us):
            stays.append(held)
            continue
        forwarded[held.site] += stored
        whole = held.batch.whole.copy()
        whole[Whole.SERVER_US] = server_us[held.site]
        whole[Whole.HISTORICAL] = stored
        released.append(Batch(whole, held.batch.values, held.batch.quality))
    return ([joined(released)] if released else []), tuple(stays)

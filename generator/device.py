"""The devices: what each set reports of itself at a scan, its instruments' faults and its clock's included."""

from collections.abc import Sequence
from math import isnan
from typing import Final, get_args

import numpy as np

from contracts import reading
from generator.batch import COUNTERS, QUALITY, QUALITY_ROW, Batch, Whole
from generator.chance import Floats, Integers
from generator.faults import Active, FaultClass, strength
from generator.instruments import DEVIATION, INSTRUMENTS, ROW, indicate
from generator.sequence import CLOSED, STATES
from generator.state import Memory, State

_STATE_CODE: Final = np.array([get_args(reading.State).index(state) for state in STATES])
_MODES: Final = get_args(reading.Mode)
_FIRST: Final = QUALITY_ROW[INSTRUMENTS[0].measurement]
_EXCEEDED: Final = QUALITY["UncertainEngineeringUnitsExceeded"]


def sample(
    state: State, clean: Floats, noise: Floats, *, faults: Sequence[Active], memory: Memory
) -> tuple[Batch, Floats]:
    """What the devices report, and the clean values as the instruments' faults have them.

    Args:
        state: the plant at the scan.
        clean: shape (instruments, sets), what the instruments would indicate without noise, resolution and range.
        noise: the same shape, numbers with deviation 1.
        faults: those in force.
        memory: of the faults; what a frozen instrument indicates is entered here.
    """
    own = [active for active in faults if active.fault.measurement is not None]
    clean, disturbance = _disturbed(clean, noise * DEVIATION, own)
    values, clamped = indicate(clean, disturbance)
    quality = np.zeros((len(QUALITY_ROW), len(state.phase)), dtype=np.uint8)
    quality[_FIRST : _FIRST + len(INSTRUMENTS)] = clamped * np.uint8(_EXCEEDED)
    for active in own:
        at = _at(active)
        told = _told(active, float(values[at]), memory)
        if told is not None:
            values[at] = clean[at] = told[0]
            quality[_FIRST + at[0], at[1]] = QUALITY[told[1]]
    for active in faults:
        if active.fault.kind is FaultClass.LINK_LOSS:
            quality[:, active.place] = QUALITY["BadNoCommunication"]
    counters = (np.floor(getattr(state, name) * 10**places) / 10**places for name, places in COUNTERS.items())
    return Batch(_whole(state, faults), np.vstack((values, *counters)), quality), clean


def _at(active: Active) -> tuple[int, int]:
    return ROW[active.fault.measurement or ""], active.place


def _disturbed(clean: Floats, disturbance: Floats, own: Sequence[Active]) -> tuple[Floats, Floats]:
    """Clean values and noise as the faults of the signal have them."""
    if own:
        clean = clean.copy()
    for active in own:
        if active.fault.kind in {FaultClass.SPIKE, FaultClass.BIAS, FaultClass.DRIFT}:
            clean[_at(active)] += strength(active)
        elif active.fault.kind is FaultClass.NOISE:
            disturbance[_at(active)] *= strength(active)
    return clean, disturbance


def _told(active: Active, value: float, memory: Memory) -> tuple[float, str] | None:
    """What an instrument tells in place of its signal, with the quality that the device gives it."""
    instrument = INSTRUMENTS[_at(active)[0]]
    match active.fault.kind:
        case FaultClass.FROZEN:
            since_us, held = memory[active.fault.id]
            memory[active.fault.id] = since_us, value if isnan(held) else held
            return memory[active.fault.id][1], "Good"
        case FaultClass.DROPOUT:
            return value, "BadSensorFailure"
        case FaultClass.OUT_OF_RANGE:
            return instrument.high, "UncertainEngineeringUnitsExceeded"
        case FaultClass.WIRE_BREAK:
            return instrument.low, "Good"
        case _:
            return None


def _whole(state: State, faults: Sequence[Active]) -> Integers:
    count = len(state.phase)
    whole = np.zeros((len(Whole), count), dtype=np.int64)
    whole[Whole.SET] = np.arange(count)
    whole[Whole.SOURCE_US] = state.clock_us
    whole[Whole.STATE] = _STATE_CODE[state.phase]
    whole[Whole.MODE] = _MODES.index("AUTO")
    whole[Whole.BREAKER] = CLOSED[state.phase]
    whole[Whole.START_COUNT] = state.start_count
    whole[Whole.ALARMS] = state.trips | state.latched
    for active in faults:
        match active.fault.kind:
            case FaultClass.CLOCK_STEP | FaultClass.CLOCK_SKEW:
                whole[Whole.SOURCE_US, active.place] += round(strength(active) * 1e6)
            case FaultClass.LEFT_OUT_OF_AUTO:
                whole[Whole.MODE, active.place] = _MODES.index("OFF")
            case FaultClass.LINK_LOSS:
                whole[Whole.ALARMS, active.place] = 0
            case _:
                pass
    return whole

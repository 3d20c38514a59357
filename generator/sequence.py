"""The set's controller: from standstill to load and back, step by step."""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from generator.chance import Floats
from generator.nameplate import HEATER_C


class Phase(IntEnum):
    """Where a set is in its sequence."""

    STOPPED = 0
    CRANKING = 1
    RUN_UP = 2
    WARM_UP = 3
    SYNCHRONISING = 4
    ON_LINE = 5
    UNLOADING = 6
    COOL_DOWN = 7
    COASTING = 8
    TRIPPED = 9


STATES: Final = (
    ("STOPPED", "STARTING", "STARTING", "STARTING", "STARTING", "RUNNING", "RUNNING", "COOLDOWN", "STOPPED", "TRIPPED")
)  # fmt: skip
"""The contract's state of each phase."""


def _set_of(*phases: Phase) -> npt.NDArray[np.bool]:
    return np.isin(np.arange(len(Phase)), phases)


CLOSED: Final = _set_of(Phase.ON_LINE, Phase.UNLOADING)
"""Phases with the generator breaker closed; index with an array of phases. Likewise the others."""
FUELLED: Final = _set_of(*(phase for phase in Phase if Phase.RUN_UP <= phase <= Phase.COOL_DOWN))
SPINNING: Final = _set_of(*(phase for phase in Phase if Phase.WARM_UP <= phase <= Phase.COOL_DOWN))
COMMITTED: Final = _set_of(*(phase for phase in Phase if Phase.CRANKING <= phase <= Phase.ON_LINE))
STARTABLE: Final = _set_of(Phase.STOPPED, Phase.UNLOADING, Phase.COOL_DOWN)
STOPPED: Final = _set_of(Phase.STOPPED)
CRANKING: Final = _set_of(Phase.CRANKING)
RUN_UP: Final = _set_of(Phase.RUN_UP)
WARM_UP: Final = _set_of(Phase.WARM_UP)
SYNCHRONISING: Final = _set_of(Phase.SYNCHRONISING)
ON_LINE: Final = _set_of(Phase.ON_LINE)
UNLOADING: Final = _set_of(Phase.UNLOADING)
"""Single phases: to compare an array with a member of an enumeration takes numpy many times as long."""

CRANK_S: Final = 8.0
CRANK_ATTEMPTS: Final = 3
OVERCRANK_S: Final = (2 * CRANK_ATTEMPTS - 1) * CRANK_S
"""Three attempts of eight seconds with as long a rest between them; then the start has failed."""
RUN_UP_S: Final = 5.0
COOL_DOWN_S: Final = 300.0
COASTING_S: Final = 30.0
RESET_S: Final = 1800.0
"""A trip latches until the attendant comes and resets it."""


def duration(phase: Phase, chance: float, coolant_c: float) -> float:
    """How long a phase that has just begun will last, in seconds; infinite if it ends by something else.

    Args:
        phase: the phase.
        chance: a number from 0 to below 1.
        coolant_c: true coolant temperature; a warm engine takes load sooner.
    """
    match phase:
        case Phase.CRANKING:
            return 3.0 + 5.0 * chance
        case Phase.RUN_UP:
            return RUN_UP_S
        case Phase.WARM_UP:
            return 60.0 - min(max(coolant_c - HEATER_C, 0.0), 40.0)
        case Phase.SYNCHRONISING:
            return 5.0 + 15.0 * chance
        case Phase.COOL_DOWN:
            return COOL_DOWN_S
        case Phase.COASTING:
            return COASTING_S
        case Phase.TRIPPED:
            return RESET_S
        case _:
            return float("inf")


def command(phase: Phase, *, start: bool, stop: bool) -> Phase:
    """The phase after an order; an order that does not fit the phase changes nothing."""
    match phase:
        case Phase.STOPPED if start:
            return Phase.CRANKING
        case Phase.UNLOADING if start:
            return Phase.ON_LINE
        case Phase.COOL_DOWN if start:
            return Phase.SYNCHRONISING
        case Phase.ON_LINE if stop:
            return Phase.UNLOADING
        case Phase.CRANKING | Phase.RUN_UP if stop:
            return Phase.COASTING
        case Phase.WARM_UP | Phase.SYNCHRONISING if stop:
            return Phase.COOL_DOWN
        case _:
            return phase


AFTER: Final = {
    Phase.CRANKING: Phase.RUN_UP,
    Phase.RUN_UP: Phase.WARM_UP,
    Phase.WARM_UP: Phase.SYNCHRONISING,
    Phase.SYNCHRONISING: Phase.ON_LINE,
    Phase.UNLOADING: Phase.COOL_DOWN,
    Phase.COOL_DOWN: Phase.COASTING,
    Phase.COASTING: Phase.STOPPED,
    Phase.TRIPPED: Phase.STOPPED,
}
"""What follows a phase that has come to its end."""


def cranks(elapsed: Floats) -> npt.NDArray[np.bool]:
    """Whether the starter turns the engine, or rests, so many seconds after the first attempt began."""
    turning: npt.NDArray[np.bool] = elapsed % (2 * CRANK_S) < CRANK_S
    return turning

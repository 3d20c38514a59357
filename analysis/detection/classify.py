"""From a residual that has shifted to the class of fault that it shows: pure functions.

Classes overlap where physics does: a lost injector looks like a fuel meter that reads high, a thermometer that drifts
quickly like lost cooling. What is named is the more likely of them.
"""

from typing import Final

QUICK_US: Final = 150_000_000
"""Within 150 s from the onset to the alarm a change of temperature or pressure is quick."""
STEPPED_US: Final = 300_000_000
"""A step that is at most 300 s old explains a shift."""


def of_instrument(stepped: bool) -> str:
    """The class of a residual of redundancy: a step is a bias, else it is a drift."""
    return "bias" if stepped else "drift"


def of_fuel(direction: int, stepped: bool) -> str:
    """More fuel at the same power that came slowly is an efficiency loss; a meter steps, or reads low."""
    if stepped:
        return "bias"
    return "injector_loss" if direction > 0 else "drift"


def of_coolant(direction: int, stepped: bool, lasted_us: int) -> str:
    """Lost cooling heats up within minutes; a thermometer steps, drifts for an hour, or reads low."""
    if stepped:
        return "bias"
    return "cooling_failure" if direction > 0 and lasted_us <= QUICK_US else "drift"


def of_oil(direction: int, stepped: bool, lasted_us: int) -> str:
    """A pressure that falls within a minute is a failure, over hours wear; a transmitter steps, or reads high."""
    if stepped:
        return "bias"
    if direction > 0:
        return "drift"
    return "lubrication_failure" if lasted_us <= QUICK_US else "lubrication_wear"

"""The controller's protections: what it annunciates, and what trips the set.

They work on switches of their own, not on the measurements that are reported: a sensor that lies does not stop the set.
"""

from typing import Final, get_args

import numpy as np

from contracts.reading import FaultAlarm
from generator.chance import Floats, Integers
from generator.nameplate import (
    TANK_L,
    TRIP_COOLANT_C,
    TRIP_OIL_KPA,
    TRIP_REVERSE_KW,
    TRIP_RPM,
    WARN_A,
    WARN_FUEL,
    WARN_HZ,
    WARN_V,
)
from generator.sequence import CLOSED, SPINNING, WARM_UP

ALARMS: Final[tuple[str, ...]] = get_args(FaultAlarm)
"""The alarms; the place of each is the number of its bit."""
BIT: Final = {alarm: 1 << place for place, alarm in enumerate(ALARMS)}
TRIPPING: Final = sum(
    BIT[alarm] for alarm in ("REVERSE_POWER", "HIGH_COOLANT_TEMPERATURE", "LOW_OIL_PRESSURE", "OVERSPEED", "OVERCRANK")
)
"""Those that stop the set; the others only annunciate. So does an empty tank, by itself."""
OIL_DELAY_S: Final = 15.0
"""Oil pressure is not judged so soon after the run-up."""


def picked_up(
    *,
    phase: Integers,
    elapsed_s: Floats,
    power_kw: Floats,
    current_a: Floats,
    terminal_v: Floats,
    frequency_hz: Floats,
    rpm: Floats,
    coolant_c: Floats,
    oil_kpa: Floats,
    fuel_l: Floats,
) -> Integers:
    """Bits of the protections whose condition holds, per set; all arguments are true values."""
    closed, spinning = CLOSED[phase], SPINNING[phase]
    judged = spinning & ~(WARM_UP[phase] & (elapsed_s < OIL_DELAY_S))
    conditions = {
        "LOW_FUEL": fuel_l < WARN_FUEL * TANK_L,
        "HIGH_VOLTAGE": closed & (terminal_v > WARN_V[1]),
        "LOW_VOLTAGE": closed & (terminal_v < WARN_V[0]),
        "OVERFREQUENCY": closed & (frequency_hz > WARN_HZ[1]),
        "UNDERFREQUENCY": closed & (frequency_hz < WARN_HZ[0]),
        "OVERCURRENT": current_a > WARN_A,
        "REVERSE_POWER": power_kw < TRIP_REVERSE_KW,
        "HIGH_COOLANT_TEMPERATURE": coolant_c >= TRIP_COOLANT_C,
        "LOW_OIL_PRESSURE": judged & (oil_kpa <= TRIP_OIL_KPA),
        "OVERSPEED": rpm > TRIP_RPM,
    }
    bits = np.zeros(len(phase), dtype=np.int64)
    for alarm, condition in conditions.items():
        bits |= condition * np.int64(BIT[alarm])
    return bits

"""What a healthy set of the reference design would measure: pure functions of its load.

The constants describe the reference set of `docs/plant.md`; those that scale with the rating take the nameplate. None
is fitted to the readings that are judged.
"""

from math import exp
from typing import Final

from analysis.detection.nameplate import Nameplate

COOLANT_WARM_C: Final = 87.0
COOLANT_RISE_K: Final = 1.5
"""Warm coolant without load, and what full load adds: the thermostat opens at 82 °C and is open at 93 °C."""
COOLANT_TAU_S: Final = 300.0
COOLANT_IDLE_TAU_S: Final = 900.0
"""Warm-up time constant from a quarter of the load on, and without load."""
EXHAUST_IDLE_C: Final = 180.0
EXHAUST_RISE_K: Final = 320.0
EXHAUST_TAU_S: Final = 50.0
"""Exhaust unloaded, what full load adds, and the lag of gas and thermocouple together (45 s and 5 s)."""
OIL_WARM_KPA: Final = 400.0
"""Oil pressure of the warm engine at rated speed."""


def fuel_lph(power_kw: float, plate: Nameplate) -> float:
    """Fuel consumption in L/h: affine in active power between the nameplate's two points (HOMER Pro's fuel curve)."""
    slope = (plate.full_load_lph - plate.no_load_lph) / plate.rated_power_kw
    return plate.no_load_lph + slope * max(power_kw, 0.0)


def approach(before: float, target: float, dt_s: float, tau_s: float) -> float:
    """A first-order lag after ``dt_s`` seconds of a constant target, discretised exactly."""
    return before + (1 - exp(-dt_s / tau_s)) * (target - before)


def coolant_c(before: float, power_kw: float, dt_s: float, plate: Nameplate) -> float:
    """Coolant temperature of a running engine ``dt_s`` seconds later in °C: a lag towards the thermostat's temperature.

    Args:
        before: temperature before in °C.
        power_kw: mean active power meanwhile; little load warms slowly.
        dt_s: how long.
        plate: the ratings.
    """
    load = max(power_kw, 0.0) / plate.rated_power_kw
    loaded = min(4 * load, 1.0)
    gain = (1 - exp(-dt_s / COOLANT_IDLE_TAU_S)) * (1 - loaded) + (1 - exp(-dt_s / COOLANT_TAU_S)) * loaded
    return before + gain * (COOLANT_WARM_C + COOLANT_RISE_K * load - before)


def exhaust_c(before: float, power_kw: float, dt_s: float, plate: Nameplate) -> float:
    """Exhaust temperature of a running engine ``dt_s`` seconds later in °C: a lag towards what the load gives.

    Args:
        before: temperature before in °C.
        power_kw: mean active power meanwhile.
        dt_s: how long.
        plate: the ratings.
    """
    load = max(power_kw, 0.0) / plate.rated_power_kw
    return approach(before, EXHAUST_IDLE_C + EXHAUST_RISE_K * load, dt_s, EXHAUST_TAU_S)

"""Impossible rates: a change from one reading to the next that no engine makes."""

from collections.abc import Sequence
from functools import cache
from operator import gt, sub
from typing import Final

from analysis.health.columns import COUNTERS, INERT

PER_SECOND: Final = {
    "engine_speed_rpm": 600.0,
    "coolant_temperature_c": 3.0,
    "exhaust_temperature_c": 25.0,
    "oil_pressure_kpa": 400.0,
    "fuel_level_pct": 2.0,
    "energy_kwh": 0.3,
    "run_hours_h": 0.2,
}
"""Most that each can change in a second, in its unit, its noise (six deviations of a difference) and resolution
included. By judgement: the coolant's mass (heater and full load move it by 0.3 K/s), the exhaust thermocouple (320 K
with 45 s), the oil pump's build-up (550 kPa with 1.5 s), a delivery (50 L/min of 500 L, waves), run-up (300 rpm/s) and
coasting, and for the counters 250 kW and one hour an hour. Power, current, voltage and fuel rate step by themselves."""

NAMES: Final = INERT + COUNTERS
_RATES: Final = tuple(PER_SECOND[name] for name in NAMES)


@cache
def _limits(tenths: int) -> tuple[float, ...]:
    return tuple(rate * tenths / 10 for rate in _RATES)


def impossible(before: Sequence[float], now: Sequence[float], elapsed_us: int) -> list[tuple[str, float, float]]:
    """The changes between two readings that are impossible; what is NaN in either is not judged.

    Args:
        before: the inert measurements and the counters, in the order of `PER_SECOND`.
        now: the same of the next reading.
        elapsed_us: source time between them; below a second it counts as one, and above a minute as one.

    Returns:
        Name, change per second and limit per second of each.
    """
    tenths = min(max(-(-elapsed_us // 100_000), 10), 600)
    changes = list(map(abs, map(sub, now, before)))
    limits = _limits(tenths)
    if not any(map(gt, changes, limits)):
        return []
    return [
        (name, change * 10 / tenths, PER_SECOND[name])
        for name, change, limit in zip(NAMES, changes, limits, strict=True)
        if change > limit
    ]

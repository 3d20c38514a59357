"""First-order lags, discretised exactly."""

import math
from functools import cache


@cache
def gain(dt: float, tau: float) -> float:
    """The share of its distance from a constant target that a lag covers in ``dt`` seconds: 1 - exp(-dt/tau).

    Rounded, because the last bit of exp depends on the mathematical library, and this is fed back.
    """
    return round(-math.expm1(-dt / tau), 12)

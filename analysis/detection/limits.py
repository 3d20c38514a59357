"""How far each residual of a healthy set may be off, and what sum of more is an alarm."""

from typing import Final, NamedTuple


class Limit(NamedTuple):
    """How a residual is summed up.

    Attributes:
        allowance: what a healthy set may be off, in the residual's unit.
        decision: the sum over blocks that is an alarm, in the residual's unit.
        step: change within two blocks that is a step; None where neighbouring readings tell.
    """

    allowance: float
    decision: float
    step: float | None


LIMITS: Final = {
    "electrical": Limit(1.4, 5.0, 1.2),
    "voltage": Limit(0.8, 2.0, 0.8),
    "frequency": Limit(0.012, 0.04, 0.02),
    "speed": Limit(0.7, 2.5, 1.5),
    "fuel_rate_lph": Limit(0.8, 5.0, 0.8),
    "coolant_temperature_c": Limit(1.6, 6.0, None),
    "exhaust_temperature_c": Limit(12.0, 40.0, None),
    "oil_pressure_kpa": Limit(26.0, 40.0, None),
}
"""Each allowance covers the calibration errors of healthy instruments (0.3 % of power and current, 0.15 % of voltage,
0.5 K, 3 K, 1 % of the oil pressure and 4 % between sets) and the models' own error."""

"""Coolant and exhaust temperature held against the models that follow them."""

from collections.abc import Callable
from math import isnan, nan
from typing import TypeAlias

from analysis.detection import models
from analysis.detection.memory import Memory
from analysis.detection.nameplate import Nameplate

_Model: TypeAlias = Callable[[float, float, float, Nameplate], float]


class Temperatures(Memory):
    """Open-loop observers of the two temperatures: begun at a measurement, then driven by active power alone.

    Attributes:
        coolant_c, exhaust_c: what the models say now in °C; None where they have not begun.
    """

    __slots__ = ("coolant_c", "exhaust_c")

    def __init__(self) -> None:
        self.coolant_c: float | None = None
        self.exhaust_c: float | None = None

    def lose_track(self) -> None:
        """Begin anew at the next measurement."""
        self.coolant_c = self.exhaust_c = None

    def residuals(
        self, coolant_c: float, exhaust_c: float, power_kw: float, dt_s: float, plate: Nameplate
    ) -> tuple[float, float]:
        """Follow a block of readings.

        Args:
            coolant_c: mean of the coolant temperature in °C; NaN where it is not known, as the next two.
            exhaust_c: mean of the exhaust temperature in °C.
            power_kw: mean active power.
            dt_s: length of the block in seconds.
            plate: the ratings.

        Returns:
            What coolant and exhaust are off the models' means in K; NaN where that is not known.
        """
        self.coolant_c, coolant_k = _follow(models.coolant_c, self.coolant_c, coolant_c, power_kw, dt_s, plate)
        self.exhaust_c, exhaust_k = _follow(models.exhaust_c, self.exhaust_c, exhaust_c, power_kw, dt_s, plate)
        return coolant_k, exhaust_k


def _follow(
    model: _Model, before: float | None, measured: float, power_kw: float, dt_s: float, plate: Nameplate
) -> tuple[float | None, float]:
    """The model after the block, None where it cannot go on; and the residual."""
    if isnan(power_kw):
        return None, nan
    if before is None:
        return None if isnan(measured) else measured, nan
    after = model(before, power_kw, dt_s, plate)
    return after, measured - (before + after) / 2

"""Instruments: what they make of the plant's true values."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from contracts import schema
from generator.chance import Floats
from generator.lag import gain

_CONTRACT: Final = schema.load("generator_reading")


@dataclass(frozen=True)
class Instrument:
    """One instrument of a set, the same on each; figures in the measurement's unit.

    Attributes:
        measurement: name of the measurement.
        deviation: standard deviation of the noise.
        decimals: decimal places that are reported: the resolution is ``10**-decimals``.
        creep: a magnitude below this is reported as 0 without noise (creep suppression).
        gain_error: most that the slope is off, relative.
        offset_error: most that the zero is off.
        tau_s: time constant of its lag in seconds, 0 for none.
    """

    measurement: str
    deviation: float
    decimals: int
    creep: float
    gain_error: float = 0.0
    offset_error: float = 0.0
    tau_s: float = 0.0

    @property
    def unit(self) -> str:
        """Symbol of the measurement's unit."""
        unit = _CONTRACT[self.measurement].unit
        if unit is None:
            raise ValueError(f"{self.measurement} has no unit")
        return unit[1]

    @property
    def low(self) -> float:
        """Lower end of the range; here and at the upper end it clamps."""
        return _end(_CONTRACT[self.measurement].minimum)

    @property
    def high(self) -> float:
        """Upper end of the range."""
        return _end(_CONTRACT[self.measurement].maximum)


def _end(bound: float | None) -> float:
    if bound is None:
        raise ValueError("an instrument needs a range")
    return float(bound)


INSTRUMENTS: Final = (
    Instrument("power_output_kw", 0.25, 1, 0.5, gain_error=0.003),
    Instrument("reactive_power_kvar", 0.3, 1, 0.5, gain_error=0.003),
    Instrument("voltage_v", 0.25, 1, 2.0, gain_error=0.0015),
    Instrument("bus_voltage_v", 0.25, 1, 2.0, gain_error=0.0015),
    Instrument("frequency_hz", 0.006, 2, 1.0),
    Instrument("bus_frequency_hz", 0.006, 2, 1.0),
    Instrument("current_a", 0.4, 1, 1.0, gain_error=0.003),
    Instrument("engine_speed_rpm", 0.7, 0, 30.0),
    Instrument("coolant_temperature_c", 0.15, 1, 0.0, offset_error=0.5, tau_s=4.0),
    Instrument("exhaust_temperature_c", 0.8, 0, 0.0, offset_error=3.0, tau_s=5.0),
    Instrument("oil_pressure_kpa", 2.0, 0, 15.0, gain_error=0.01, tau_s=0.5),
    Instrument("fuel_level_pct", 0.08, 1, 0.5, offset_error=0.3, tau_s=10.0),
    Instrument("fuel_rate_lph", 0.15, 1, 0.5, gain_error=0.005, tau_s=1.0),
)
"""In the contract's order. Errors are those of usual classes: 0.5 for power and current and 0.2 for voltage (IEC
61557-12), type K thermocouple (IEC 60584-1, class 2), resistance thermometer (IEC 60751, class B); noise is judgement.
"""

ROW: Final = {instrument.measurement: row for row, instrument in enumerate(INSTRUMENTS)}
"""Where each measurement is in arrays of shape (instruments, sets)."""


def _column(name: str) -> Floats:
    return np.array([[float(getattr(instrument, name))] for instrument in INSTRUMENTS])


DEVIATION: Final = _column("deviation")
RESOLUTION: Final = 1 / 10 ** _column("decimals")
SCALE: Final = 10 ** _column("decimals")
_CREEP: Final = _column("creep")
_LAGGING: Final = [row for row, instrument in enumerate(INSTRUMENTS) if instrument.tau_s]
LOW: Final = _column("low")
HIGH: Final = _column("high")


def follow(sensed: Floats, true: Floats, dt: float) -> Floats:
    """What the sensors feel after ``dt`` seconds of these true values.

    Args:
        sensed: shape (instruments, sets), what they felt before; NaN where they have felt nothing yet.
        true: the same shape.
        dt: how long.
    """
    felt = true.copy()
    before, now = sensed[_LAGGING], true[_LAGGING]
    felt[_LAGGING] = np.where(np.isnan(before), now, before + _gains(dt) * (now - before))
    return felt


@cache
def _gains(dt: float) -> Floats:
    return np.array([[gain(dt, INSTRUMENTS[row].tau_s)] for row in _LAGGING])


def settled(clean: Floats) -> Floats:
    """What the instruments would indicate without noise and resolution."""
    result: Floats = np.clip(clean * (np.abs(clean) >= _CREEP), LOW, HIGH)
    return result


def indicate(clean: Floats, noise: Floats) -> tuple[Floats, npt.NDArray[np.bool]]:
    """What the instruments indicate, and whether it is clamped at an end of the range.

    Args:
        clean: what they would indicate without noise, resolution and range.
        noise: what the noise adds.
    """
    values = clean + noise
    values *= np.abs(clean) >= _CREEP
    values *= SCALE
    np.rint(values, out=values)
    values /= SCALE
    clamped = np.minimum(np.maximum(values, LOW), HIGH)
    is_clamped = clamped != values
    clamped += 0.0  # so that there is no negative zero
    return clamped, is_clamped

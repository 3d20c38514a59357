"""Residuals of a reading, as Spark columns: what is measured twice, and what must fit together.

A residual is not a number (NaN) where a measurement that it needs is not Good.
"""

from functools import reduce
from operator import add
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

TRIPPED: Final = 1
OVERCRANK: Final = 2
NOT_AUTO: Final = 4
PROTECTED: Final = 8
ON_LINE: Final = 16
"""Bits of ``condition``: tripped; start failed; not in automatic mode; a protection or an empty tank explains a trip;
running on a closed breaker."""

_PROTECTIONS: Final = ("REVERSE_POWER", "HIGH_COOLANT_TEMPERATURE", "LOW_OIL_PRESSURE", "OVERSPEED", "LOW_FUEL")

_LOW_ENDS: Final = {
    "power_output_kw": (-50.0, None),
    "reactive_power_kvar": (-250.0, None),
    "coolant_temperature_c": (-40.0, None),
    "exhaust_temperature_c": (-40.0, None),
    "voltage_v": (0.0, ON_LINE),
    "bus_voltage_v": (0.0, ON_LINE),
    "frequency_hz": (0.0, ON_LINE),
    "bus_frequency_hz": (0.0, ON_LINE),
    "engine_speed_rpm": (0.0, ON_LINE),
    "oil_pressure_kpa": (0.0, ON_LINE),
    "fuel_level_pct": (0.0, ON_LINE),
    "fuel_rate_lph": (0.0, ON_LINE),
}
"""Where each measurement's range begins, and whether only a set on line cannot be there. Current is 0 with no load."""


def good(measurement: str) -> Column:
    """The measurement where its quality is Good, else NaN."""
    value = F.when(~F.map_contains_key("quality", measurement), F.col(measurement))
    return F.coalesce(value, F.lit(float("nan")))


def is_on_line() -> Column:
    """Whether the set runs on a closed breaker."""
    return (F.col("state") == "RUNNING") & F.col("breaker_closed")


def electrical() -> Column:
    """Apparent power by P and Q less that by U and I, in kVA: P² + Q² = (3·U·I)²."""
    power, reactive = good("power_output_kw"), good("reactive_power_kvar")
    return F.sqrt(power * power + reactive * reactive) - 0.003 * good("voltage_v") * good("current_a")


def voltage() -> Column:
    """Generator less bus voltage in V: the same behind a closed breaker."""
    return good("voltage_v") - good("bus_voltage_v")


def frequency() -> Column:
    """Generator less bus frequency in Hz: the same behind a closed breaker."""
    return good("frequency_hz") - good("bus_frequency_hz")


def speed(poles: int = 4) -> Column:
    """Engine speed less the synchronous speed of the generator frequency, 120·f / poles, in rpm."""
    return good("engine_speed_rpm") - 120.0 / poles * good("frequency_hz")


def condition() -> Column:
    """What the device says of itself, as bits; null where state, mode or breaker is unknown."""
    return reduce(
        add,
        (
            F.when(holds, bit).otherwise(0)
            for holds, bit in (
                (F.col("state") == "TRIPPED", TRIPPED),
                (F.array_contains("fault_alarms", "OVERCRANK"), OVERCRANK),
                (F.col("mode") != "AUTO", NOT_AUTO),
                (F.arrays_overlap("fault_alarms", F.array(*map(F.lit, _PROTECTIONS))), PROTECTED),
                (is_on_line(), ON_LINE),
            )
        ),
        F.when(F.col("state").isNotNull() & F.col("mode").isNotNull() & F.col("breaker_closed").isNotNull(), 0),
    )


def broken_wire() -> Column:
    """The first measurement that is Good at the low end of its range, where no set can be; null if there is none.

    A broken wire gives the range's low end (live zero, NAMUR NE 43), which a device without a check takes for good.
    """
    found = F.when(F.lit(False), "")
    for measurement, (low, needed) in _LOW_ENDS.items():
        is_low = good(measurement) == low
        found = found.when(is_low & is_on_line() if needed else is_low, measurement)
    return found


CHANNELS: Final = (
    *("electrical", "voltage", "frequency", "speed"),
    *("fuel_rate_lph", "coolant_temperature_c", "exhaust_temperature_c", "oil_pressure_kpa", "fuel_level_pct"),
    *("power_output_kw", "reactive_power_kvar", "bus_voltage_v"),
)
"""What is averaged, and watched for spikes and noise: first the residuals, then single measurements."""


def columns(poles: int = 4) -> dict[str, Column]:
    """What `analysis.detection.machine.Detections` reads of each accepted row, by name in its order.

    Args:
        poles: of the alternators.
    """
    residuals = {"electrical": electrical(), "voltage": voltage(), "frequency": frequency(), "speed": speed(poles)}
    values = {name: residuals[name] if name in residuals else good(name) for name in CHANNELS}
    return values | {"condition": condition(), "broken_wire": broken_wire()}

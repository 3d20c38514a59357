"""What the detectors must know of a generator set."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class Nameplate(NamedTuple):
    """The ratings of a generator set; without others those of the reference set.

    Attributes:
        rated_power_kw: active power.
        no_load_lph, full_load_lph: fuel consumption unloaded and at rated power; affine in between.
        tank_l: volume of the fuel tank.
        rated_voltage_v: phase to neutral.
        rated_apparent_power_kva: apparent power.
    """

    rated_power_kw: float = 150.0
    no_load_lph: float = 4.10
    full_load_lph: float = 41.15
    tank_l: float = 500.0
    rated_voltage_v: float = 230.0
    rated_apparent_power_kva: float = 187.5

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """The ratings in a value of the nameplate topic (contract ``nameplate``)."""
        return cls(
            float(value["rated_power_kw"]),
            float(value["fuel_rate_no_load_lph"]),
            float(value["fuel_rate_full_load_lph"]),
            float(value["fuel_tank_l"]),
            float(value["rated_voltage_v"]),
            float(value["rated_apparent_power_kva"]),
        )

"""The record as a typed value.

Rendered from schemas/generator_reading.v1.json by `python -m contracts render`; do not edit.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Cause = Literal[
    "PERIODIC",
    "SPONTANEOUS",
    "INTERROGATED",
]
State = Literal[
    "STOPPED",
    "STARTING",
    "RUNNING",
    "COOLDOWN",
    "TRIPPED",
]
Mode = Literal[
    "OFF",
    "MANUAL",
    "AUTO",
]
FaultAlarm = Literal[
    "LOW_FUEL",
    "HIGH_VOLTAGE",
    "LOW_VOLTAGE",
    "OVERFREQUENCY",
    "UNDERFREQUENCY",
    "OVERCURRENT",
    "REVERSE_POWER",
    "HIGH_COOLANT_TEMPERATURE",
    "LOW_OIL_PRESSURE",
    "OVERSPEED",
    "OVERCRANK",
]
QualityCode = Literal[
    "UncertainLastUsableValue",
    "UncertainSensorNotAccurate",
    "UncertainEngineeringUnitsExceeded",
    "BadSensorFailure",
    "BadNoCommunication",
    "BadDeviceFailure",
    "BadOutOfService",
]
Measurement = Literal[
    "state",
    "mode",
    "breaker_closed",
    "power_output_kw",
    "reactive_power_kvar",
    "voltage_v",
    "bus_voltage_v",
    "frequency_hz",
    "bus_frequency_hz",
    "current_a",
    "engine_speed_rpm",
    "coolant_temperature_c",
    "exhaust_temperature_c",
    "oil_pressure_kpa",
    "fuel_level_pct",
    "fuel_rate_lph",
    "energy_kwh",
    "run_hours_h",
    "start_count",
]


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """One scan of one diesel generator set. Units are codes of UNECE Recommendation 20, as in OPC UA.

    Fields, units and ranges are the contract's. Construction checks nothing: `contracts.judge` does, on the way in.
    """

    stream_id: Annotated[str, Meta(min_length=1, max_length=64)]
    site: Annotated[str, Meta(min_length=1, max_length=64)]
    generator_id: Annotated[str, Meta(min_length=1, max_length=64)]
    seq: Annotated[int, Meta(ge=0, le=9007199254740991)]
    source_time: Annotated[datetime, Meta(tz=True)]
    server_time: Annotated[datetime, Meta(tz=True)]
    cause: Cause
    historical: bool
    state: State | None
    mode: Mode | None
    breaker_closed: bool | None
    power_output_kw: Annotated[float, Meta(ge=-50, le=250)] | None
    reactive_power_kvar: Annotated[float, Meta(ge=-250, le=250)] | None
    voltage_v: Annotated[float, Meta(ge=0, le=400)] | None
    bus_voltage_v: Annotated[float, Meta(ge=0, le=400)] | None
    frequency_hz: Annotated[float, Meta(ge=0, le=70)] | None
    bus_frequency_hz: Annotated[float, Meta(ge=0, le=70)] | None
    current_a: Annotated[float, Meta(ge=0, le=1000)] | None
    engine_speed_rpm: Annotated[float, Meta(ge=0, le=2500)] | None
    coolant_temperature_c: Annotated[float, Meta(ge=-40, le=150)] | None
    exhaust_temperature_c: Annotated[float, Meta(ge=-40, le=900)] | None
    oil_pressure_kpa: Annotated[float, Meta(ge=0, le=1000)] | None
    fuel_level_pct: Annotated[float, Meta(ge=0, le=100)] | None
    fuel_rate_lph: Annotated[float, Meta(ge=0, le=100)] | None
    energy_kwh: Annotated[float, Meta(ge=0, le=1000000000000)] | None
    run_hours_h: Annotated[float, Meta(ge=0, le=1000000000000)] | None
    start_count: Annotated[int, Meta(ge=0, le=9007199254740991)] | None
    fault_alarms: list[FaultAlarm]
    quality: dict[Measurement, QualityCode]

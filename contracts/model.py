"""The record as a Pydantic model, for people, type checkers and OpenAPI tools.

The model is written, not rendered, so that it reads well; a test proves that its JSON Schema has the contract's rules.
The pipeline itself validates with `contracts.judge`.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from contracts import strict_json
from contracts.reading import Cause, FaultAlarm, Measurement, Mode, QualityCode, State
from contracts.schema import BAD, TIMESTAMP


def _instant(value: object) -> object:
    if isinstance(value, str):
        if re.fullmatch(TIMESTAMP, value, re.ASCII) is None:
            raise ValueError(f"must match {TIMESTAMP}")
        return datetime.fromisoformat(value)
    return value


def _integral(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Timestamp = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIMESTAMP}),
]
Count = Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(_integral)]
Cumulative = Annotated[float, Field(ge=0, le=1e12)]


def _bad_exactly_where_null(schema: dict[str, Any]) -> None:
    schema["allOf"] = [
        {
            "if": {
                "properties": {
                    "quality": {
                        "required": [name],
                        "properties": {name: {"type": "string", "pattern": f"^{BAD}"}},
                    }
                }
            },
            "then": {"properties": {name: {"type": "null"}}},
            "else": {"properties": {name: {"not": {"type": "null"}}}},
        }
        for name in schema["properties"]["quality"]["propertyNames"]["enum"]
    ]


class GeneratorReading(BaseModel):
    """One scan of one diesel generator set; the units are in the names and in the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, json_schema_extra=_bad_exactly_where_null)

    stream_id: Identifier
    site: Identifier
    generator_id: Identifier
    seq: Count
    source_time: Timestamp
    server_time: Timestamp
    cause: Cause
    historical: bool
    state: State | None
    mode: Mode | None
    breaker_closed: bool | None
    power_output_kw: Annotated[float, Field(ge=-50, le=250)] | None
    reactive_power_kvar: Annotated[float, Field(ge=-250, le=250)] | None
    voltage_v: Annotated[float, Field(ge=0, le=400)] | None
    bus_voltage_v: Annotated[float, Field(ge=0, le=400)] | None
    frequency_hz: Annotated[float, Field(ge=0, le=70)] | None
    bus_frequency_hz: Annotated[float, Field(ge=0, le=70)] | None
    current_a: Annotated[float, Field(ge=0, le=1000)] | None
    engine_speed_rpm: Annotated[float, Field(ge=0, le=2500)] | None
    coolant_temperature_c: Annotated[float, Field(ge=-40, le=150)] | None
    exhaust_temperature_c: Annotated[float, Field(ge=-40, le=900)] | None
    oil_pressure_kpa: Annotated[float, Field(ge=0, le=1000)] | None
    fuel_level_pct: Annotated[float, Field(ge=0, le=100)] | None
    fuel_rate_lph: Annotated[float, Field(ge=0, le=100)] | None
    energy_kwh: Cumulative | None
    run_hours_h: Cumulative | None
    start_count: Count | None
    fault_alarms: Annotated[list[FaultAlarm], Field(json_schema_extra={"uniqueItems": True})]
    quality: dict[Measurement, QualityCode]

    @model_validator(mode="after")
    def _null_exactly_where_bad(self) -> Self:
        if len(set(self.fault_alarms)) != len(self.fault_alarms):
            raise ValueError("fault_alarms must not name anything twice")
        nulls = {name for name, value in self if value is None}
        bad = {name for name, code in self.quality.items() if code.startswith(BAD)}
        if nulls != bad:
            raise ValueError(f"must be null exactly where the quality is Bad, but differs in {sorted(nulls ^ bad)}")
        return self

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """The reading of a line; JSON that two readers could understand differently is refused first.

        Raises:
            ContractError: the line is not JSON in the strict sense of `contracts.strict_json`.
            pydantic.ValidationError: it is, but breaks a rule of the record.
        """
        return cls.model_validate(strict_json.loads(line))

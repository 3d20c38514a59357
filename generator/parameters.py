"""What can be changed about the plant while it runs, and how it is said over HTTP."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from generator.controls import Controls
from generator.settings import Speed

ChangeId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        description="The client's name for the change; asked again, the answer is the same and nothing changes.",
    ),
]

_US_PER_S: Final = 1_000_000


ScanInterval = Annotated[float, Field(ge=0.1, le=60, description="Simulated seconds between scans.")]
AmbientTemperature = Annotated[float, Field(ge=-30, le=50, description="Temperature around the sets, °C.")]
DemandFactor = Annotated[float, Field(ge=0, le=2, description="What the demand profile is multiplied with.")]
Noise = Annotated[float, Field(ge=0, le=10, description="What the instruments' noise is multiplied with.")]
Deadband = Annotated[
    float,
    Field(
        ge=0,
        le=100,
        description="Report by exception: a reading is sent when a measurement has moved by more than so many standard "
        "deviations of its noise, or something else has changed. 0 sends every scan.",
    ),
]
LongestSilence = Annotated[
    float,
    Field(ge=1, le=3600, description="With a deadband, simulated seconds after which a reading is sent all the same."),
]
Pace = Annotated[
    Speed,
    Field(description="Simulated seconds per second, or as fast as the fastest client reads. No part of the stream."),
]

ABSENT: Any = Field(default_factory=lambda: None)
"""A parameter that may be left out but is not null: a default that shows in neither the type nor the document."""


class Parameters(BaseModel):
    """The parameters. All but the speed are part of the stream, so that a change of them is in the control log."""

    speed: Pace
    scan_interval_s: ScanInterval
    ambient_temperature_c: AmbientTemperature
    demand_factor: DemandFactor
    noise: Noise
    deadband: Deadband
    longest_silence_s: LongestSilence


class ParameterChange(BaseModel):
    """A change of some parameters; those left out stay as they are."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, json_schema_extra={"minProperties": 2})

    id: ChangeId
    speed: Pace = ABSENT
    scan_interval_s: ScanInterval = ABSENT
    ambient_temperature_c: AmbientTemperature = ABSENT
    demand_factor: DemandFactor = ABSENT
    noise: Noise = ABSENT
    deadband: Deadband = ABSENT
    longest_silence_s: LongestSilence = ABSENT

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.model_fields_set == {"id"}:
            raise ValueError("must change at least one parameter")
        return self


class ParameterAnswer(BaseModel):
    """What a change has come to."""

    id: ChangeId
    scan: int = Field(
        ge=0, description="The first scan that the change is in force for; for the speed alone, the last one."
    )
    parameters: Parameters


def parameters(controls: Controls, speed: Speed) -> Parameters:
    """The parameters as the controls and the pace have them."""
    return Parameters(
        speed=speed,
        scan_interval_s=controls.scan_interval_us / _US_PER_S,
        ambient_temperature_c=controls.ambient_temperature_c,
        demand_factor=controls.demand_factor,
        noise=controls.noise,
        deadband=controls.deadband,
        longest_silence_s=controls.longest_silence_us / _US_PER_S,
    )


def change(controls: Controls, values: Mapping[str, Any]) -> Controls:
    """The controls with some of the plant's parameters changed; the values have been validated."""
    in_us = {name.removesuffix("_s") + "_us": round(values[name] * _US_PER_S) for name in values if name.endswith("_s")}
    return replace(controls, **in_us, **{name: values[name] for name in values if not name.endswith("_s")})

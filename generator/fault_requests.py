"""How faults are asked for over HTTP: for each class what may be said about it, built from what is known of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from generator.faults import KINDS, Fault, FaultClass, Kind
from generator.instruments import ROW
from generator.parameters import ABSENT, ChangeId

LATEST_S: Final = 30 * 86_400
"""Simulated seconds that a fault may be announced ahead, and that one that does not end by itself may last: 30 days."""

GeneratorId = Annotated[str, Field(pattern=r"^G[1-9][0-9]{0,4}$", description="The set that it begins with.")]


class FaultRequest(BaseModel):
    """What all classes of faults have in common.

    Attributes:
        id: the client's name for the fault.
        kind: its class.
        generator: the set that it begins with.
        after_s: simulated seconds from the first scan that nobody can have seen to the fault's.
    """

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    id: ChangeId
    kind: str
    generator: GeneratorId
    after_s: float = Field(0.0, ge=0, le=LATEST_S, description="Simulated seconds until it begins.")


def _not_zero(magnitude: float) -> float:
    if magnitude == 0:
        raise ValueError("must not be 0")
    return magnitude


def _model(kind: FaultClass, known: Kind) -> type[FaultRequest]:
    """The request for one class of faults; what does not apply to it is no field of it."""
    own: dict[str, Any] = {"kind": (Literal[kind.value], Field(description=known.description))}
    if known.instrument:
        own["measurement"] = (Literal[tuple(ROW)], Field(description="What the faulty instrument measures."))
    if known.unit is not None:
        bounds = Field(
            ge=known.least,
            le=known.most,
            description=f"How much, {known.unit}; {known.default:g}"
            + (" standard deviations of the noise" if known.instrument and known.unit != "1" else "")
            + " if it is not given.",
            json_schema_extra={"not": {"const": 0}},
        )
        own["magnitude"] = (Annotated[float, bounds, AfterValidator(_not_zero)], ABSENT)
    if known.longest_s != 0:
        longest = known.longest_s or LATEST_S
        until = f"{longest} if it is not given" if known.longest_s else "until it is removed if it is not given"
        duration = Field(gt=0, le=longest, description=f"Simulated seconds that it lasts; {until}.")
        own["duration_s"] = (Annotated[float, duration], ABSENT)
    name = "".join(word.capitalize() for word in kind.value.split("_")) + "Fault"
    return create_model(name, __base__=FaultRequest, __doc__=known.description, **own)


if TYPE_CHECKING:
    AnyFaultRequest = FaultRequest
else:
    AnyFaultRequest = Annotated[
        Union[tuple(_model(kind, known) for kind, known in KINDS.items())],  # noqa: UP007  made at run time
        Field(discriminator="kind"),
    ]


class FaultAnswer(BaseModel):
    """A fault that is in force or to come."""

    id: ChangeId
    kind: FaultClass
    generator: GeneratorId
    measurement: str | None = Field(description="What the faulty instrument measures, of kinds that have one.")
    magnitude: float = Field(description="How much, in the unit of its kind.")
    start: int = Field(ge=1, description="The first scan that it is in force for.")
    end: int | None = Field(description="The first scan that it is in force for no longer, if that is known.")


class Faults(BaseModel):
    """The faults that are in force or to come."""

    faults: list[FaultAnswer]


def answered(known: Fault) -> FaultAnswer:
    """A fault as the answers have it."""
    return FaultAnswer(
        id=known.id,
        kind=known.kind,
        generator=known.generator,
        measurement=known.measurement,
        magnitude=known.amount,
        start=known.start,
        end=known.end,
    )


def fault(request: Mapping[str, Any], scan: int, scan_interval_us: int) -> Fault:
    """The fault that a request asks for.

    Args:
        request: the request as JSON, validated.
        scan: the first scan that nobody can have seen.
        scan_interval_us: simulated microseconds between scans, to turn the request's seconds into scans.

    Raises:
        ValueError: it breaks a rule of its kind.
    """

    def scans(seconds: float) -> int:
        return round(seconds * 1_000_000 / scan_interval_us)

    kind = FaultClass(request["kind"])
    start = scan + scans(request.get("after_s", 0.0))
    lasts_s = request.get("duration_s", KINDS[kind].longest_s)
    return Fault(
        id=request["id"],
        kind=kind,
        generator=request["generator"],
        start=start,
        end=None if lasts_s is None else start + max(1, scans(lasts_s)),
        magnitude=request.get("magnitude"),
        measurement=request.get("measurement"),
    )

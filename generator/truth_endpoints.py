"""GET /generator/labels and /generator/ledger: what is true of the stream, to measure those who read it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from generator.control_endpoints import hub_of
from generator.control_route import ControlRoute
from generator.faults import FaultClass
from generator.hub import Hub
from generator.ledger import Ledger
from generator.lines import Damage
from generator.parameters import ChangeId
from generator.problems import ProblemError, documented
from generator.stream_endpoint import LAST_LINE
from generator.truth import Label
from generator.yardstick import StoppedError, Yardstick

MOST_LABELS: Final = 100

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

router = APIRouter(prefix="/generator", tags=["truth"], route_class=ControlRoute)


class LabelAnswer(BaseModel):
    """What is true of a fault, and no reading tells; times by the plant's clock."""

    id: ChangeId
    kind: FaultClass | Damage
    origin: str | None = Field(description="The set that it began with; null for damage on the wire.")
    affected: list[str] = Field(description="The sets whose readings it makes differ.")
    measurements: list[str] = Field(description="Fields that it makes differ on any of them.")
    magnitude: float | None = Field(description="How much, in the unit; null where the class has none.")
    unit: str | None = Field(description="Unit of the magnitude.")
    start: datetime = Field(description="Time of its first scan.")
    end: datetime | None = Field(description="Time of the first scan without it, if that has been reached.")
    observable_from: datetime | None = Field(
        description="Time of the first scan from which a reading differs by more than noise and resolution explain."
    )


class Labels(BaseModel):
    """Labels of the faults that have begun, in order of their starts."""

    labels: list[LabelAnswer]


class Lateness(BaseModel):
    """Lines of one set that are late by the same whole seconds from source time to server time."""

    generator_id: str
    late_s: int = Field(description="Rounded down, so below 0 where a device's clock is ahead.")
    valid: int = Field(ge=0)
    duplicates: int = Field(ge=0)


class LedgerAnswer(BaseModel):
    """What the first lines contain; each line is counted once."""

    upto: int = Field(ge=0, description="How many lines.")
    valid: int = Field(ge=0, description="Lines that keep the contract, the first of each reading.")
    duplicates: int = Field(ge=0, description="Further lines of the same readings.")
    invalid: int = Field(ge=0, description="Lines of JSON that break the contract.")
    malformed: int = Field(ge=0, description="Lines that are no JSON.")
    lateness: list[Lateness] = Field(description="The valid lines and the duplicates by set and lateness.")


def label_answer(label: Label) -> LabelAnswer:
    """A label as its contract has it."""
    return LabelAnswer(
        id=label.id,
        kind=label.kind,
        origin=label.origin,
        affected=list(label.affected),
        measurements=list(label.measurements),
        magnitude=label.magnitude,
        unit=label.unit,
        start=_time(label.start_us),
        end=None if label.end_us is None else _time(label.end_us),
        observable_from=None if label.observable_from_us is None else _time(label.observable_from_us),
    )


def _time(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def ledger_answer(line: int, ledger: Ledger) -> LedgerAnswer:
    """A ledger as an answer."""
    return LedgerAnswer(
        upto=line,
        valid=ledger.valid.total(),
        duplicates=ledger.duplicates.total(),
        invalid=ledger.invalid,
        malformed=ledger.malformed,
        lateness=[
            Lateness(
                generator_id=generator,
                late_s=late,
                valid=ledger.valid[generator, late],
                duplicates=ledger.duplicates[generator, late],
            )
            for generator, late in sorted(Counter(ledger.valid) | ledger.duplicates)
        ],
    )


_ERRORS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


@router.get("/labels", summary="The labels", responses=documented(*_ERRORS))
async def get_labels(
    request: Request,
    after: Annotated[int, Query(ge=0, le=LAST_LINE, description="How many labels to leave out.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_LABELS, description="How many labels to give at most.")] = MOST_LABELS,
) -> Labels:
    """What is true of the faults that have begun.

    Each label is computed by simulating its time twice, with the fault and without it, so a first answer takes long.
    """
    hub = hub_of(request)
    found = await _aside(hub, lambda yardstick: list(islice(yardstick.labels(hub.scan), after, after + limit)))
    return Labels(labels=[label_answer(label) for label in found])


@router.get(
    "/ledger",
    summary="The expected ledger",
    responses=documented(*_ERRORS, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
)
async def get_ledger(
    request: Request, upto: Annotated[int, Query(ge=0, le=LAST_LINE, description="Number of the last line to count.")]
) -> LedgerAnswer:
    """What the stream's first lines contain, counted from the plant and not from the lines.

    It is counted by simulating the stream anew, from where the last answer ended, so a first answer takes its time.
    """
    hub = hub_of(request)
    if upto > hub.head:
        raise ProblemError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"line {upto} is beyond the head, line {hub.head}"
        )
    return ledger_answer(upto, await _aside(hub, lambda yardstick: yardstick.ledger(upto)))


Result = TypeVar("Result")


async def _aside(hub: Hub, ask: Callable[[Yardstick], Result]) -> Result:
    try:
        return await hub.aside(lambda: ask(hub.yardstick))
    except StoppedError:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the service is stopping") from None

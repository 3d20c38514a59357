"""GET /generator/labels and /generator/ledger: what is true of the stream, to measure those who read it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import chain, islice
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from generator.aside import Aside, BusyError
from generator.control_endpoints import hub_of
from generator.control_route import ControlRoute
from generator.faults import FaultClass
from generator.ledger import Ledger
from generator.lines import Damage
from generator.problems import ProblemError, documented
from generator.stream_endpoint import LAST_LINE, RETRY_AFTER
from generator.truth import Label
from generator.yardstick import StoppedError, Yardstick, wire_labels

MOST_LABELS: Final = 100

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

router = APIRouter(prefix="/generator", tags=["truth"], route_class=ControlRoute)


class LabelAnswer(BaseModel):
    """What is true of a fault, and no reading tells; times by the plant's clock."""

    id: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^(wire/)?[A-Za-z0-9][A-Za-z0-9._:-]*$",
        description="The fault's name, as the client gave it; of damage on the wire, wire/ and the class.",
    )
    kind: FaultClass | Damage
    origin: str | None = Field(description="The set that it began with; null for damage on the wire.")
    affected: list[str] = Field(
        description="The sets whose readings it makes differ; none are named for damage on the wire, which hits any "
        "line."
    )
    measurements: list[str] = Field(description="Fields that it makes differ on any of them.")
    magnitude: float | None = Field(description="How much, in the unit; null where the class has none.")
    unit: str | None = Field(description="Unit of the magnitude.")
    start: datetime = Field(description="Time of its first scan.")
    end: datetime | None = Field(description="Time of the first scan without it, if that has been reached.")
    observable_from: datetime | None = Field(
        description="Time of the first scan from which a reading differs by more than noise and resolution explain."
    )


class Labels(BaseModel):
    """Labels of the damage on the wire, then of the faults that have begun, in order of their starts."""

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
    """What is true of the damage on the wire and of the faults that have begun.

    A fault's label is found by simulating its time twice, with the fault and without it, for an hour of scans, or up to
    a day of them while nothing of it can be seen. The first answer takes long; the next goes on from there.
    """
    hub = hub_of(request)
    reached = hub.position
    of_the_wire = wire_labels(hub.run, reached)

    def find(yardstick: Yardstick) -> list[Label]:
        return list(islice(chain(of_the_wire, yardstick.labels(reached.scan)), after, after + limit))

    return Labels(labels=[label_answer(label) for label in await _answer(hub.labels, find, request)])


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
    return ledger_answer(upto, await _answer(hub.ledger, lambda yardstick: yardstick.ledger(upto), request))


Result = TypeVar("Result")


async def _answer(aside: Aside, question: Callable[[Yardstick], Result], request: Request) -> Result:
    try:
        return await aside.ask(question, request.is_disconnected)
    except BusyError:
        detail = "as many requests of this kind as are served at once wait already; come back later"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=RETRY_AFTER) from None
    except StoppedError:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the service is stopping") from None

"""The endpoints that change the running plant."""

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from generator import scenarios
from generator.changes import Change, UnknownFaultError
from generator.control_log import Entry, NotLoggedError
from generator.control_route import ControlRoute
from generator.fault_requests import AnyFaultRequest, FaultAnswer, Faults, answered
from generator.fleet import fleet
from generator.hub import Hub
from generator.parameters import ChangeId, ParameterAnswer, ParameterChange, Parameters, parameters
from generator.problems import ProblemError, documented
from generator.recording import Recording

router = APIRouter(prefix="/generator", tags=["control"], route_class=ControlRoute)

_ALWAYS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
_WITH_BODY = (
    *_ALWAYS,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INSUFFICIENT_STORAGE,
)


@router.get("/parameters", summary="The parameters", responses=documented(*_ALWAYS))
async def get_parameters(request: Request) -> Parameters:
    """The parameters as they will be at the next scan that can be changed."""
    hub = hub_of(request)
    return parameters(hub.run.controls, hub.speed)


@router.patch("/parameters", summary="Change parameters", responses=documented(*_WITH_BODY))
async def patch_parameters(request: Request, change: ParameterChange) -> ParameterAnswer:
    """Change some parameters from the next scan on that no client can have seen.

    The change survives a crash from the moment that it is acknowledged. The speed is no part of the stream: it changes
    at once and lasts until the process ends.
    """
    hub = hub_of(request)
    values = change.model_dump(exclude_unset=True, exclude={"id", "speed"})
    scan = (await _accept(hub, change.id, {"parameters": values})).scan if values else hub.scan
    if "speed" in change.model_fields_set:
        hub.set_speed(change.speed)
    return ParameterAnswer(id=change.id, scan=scan, parameters=parameters(hub.run.controls, hub.speed))


@router.get("/faults", summary="The faults", responses=documented(*_ALWAYS))
async def get_faults(request: Request) -> Faults:
    """The faults that are in force or to come at the next scan that can be changed."""
    hub = hub_of(request)
    scan = hub.run.next_scan
    return Faults(
        faults=[answered(fault) for fault in hub.run.controls.faults if fault.end is None or fault.end > scan]
    )


@router.post(
    "/faults",
    summary="Inject a fault",
    status_code=HTTPStatus.CREATED,
    responses=documented(*_WITH_BODY, HTTPStatus.NOT_FOUND),
)
async def post_fault(request: Request, fault: AnyFaultRequest) -> FaultAnswer:
    """Let something go wrong, from the next scan on that no client can have seen or some time after it.

    The readings do not say so: the labels do.
    """
    hub = hub_of(request)
    _check_sets(hub, fault.generator)
    entry = await _accept(hub, fault.id, {"fault": fault.model_dump(exclude_unset=True)})
    return answered(hub.run.programme.injected(fault.id, entry.scan))


class Ended(BaseModel):
    """A fault that has been removed."""

    id: ChangeId
    end: int = Field(ge=1, description="The first scan that it is in force for no longer.")


@router.delete(
    "/faults/{id}",
    summary="Remove a fault",
    responses=documented(
        *_ALWAYS,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INSUFFICIENT_STORAGE,
    ),
)
async def delete_fault(request: Request, id_: Annotated[ChangeId, Path(alias="id")]) -> Ended:
    """End a fault with the next scan that no client can have seen; one that has not begun by then never will."""
    # No client can give a change this name, so that the removal has one of its own.
    entry = await _accept(hub_of(request), f"{id_}/end", {"end": id_})
    return Ended(id=id_, end=entry.scan)


LONGEST_ID: Final = 61
"""Characters of a scenario's id: the ids of its faults have a colon and a number more, and must not be too long."""


class ScenarioRequest(BaseModel):
    """A scenario to begin."""

    model_config = ConfigDict(strict=True, extra="forbid")

    id: Annotated[ChangeId, Field(max_length=LONGEST_ID)]
    name: Literal[tuple(scenarios.names())] = Field(description="Which.")  # type: ignore[valid-type]  # read from disk


class ScenarioAnswer(BaseModel):
    """A scenario that begins."""

    id: ChangeId
    scan: int = Field(ge=1, description="The scan that it begins at.")
    description: str = Field(description="What happens.")


@router.post(
    "/scenarios",
    summary="Begin a scenario",
    status_code=HTTPStatus.CREATED,
    responses=documented(*_WITH_BODY, HTTPStatus.NOT_FOUND),
)
async def post_scenario(request: Request, scenario: ScenarioRequest) -> ScenarioAnswer:
    """Begin a named course of events at the next scan that no client can have seen."""
    hub = hub_of(request)
    steps = scenarios.steps(scenario.name, scenario.id)
    _check_sets(hub, *(step["fault"]["generator"] for step in steps if "fault" in step))
    entry = await _accept(hub, scenario.id, {"scenario": steps})
    return ScenarioAnswer(id=scenario.id, scan=entry.scan, description=scenarios.load(scenario.name)["description"])


@router.get("/recording", summary="The recording", responses=documented(*_ALWAYS))
async def get_recording(request: Request) -> Recording:
    """All that the stream is a function of: a generator that is started with it repeats the stream to the byte."""
    return hub_of(request).run.recording


def hub_of(request: Request) -> Hub:
    """The running plant.

    Raises:
        ProblemError: 503, it is not ready.
    """
    hub: Hub = request.app.state.hub
    if not hub.ready:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the plant is not ready; see /readyz")
    return hub


def _check_sets(hub: Hub, *generators: str) -> None:
    known = fleet(hub.run.config).generator_ids
    for generator in generators:
        if generator not in known:
            raise ProblemError(HTTPStatus.NOT_FOUND, f"the fleet has {known[0]} to {known[-1]}, but no {generator}")


async def _accept(hub: Hub, id_: str, change: Change) -> Entry:
    try:
        return await hub.change(id_, change)
    except KeyError:
        detail = f"id {id_!r} stands for another change already; choose a new id"
        raise ProblemError(HTTPStatus.CONFLICT, detail) from None
    except UnknownFaultError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from None
    except ValueError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None
    except NotLoggedError as error:
        raise ProblemError(HTTPStatus.INSUFFICIENT_STORAGE, str(error)) from None

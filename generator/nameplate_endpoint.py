"""GET /generator/nameplates: what does not change about the sets."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from generator import openapi
from generator.fleet import nameplate_lines
from generator.hub import Hub
from generator.problems import ProblemError, documented
from generator.representation import MediaType

router = APIRouter(prefix="/generator", tags=["stream"])


@router.get(
    "/nameplates",
    summary="The nameplates",
    response_class=Response,
    responses=openapi.NAMEPLATES | documented(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def get_nameplates(request: Request) -> Response:
    """The ratings and other static data of each set, one line each, in the order of the fleet."""
    hub: Hub = request.app.state.hub
    if not hub.ready:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the plant is not ready; see /readyz")
    return Response(
        nameplate_lines(hub.run.config),
        media_type=MediaType.NDJSON,
        headers={"Stream-Id": hub.run.identity.stream_id},
    )

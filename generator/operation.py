"""What an operator asks: is it alive, is it ready, what has it counted."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from generator.hub import Hub
from generator.metrics import CONTENT_TYPE, Metrics
from generator.problems import ProblemError, documented


class Health(BaseModel):
    """A good answer of a probe."""

    status: Literal["ok"] = "ok"


def routes(metrics: Metrics) -> APIRouter:
    """The probes and the metrics."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz", summary="Is it alive?", responses=documented(HTTPStatus.SERVICE_UNAVAILABLE))
    async def healthz(request: Request) -> Health:
        """Good as long as the simulation has not failed; else the process should be started anew."""
        hub: Hub = request.app.state.hub
        if hub.failure is not None:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the simulation has failed; see the log")
        return Health()

    @router.get("/readyz", summary="Is it ready?", responses=documented(HTTPStatus.SERVICE_UNAVAILABLE))
    async def readyz(request: Request) -> Health:
        """Good when streams are served: the run has been taken up where it was left, and is not being stopped."""
        hub: Hub = request.app.state.hub
        if not hub.ready:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the stream is not ready")
        return Health()

    @router.get(
        "/metrics",
        summary="What it has counted",
        response_class=Response,
        responses={HTTPStatus.OK.value: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def exposition() -> Response:
        """Prometheus' text format."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return router

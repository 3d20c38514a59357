"""GET /generator/stream."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from pydantic import WithJsonSchema

from generator import openapi
from generator.hub import Hub, Reader
from generator.metrics import Metrics
from generator.problems import ProblemError, documented
from generator.representation import MediaType, negotiate
from generator.settings import Settings
from generator.stream import DIGEST_LENGTH
from generator.stream import digest as digest_of
from generator.stream_response import ABORT, StreamResponse

LAST_LINE: Final = 2**53 - 1
"""Largest line number: the largest integer that every JSON reader knows exactly."""

_DIGEST: Final = rf"^[0-9a-f]{{{DIGEST_LENGTH}}}$"

RETRY_AFTER: Final = {"Retry-After": "5"}


def routes(settings: Settings, metrics: Metrics) -> APIRouter:
    """The stream's route, with the bounds that the settings give."""
    router = APIRouter(tags=["stream"])

    @router.get(
        "/generator/stream",
        summary="The stream of readings",
        status_code=HTTPStatus.OK,
        response_class=StreamResponse,
        responses=openapi.STREAM
        | documented(
            HTTPStatus.NOT_ACCEPTABLE,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )
    async def stream(
        request: Request,
        *,
        after: Annotated[
            int, Query(ge=0, le=LAST_LINE, description="Number of the last line that the client has; 0 for none.")
        ] = 0,
        limit: Annotated[
            int | None,
            _documented(type="integer", minimum=1, maximum=settings.max_limit),
            Query(ge=1, le=settings.max_limit, description="Lines after which the answer ends; else it does not end."),
        ] = None,
        digest: Annotated[
            str | None,
            _documented(type="string", pattern=_DIGEST),
            Query(
                pattern=_DIGEST,
                description="First 16 hexadecimal characters of the SHA-256 of line `after`, LF excluded: proof that "
                "the client resumes the stream that it began.",
            ),
        ] = None,
        last_event_id: Annotated[
            int | None,
            _documented(type="integer", minimum=0, maximum=LAST_LINE),
            Header(ge=0, le=LAST_LINE, description="The same as `after`, as EventSource sends it; of both, it counts."),
        ] = None,
        accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> StreamResponse:
        """Readings from the line after a cursor on, one line each, numbered from 1; without a limit there is no end.

        Blank lines (NDJSON) and comments (Server-Sent Events) are heartbeats and do not count.
        """
        media_type = negotiate(accept)
        if media_type is None:
            offered = ", ".join(MediaType)
            raise ProblemError(HTTPStatus.NOT_ACCEPTABLE, f"the stream comes as one of {offered}")
        hub: Hub = request.app.state.hub
        if not hub.ready:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the stream is not ready; see /readyz", headers=RETRY_AFTER
            )
        if hub.full:
            metrics.refused.inc()
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{settings.max_streams} streams are being served already; come back later",
                headers=RETRY_AFTER,
            )
        reader = Reader(after if last_event_id is None else last_event_id, request.scope[ABORT])
        hub.join(reader)
        try:
            await _check_cursor(hub, reader, digest)
        except BaseException:
            hub.leave(reader)
            raise
        return StreamResponse(
            hub, reader, media_type, limit=limit, send_timeout=settings.send_timeout_s, metrics=metrics
        )

    return router


def _documented(**schema: Any) -> WithJsonSchema:
    """What the document says of a parameter that may be left out: None is no value that a client could send."""
    return WithJsonSchema(schema)


async def _check_cursor(hub: Hub, reader: Reader, digest: str | None) -> None:
    cursor = reader.cursor
    if cursor > hub.head:
        raise ProblemError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"line {cursor} is beyond the head, line {hub.head}; is this another run than the one that was left?",
        )
    if digest is None:
        return
    if cursor == 0:
        raise ProblemError(HTTPStatus.CONFLICT, "there is no line 0 to have a digest; leave it out to begin the stream")
    reader.cursor = cursor - 1
    blocks = await hub.read(reader)
    reader.cursor = cursor
    if not blocks:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the service is stopping", headers=RETRY_AFTER)
    if digest_of(blocks[0].lines()[0]) != digest:
        raise ProblemError(
            HTTPStatus.CONFLICT, f"line {cursor} of this stream has another digest; it is not the stream that was left"
        )

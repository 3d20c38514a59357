"""What stands before the control endpoints: host, token, media type and size are checked before a body is read."""

from collections.abc import Awaitable, Callable, Collection
from hmac import compare_digest
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

from generator.problems import ProblemError
from generator.settings import Settings


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case (RFC 3986, section 3.2.2)."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def check_host(host: str | None, allowed: Collection[str]) -> None:
    """Refuse requests that a browser was lured into sending under a foreign name (DNS rebinding).

    Raises:
        ProblemError: 421, the host is not among the allowed.
    """
    if host is None or host_name(host) not in {name.lower() for name in allowed}:
        raise ProblemError(
            HTTPStatus.MISDIRECTED_REQUEST,
            "the control endpoints do not answer under this host name; see ALLOWED_HOSTS",
        )


def check_token(authorization: str | None, settings: Settings) -> None:
    """Ask for the bearer token if there is one (RFC 6750).

    Raises:
        ProblemError: 401, it is missing or wrong.
    """
    if settings.control_token is None:
        return
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(
        token.strip().encode(), settings.control_token.get_secret_value().encode()
    ):
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "a valid bearer token is required",
            headers={"WWW-Authenticate": 'Bearer realm="generator"'},
        )


def check_media_type(content_type: str | None) -> None:
    """Accept JSON only, which no HTML form can send.

    Raises:
        ProblemError: 415, it is something else.
    """
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")


class ControlRoute(APIRoute):
    """A route of the control endpoints; the settings are the application's ``state.settings``."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]  # FastAPI says Any
        """The handler with the checks before it."""
        handle: Callable[[Request], Any] = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            settings: Settings = request.app.state.settings
            check_host(request.headers.get("host"), settings.allowed_hosts)
            check_token(request.headers.get("authorization"), settings)
            if request.method in {"PATCH", "POST"}:
                check_media_type(request.headers.get("content-type"))
            response: Response = await handle(bounded(request, settings.max_body_bytes))
            return response

        return guarded


def bounded(request: Request, most: int) -> Request:
    """The request with a body that cannot be read past so many bytes: 413 instead."""
    left = most

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body must be at most {most} bytes")
        return message

    return Request(request.scope, receive)

"""Errors as problem details (RFC 9457), one shape for every error answer of the service."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

VALUE_LIMIT: Final = 200
"""Characters of a refused value that an answer repeats."""


_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class Violation(BaseModel):
    """One rule that a request breaks."""

    field: str = Field(description="Where the value is, such as `query.after`.")
    rule: str = Field(description="What it must be.")
    value: str = Field(description="What it is, shortened.", max_length=VALUE_LIMIT)


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status of this answer.", ge=400, le=599)
    detail: str = Field(description="What is wrong here, and what to do about it.")
    violations: list[Violation] = Field([], description="The rules that the request breaks, if that is the problem.")


class ProblemError(Exception):
    """A request that ends with a problem answer."""

    def __init__(self, status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def answer(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, violations: Sequence[Violation] = ()
) -> JSONResponse:
    """The response that states a problem."""
    problem = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, violations=list(violations)
    ).model_dump(exclude_defaults=True)
    return JSONResponse(problem, status, headers=headers, media_type="application/problem+json")


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of these error answers."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Make every error answer of the application a problem."""

    @app.exception_handler(ProblemError)
    async def problem(_: Request, error: ProblemError) -> JSONResponse:
        return answer(error.status, error.detail, headers=error.headers)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        headers = error.headers
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # Starlette names the methods of the first route of this path only.
            headers = {"Allow": ", ".join(method for method in _METHODS if _routed(app, request, method))}
        return answer(error.status_code, error.detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        violations = [_violation(problem) for problem in error.errors()]
        detail = "; ".join(f"{violation.field}: {violation.rule}" for violation in violations)
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, detail[:1000], violations=violations[:20])

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> JSONResponse:
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed to answer; its log says why.")


def query_once(request: Request) -> None:
    """Refuse a query that gives a parameter several times, of which all but the last would be left out.

    Raises:
        RequestValidationError: it does.
    """
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    repeated = [
        {"loc": ("query", name), "msg": "must be given once", "input": values}
        for name, values in given.items()
        if len(values) > 1
    ]
    if repeated:
        raise RequestValidationError(repeated)


def _routed(app: FastAPI, request: Request, method: str) -> bool:
    return any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.routes)


def _violation(problem: Mapping[str, Any]) -> Violation:
    value = problem.get("input")
    shown = repr(value[: VALUE_LIMIT + 1] if isinstance(value, str | bytes | list) else value)
    field = ".".join(str(part) for part in problem["loc"])
    return Violation(field=field[:VALUE_LIMIT], rule=problem["msg"], value=shown[:VALUE_LIMIT])

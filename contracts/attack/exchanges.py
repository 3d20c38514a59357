"""An exchange with the control API, judged: what was asked and what was answered, by their contracts."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from contracts import published
from contracts.errors import ContractError

PROBLEM: Final = "application/problem+json"
_ACCEPTED: Final = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
"""Statuses that say that the body has been understood, whatever became of it."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method, path: the operation; the path as it was asked for or as OpenAPI has it.
        body: the request's.
        status, media_type, answer: what came back.
    """

    method: str
    path: str
    body: bytes
    status: int
    media_type: str
    answer: bytes


def judge(exchange: Exchange) -> None:
    """Check an answer, and that the request's contract allows what was accepted and not what was refused.

    Raises:
        ContractError: naming the field, the rule and the value.
    """
    operation = operation_of(exchange.method, exchange.path)
    if exchange.status >= HTTPStatus.BAD_REQUEST:
        _judge_problem(exchange)
    elif operation is not None:
        published.check(operation.answer, json.loads(exchange.answer))
    if operation is None or operation.request is None:
        return
    try:
        published.check(operation.request, json.loads(exchange.body))
    except ValueError:
        if exchange.status in _ACCEPTED:
            raise
    else:
        if exchange.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise ContractError("", f"is refused and keeps {operation.request}", exchange.body)


def operation_of(method: str, path: str) -> published.Operation | None:
    """What the contracts say of an operation; None if they do not know it."""
    for (known, template), operation in published.BY_OPERATION.items():
        if known == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operation
    return None


def _judge_problem(exchange: Exchange) -> None:
    if exchange.media_type != PROBLEM:
        raise ContractError("", f"must be {PROBLEM}", exchange.media_type)
    problem = json.loads(exchange.answer)
    published.check("problem", problem)
    if problem["status"] != exchange.status:
        raise ContractError("status", f"must be {exchange.status}, as the answer's", problem["status"])

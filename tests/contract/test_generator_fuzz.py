"""schemathesis against the generator under uvicorn: no input breaks it, every answer is as promised.

Each operation is asked by itself; what becomes of one after another is in `test_generator_sequences.py`.
How many cases each operation gets is the hypothesis profile's business (`contracts/attack/pytest_plugin.py`).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, Response

from contracts.attack import exchanges
from generator.app import create_app
from generator.representation import MediaType
from generator.settings import Settings

LINES = 20
"""Lines that a stream is cut at: an endless answer would never be judged."""


CASES = settings(
    max_examples=min(settings().max_examples // 5, 2_000),
    deadline=None,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
"""Cases per operation: a fifth of what the hypothesis profile says, since each is a request or several.

They share the operation's plant, which is what they are meant to do."""


@schemathesis.deserializer(MediaType.NDJSON.value, MediaType.JSON_LINES.value)
def json_lines(_: object, response: Response) -> Any:
    return [json.loads(line) for line in response.content.splitlines() if line]


@schemathesis.hook
def before_load_schema(_: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """schemathesis judges items of event streams only: let it see JSON Lines as the array that we make of them."""
    for operations in raw_schema.get("paths", {}).values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                for media_type, content in answer.get("content", {}).items():
                    if media_type in {MediaType.NDJSON, MediaType.JSON_LINES}:
                        content["schema"] = {"type": "array", "items": content["itemSchema"]}


SETTINGS = Settings.model_validate(
    {"stream_id": "fuzzed", "start": "2026-03-01T00:00:00Z", "speed": "unpaced", "heartbeat_s": 0.05}
)
REFUSALS_OF_VALID_REQUESTS = ["2xx", "404", "409", "416", "503"]
"""A set or fault that is not there, a cursor beyond the head, an id taken already: valid requests, and refused."""

api = schemathesis.openapi.from_dict(
    create_app(SETTINGS).openapi(),
    config=schemathesis.Config.from_dict(
        {"checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS_OF_VALID_REQUESTS}}}
    ),
)


@pytest.fixture
def address(serve: Callable[[Settings], AbstractContextManager[str]]) -> Iterator[str]:
    """Where a plant of the test's own is served: what one operation does to it is no other's burden."""
    with serve(SETTINGS) as address:
        yield f"http://{address}"


def is_as_contracted(_: object, response: Response, case: Case[Any]) -> None:
    """Unlike the document, the contracts also judge what has been accepted and what refused."""
    asked = response.request.body or b""
    assert isinstance(asked, bytes | str)
    exchanges.judge(
        exchanges.Exchange(
            case.method,
            case.operation.path,
            asked if isinstance(asked, bytes) else asked.encode(),
            response.status_code,
            response.headers["content-type"][0],
            response.content,
        )
    )


@api.exclude(path="/generator/stream").parametrize()
@CASES
def test_every_answer_is_as_documented(case: Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address, additional_checks=[is_as_contracted])


@api.include(path="/generator/stream").parametrize()
@CASES
def test_every_item_of_a_stream_is_of_the_contract(case: Case[Any], address: str) -> None:
    limit = case.query.get("limit")
    if limit is None or (isinstance(limit, int) and LINES < limit <= 100_000_000):
        case.query["limit"] = LINES
    for media_type in MediaType:
        case.call_and_validate(base_url=address, headers={"Accept": media_type.value})

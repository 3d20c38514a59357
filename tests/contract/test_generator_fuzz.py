"""schemathesis against the generator under uvicorn: no input breaks it, every answer is as documented.

How many cases each operation gets is the hypothesis profile's business (`contracts/attack/pytest_plugin.py`).
"""

import itertools
import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis import Case, Response

from generator.app import create_app
from generator.representation import MediaType
from generator.settings import Settings

CHANGES = itertools.count()
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
def address() -> Iterator[str]:
    """Where uvicorn serves a plant of the test's own: what one operation does to it is no other's burden."""
    server = uvicorn.Server(uvicorn.Config(create_app(SETTINGS), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()


def hurry(address: str) -> None:
    """Have lines soon: the changes under test may ask for one a year, or for one in a hundred thousand scans."""
    change: dict[str, Any] = {"id": f"hurry-{next(CHANGES)}", "speed": "unpaced", "longest_silence_s": 1}
    case = api["/generator/parameters"]["PATCH"].Case(body=change, media_type="application/json")
    assert case.call(base_url=address).status_code == HTTPStatus.OK


def read_a_stream(case: Case[Any], address: str) -> None:
    hurry(address)
    limit = case.query.get("limit")
    if limit is None or (isinstance(limit, int) and LINES < limit <= 100_000_000):
        case.query["limit"] = LINES
    for media_type in MediaType:
        case.call_and_validate(base_url=address, headers={"Accept": media_type.value})


@api.exclude(path="/generator/stream").parametrize()
@CASES
def test_every_answer_is_as_documented(case: Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address)


@api.include(path="/generator/stream").parametrize()
@CASES
def test_every_item_of_a_stream_is_of_the_contract(case: Case[Any], address: str) -> None:
    read_a_stream(case, address)


@api.include(path="/generator/parameters", method="PATCH").parametrize()
@CASES
def test_streams_keep_the_contract_after_any_change(case: Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address)
    read_a_stream(api["/generator/stream"]["GET"].Case(), address)

"""Accept negotiation and framing."""

import pytest

from generator.representation import HEARTBEAT, MediaType, body, negotiate
from generator.stream import Block

NDJSON, JSON_LINES, EVENTS = MediaType.NDJSON, MediaType.JSON_LINES, MediaType.EVENTS


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, NDJSON),
        ("", NDJSON),
        ("*/*", NDJSON),
        ("application/*", NDJSON),
        ("application/x-ndjson", NDJSON),
        ("application/jsonl", JSON_LINES),
        ("text/event-stream", EVENTS),
        ("TEXT/Event-Stream", EVENTS),
        ("text/*", EVENTS),
        ("text/html, */*;q=0.1", NDJSON),
        ("application/jsonl, */*;q=0.5", JSON_LINES),
        ("application/x-ndjson;q=0.5, text/event-stream;q=0.6", EVENTS),
        ("application/x-ndjson;q=0, */*", JSON_LINES),
        ("application/*;q=0, text/event-stream;q=0.001", EVENTS),
        ("text/event-stream; charset=utf-8", EVENTS),
        ("text/event-stream;q=high, application/jsonl", JSON_LINES),
        ("text/event-stream;q=nan", None),
        ("text/event-stream;q=7", None),
        ("application/json", None),
        ("*/*;q=0", None),
        (";;,,=", None),
    ],
)
def test_the_accept_header_chooses_the_representation(accept: str | None, chosen: MediaType | None) -> None:
    assert negotiate(accept) is chosen


BLOCKS = [Block(9, 2, b'{"seq":8}\n{"seq":9}\n'), Block(11, 1, b'{"seq":10}\n')]


def test_ndjson_is_the_lines_themselves() -> None:
    assert body(BLOCKS, NDJSON) == body(BLOCKS, JSON_LINES) == b'{"seq":8}\n{"seq":9}\n{"seq":10}\n'
    assert body(BLOCKS[:1], NDJSON) is BLOCKS[0].data


def test_an_event_carries_its_line_and_the_lines_number() -> None:
    assert body(BLOCKS, EVENTS) == (
        b'id: 9\ndata: {"seq":8}\n\nid: 10\ndata: {"seq":9}\n\nid: 11\ndata: {"seq":10}\n\n'
    )


def test_a_heartbeat_is_no_line_and_no_event() -> None:
    assert HEARTBEAT[NDJSON] == HEARTBEAT[JSON_LINES] == b"\n"
    assert HEARTBEAT[EVENTS].startswith(b":")
    assert HEARTBEAT[EVENTS].endswith(b"\n\n")

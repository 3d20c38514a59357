import json
from datetime import UTC, datetime
from typing import Any

from contracts import avro
from contracts.reading import Reading
from pipeline.tail import render


def _reading(**changes: Any) -> Reading:
    fields: dict[str, Any] = dict.fromkeys(Reading.__struct_fields__)
    del fields["quality"]
    time = datetime(2026, 1, 1, tzinfo=UTC)
    fields |= {"stream_id": "s", "site": "S1", "generator_id": "G1", "seq": 1, "source_time": time, "server_time": time}
    fields |= {"cause": "PERIODIC", "historical": False, "fault_alarms": []}
    fields["quality"] = {name: "BadNoCommunication" for name, value in fields.items() if value is None}
    return Reading(**(fields | changes))


def test_a_reading_is_decoded_from_avro_with_its_headers() -> None:
    shown = json.loads(render(b"G1", avro.encode(_reading()), [("stream", b"s"), ("line", b"7")]))
    assert shown["key"] == "G1"
    assert shown["headers"] == {"stream": "s", "line": "7"}
    assert shown["value"]["generator_id"] == "G1"
    assert shown["value"]["source_time"] == "2026-01-01T00:00:00Z"
    assert shown["value"]["quality"]["voltage_v"] == "BadNoCommunication"


def test_json_stays_json_and_text_stays_text() -> None:
    assert render(b"k", b'{"line": 5}', []) == '{"key": "k", "value": {"line": 5}}'
    assert render(None, "a broken line °".encode(), []) == '{"key": null, "value": "a broken line °"}'


def test_a_record_without_a_value_is_shown() -> None:
    assert render(b"k", None, []) == '{"key": "k", "value": null}'


def test_bytes_that_are_no_text_are_shown_in_base64() -> None:
    assert render(b"\xff", b"\xfe", []) == '{"key": {"base64": "/w=="}, "value": {"base64": "/g=="}}'


def test_avro_that_breaks_the_contract_is_shown_with_the_reason() -> None:
    shown = json.loads(render(b"G1", avro.encode(_reading())[:-3], []))
    assert shown["violation"]
    assert shown["value"]["base64"]

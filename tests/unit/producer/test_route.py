from collections.abc import Callable

import pytest

from contracts import avro
from contracts.errors import ContractError
from contracts.reading import Reading
from generator.fleet import PlantConfig, nameplate_lines
from producer.lines import LINE_LIMIT, Cut, Line
from producer.route import Message, Outgoing, Rejected, message, nameplate, route


def test_a_line_that_keeps_the_contract_goes_out_as_avro_keyed_by_its_generator_and_in_the_order_of_its_site(
    valid_line: Callable[..., bytes], reading: Callable[..., Reading]
) -> None:
    routed = route(Line(7, valid_line("G3", seq=5)))
    assert isinstance(routed, Outgoing)
    assert avro.decode(routed.value) == reading("G3", seq=5)
    assert message(routed, "run-1") == Message(
        "scada.readings.v1", b"G3", routed.value, [("stream", b"run-1"), ("line", b"7")], site="north"
    )


def test_a_line_that_breaks_the_contract_is_a_dead_letter_whole_and_with_the_reason(
    valid_line: Callable[..., bytes],
) -> None:
    damaged = valid_line().replace(b'"voltage_v":230.25', b'"voltage_v":1250.0')
    routed = route(Line(8, damaged))
    assert isinstance(routed, Rejected)
    assert message(routed, "run-1") == Message(
        "scada.dead-letters.v1",
        None,
        damaged,
        [
            ("stream", b"run-1"),
            ("line", b"8"),
            ("field", b"voltage_v"),
            ("rule", b"must be at most 400"),
            ("value", b"1250.0"),
        ],
    )


def test_a_line_too_long_to_keep_is_a_dead_letter_of_its_beginning() -> None:
    routed = route(Line(9, b"x" * LINE_LIMIT, Cut(12_345_678, "0123456789abcdef")))
    assert isinstance(routed, Rejected)
    assert message(routed, "s").headers[2:] == [
        ("field", b""),
        ("rule", b"must have at most 1000000 bytes"),
        ("value", b"12345678"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"\x00",
        b"null",
        b'{"' + b"k" * 500_000 + b'":1}',
        b'{"\\ud800":1}',
        b"[" * 100_000,
        b'"' + b"x" * 900_000 + b'"',
    ],
    ids=["no UTF-8", "NUL", "null", "endless key", "lone surrogate", "deep nesting", "endless text"],
)
def test_no_line_stops_the_bridge_and_no_reason_outgrows_a_header(line: bytes) -> None:
    sent = message(route(Line(1, line)), "s")
    assert sent.topic == "scada.dead-letters.v1"
    assert sent.value == line
    assert sum(len(value) for _, value in sent.headers) < 5000


def test_reasons_in_headers_are_bounded_and_always_encode() -> None:
    reason = ContractError("\ud800" + "f" * 1000, "r" * 1000, "v" * 1000)
    headers = dict(message(Rejected(b"", 1, reason), "s").headers)
    assert headers["field"] == b"\\ud800" + b"f" * 199
    assert headers["rule"] == b"r" * 200
    assert len(headers["value"].decode()) == 200


def test_a_nameplate_goes_out_as_it_came_keyed_by_its_generator() -> None:
    line = nameplate_lines(PlantConfig("run-1", 1, 0, 3)).splitlines()[2]
    assert nameplate(line) == Message("scada.nameplate.v1", b"G3", line, [])


@pytest.mark.parametrize("line", [b"", b"[]", b'{"generator_id":"G1"}', b"\xff"])
def test_what_is_no_nameplate_is_refused(line: bytes) -> None:
    with pytest.raises(ContractError):
        nameplate(line)

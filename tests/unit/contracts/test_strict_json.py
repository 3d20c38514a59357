import pytest

from contracts import strict_json
from contracts.errors import ContractError


def rule_of(text: bytes) -> str:
    with pytest.raises(ContractError) as caught:
        strict_json.loads(text)
    return caught.value.rule


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":1,"b":[true,null,"x"]}', {"a": 1, "b": [True, None, "x"]}),
        (b' \t\r\n{"a":1e2}\n', {"a": 100.0}),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (b"-0", 0),
        (b"1e-400", 0.0),
    ],
)
def test_json_is_read_as_any_reader_would(text: bytes, value: object) -> None:
    assert strict_json.loads(text) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b"", "must be JSON (expecting value at character 0)"),
        (b"{'a':1}", "must be JSON (expecting property name enclosed in double quotes at character 1)"),
        (b"1 2", "must be JSON (extra data at character 2)"),
        (b"\xff", "must be UTF-8"),
        (b"\xed\xa0\x80", "must be UTF-8"),
        (b"\xef\xbb\xbf{}", "must not begin with a byte order mark"),
        (b'{"a":1,"a":1}', "must not be given twice"),
        (rb'{"a":1,"\u0061":1}', "must not be given twice"),
        (b"[NaN]", "must not contain NaN or Infinity"),
        (b"[-Infinity]", "must not contain NaN or Infinity"),
        (b"1e309", "must not contain numbers beyond double precision"),
        (b"9" * 401, "must not contain numbers beyond double precision"),
        (b'"' + b"a" * 65_536 + b'"', "must be at most 65536 bytes of JSON"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(text: bytes, rule: str) -> None:
    assert rule_of(text) == rule


@pytest.mark.parametrize(
    "text", [rb'"\ud800"', rb'["\udfff"]', rb'[["\ud800x"]]', rb'{"a":"\ud800"}', rb'{"\ud800":1}']
)
def test_a_lone_surrogate_is_refused_wherever_it_stands(text: bytes) -> None:
    assert rule_of(text) == "must not contain lone surrogates"


@pytest.mark.parametrize("depth", [17, 300, 900, 9_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_bounded_long_before_any_reader_runs_out_of_stack(depth: int, opening: bytes, closing: bytes) -> None:
    assert rule_of(opening * depth + b"1" + closing * depth) == "must be nested at most 16 deep"


def test_sixteen_levels_are_allowed() -> None:
    assert strict_json.loads(b"[" * 16 + b"]" * 16)

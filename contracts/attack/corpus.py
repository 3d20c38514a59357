"""The accepted and rejected cases, as data: lines of the stream and values on Kafka, each with its written verdict.

``lines.toml`` and ``values.toml`` are written by hand, ``fields.toml`` says what the record allows field by field and
is expanded here. None of them is computed from the contract: they are what the contract is tested against.
"""

import json
import math
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

_TIMES: Final = (
    ("2000-01-01T00:00:00Z", ""),
    ("2099-12-31T23:59:59.999999Z", ""),
    ("2026-06-30T12:00:00.000001Z", ""),
    ("1999-12-31T23:59:59.999999Z", "must match"),
    ("2100-01-01T00:00:00Z", "must match"),
    ("2026-06-30T12:00:00.0000001Z", "must match"),
    ("2026-06-30T12:00:00+00:00", "must match"),
    ("2026-06-31T12:00:00Z", "must be a valid date-time"),
)
_IDENTIFIERS: Final = (
    ("a", ""),
    ("Z9._-", ""),
    ("a" * 64, ""),
    ("a" * 65, "must have a length of at most 64"),
    ("", "must"),
    ("_", "must match"),
    ("a/b", "must match"),
)


@dataclass(frozen=True)
class Case:
    """One input and what has to become of it.

    Attributes:
        hostility: the class of hostility that it belongs to.
        description: what is particular about it.
        data: the bytes, as a reader gets them.
        field: path of the field that breaks a rule, empty for the record as a whole or an accepted case.
        rule: beginning of the rule that it breaks; empty for an accepted case.
    """

    hostility: str
    description: str
    data: bytes
    field: str = ""
    rule: str = ""

    @property
    def accepted(self) -> bool:
        """Whether every reader has to accept it."""
        return not self.rule

    def __str__(self) -> str:
        return f"{self.hostility}: {self.description}"


@cache
def lines() -> tuple[Case, ...]:
    """Lines of the stream: the hand-written classes, then every field's own rules."""
    data = _read("lines.toml")
    written = (
        _case(group["name"], case, _line(data["base"], case)) for group in data["class"] for case in group["cases"]
    )
    return (*written, *_every_field(json.loads(data["base"])))


@cache
def values() -> tuple[Case, ...]:
    """Values on Kafka, put together field by field from hexadecimal, so that no encoder had a say in them."""
    data = _read("values.toml")
    return tuple(
        _case(group["name"], case, _value(data["base"], case)) for group in data["class"] for case in group["cases"]
    )


def base() -> bytes:
    """The line that most cases are made from: a running set, everything Good."""
    return bytes(_read("lines.toml")["base"].encode())


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _case(hostility: str, case: dict[str, Any], data: bytes) -> Case:
    return Case(hostility, case["is"], data, *case.get("reject", ()))


def _line(text: str, case: dict[str, Any]) -> bytes:
    match case:
        case {"hex": str(digits)}:
            return bytes.fromhex(digits)
        case {"line": str(line)}:
            return line.encode()
        case {"pad": int(length)}:
            return text.encode().ljust(length)
    changes = case["put"]
    for index in range(0, len(changes), 2):
        old, new = changes[index : index + 2]
        if text.count(old) != 1:
            raise ValueError(f"{case['is']}: {old} is in the line {text.count(old)} times")
        text = text.replace(old, new * case.get("times", 1) if index + 2 == len(changes) else new)
    return text.encode()


def _value(fields: dict[str, str], case: dict[str, Any]) -> bytes:
    match case:
        case {"hex": str(digits)}:
            return bytes.fromhex(digits)
        case {"text": str(text)}:
            return text.encode()
    unknown = set(case.get("set", {})) - set(fields)
    if unknown:
        raise ValueError(f"{case['is']}: {unknown} is not in the base")
    whole = bytes.fromhex("".join((fields | case.get("set", {})).values()))
    return whole[: len(whole) - case.get("cut", 0)] + bytes.fromhex(case.get("append", ""))


def _every_field(record: dict[str, Any]) -> Iterator[Case]:
    rules = _read("fields.toml")

    def case(what: str, name: str, detail: str, changes: dict[str, Any], *broken: str) -> Case:
        """An accepted case, or one with the rule that is broken and its field, if that is not the one it is about."""
        rule, field = (*broken, name)[:2] if any(broken) else ("", "")
        text = json.dumps(record | changes, separators=(",", ":"))
        return Case(f"every field: {what}", f"{name} {detail}", text.encode(), field, rule)

    for name in record:
        rest = {key: value for key, value in record.items() if key != name}
        yield Case("every field: missing", name, json.dumps(rest).encode(), name, "must be given")
        yield case(
            "wrong type", name, "an object", {name: {"x": 1}}, "must", "quality.x" if name == "quality" else name
        )
    for name in (*rules["identifiers"], *rules["times"], *rules["required"]):
        yield case("null", name, "may not be null", {name: None}, "must")
    for name in rules["identifiers"]:
        for value, rule in _IDENTIFIERS:
            yield case("identifier", name, f"{value[:5]!r} of length {len(value)}", {name: value}, rule)
    for name in rules["times"]:
        for value, rule in _TIMES:
            yield case("time", name, value, {name: value}, rule)
    yield from _numbers(rules, case)
    yield from _symbols(rules, case)
    yield from _qualities(rules, case)


def _numbers(rules: dict[str, Any], case: Callable[..., Case]) -> Iterator[Case]:
    for name, (low, high) in rules["ranges"].items():
        yield case("range", name, "least value", {name: float(low)})
        yield case("range", name, "largest value", {name: float(high)})
        yield case("range", name, "below the least", {name: math.nextafter(low, -math.inf)}, "must be at least")
        yield case("range", name, "above the largest", {name: math.nextafter(high, math.inf)}, "must be at most")
    for name in rules["counts"]:
        yield case("range", name, "least value", {name: 0})
        yield case("range", name, "largest value", {name: rules["largest_integer"]})
        yield case("range", name, "below the least", {name: -1}, "must be at least")
        yield case("range", name, "above the largest", {name: rules["largest_integer"] + 1}, "must be at most")


def _symbols(rules: dict[str, Any], case: Callable[..., Case]) -> Iterator[Case]:
    for name in ("cause", "state", "mode"):
        for symbol in rules["symbols"][name]:
            yield case("symbol", name, symbol, {name: symbol})
        yield case("symbol", name, "unknown", {name: "UNKNOWN"}, "must be one of")
    alarms = rules["symbols"]["fault_alarms"]
    yield case("symbol", "fault_alarms", "all", {"fault_alarms": alarms})
    for alarm in alarms:
        yield case("symbol", "fault_alarms", alarm, {"fault_alarms": [alarm]})
    unknown = {"fault_alarms": ["UNKNOWN"]}
    yield case("symbol", "fault_alarms", "unknown", unknown, "must be one of", "fault_alarms.0")


def _qualities(rules: dict[str, Any], case: Callable[..., Case]) -> Iterator[Case]:
    uncertain, bad = rules["symbols"]["uncertain"], rules["symbols"]["bad"]
    nullable = [name for name, is_nullable in rules["counts"].items() if is_nullable]
    for name in ("state", "mode", "breaker_closed", *rules["ranges"], *nullable):
        for code in uncertain:
            yield case("quality", name, code, {"quality": {name: code}})
        for code in bad:
            yield case("quality", name, code, {name: None, "quality": {name: code}})
        with_value, unknown = {"quality": {name: bad[0]}}, {"quality": {name: "UNKNOWN"}}
        yield case("quality", name, "Bad with a value", with_value, "must be null with a Bad quality")
        yield case("quality", name, "null without Bad", {name: None}, "may be null only with a Bad quality")
        yield case("quality", name, "unknown code", unknown, "must be one of", f"quality.{name}")
    for name in (*rules["identifiers"], *rules["times"], *rules["required"]):
        named = {"quality": {name: uncertain[0]}}
        yield case("quality", name, "is no measurement", named, "may name measurements only", "quality")

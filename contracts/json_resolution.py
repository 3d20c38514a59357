"""What a reader with one JSON Schema makes of records that keep another.

The values of each field are compared by language inclusion: ``covers`` of jsonschema-rs, where what it cannot decide
(often so with patterns) counts as no. The frame around the fields is compared here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs.canonical import Containment

from contracts.schema import referred

Schema = Mapping[str, Any]

_TEXTS: Final = frozenset({"$id", "$schema", "$defs", "description", "title"})
_FRAME: Final = _TEXTS | {"type", "properties", "required", "additionalProperties", "allOf"}


def misread(reader: Schema, writer: Schema) -> Iterator[str]:
    """Why a reader with one JSON Schema may refuse or misread records that keep another."""
    yield from _frame(reader, writer)
    known, written = reader["properties"], writer["properties"]
    for name in [name for name in written if name in known]:
        mine, theirs = _inlined(known[name], reader), _inlined(written[name], writer)
        yield from _units(name, mine, theirs)
        mine, theirs = _unitless(mine), _unitless(theirs)
        if mine != theirs and not _covers(mine, theirs):
            yield f"{name}: may hold what the reader does not allow ({_difference(mine, theirs)})"


def _frame(reader: Schema, writer: Schema) -> Iterator[str]:
    known, written = reader["properties"], writer["properties"]
    for name in [name for name in written if name not in known]:
        if reader.get("additionalProperties", True) is False:
            yield f"{name}: is written, and the reader allows no unknown field"
    for name in reader.get("required", ()):
        if name not in writer.get("required", ()):
            yield f"{name}: is required by the reader and may be missing"
    if writer.get("additionalProperties", True) and not reader.get("additionalProperties", True):
        yield "unknown fields may be written, and the reader allows none"
    mine, theirs = (
        {key: rule for key, rule in schema.items() if key not in _FRAME} | {"type": "object"}
        for schema in (reader, writer)
    )
    if mine != theirs and not _covers(mine, theirs):
        yield f"the whole: may hold what the reader does not allow ({_difference(mine, theirs)})"
    shared = known.keys() & written.keys()
    rules = [_inlined(rule, writer) for rule in writer.get("allOf", ())]
    for rule in reader.get("allOf", ()):
        names = sorted(_names(rule) & shared)
        is_kept = _is_of_quality(rule) and all(_has_no_quality(name, writer) for name in names)
        if names and _inlined(rule, reader) not in rules and not is_kept:
            yield f"{', '.join(names)}: is under a rule of the reader that the writer need not keep"


def _units(name: str, mine: Any, theirs: Any) -> Iterator[str]:
    """Where the unit of a field, or of one within it, differs."""
    match mine, theirs:
        case dict(), dict():
            if mine.get("x-unit") != theirs.get("x-unit"):
                yield f"{name}: is in {_unit(theirs)}, and the reader takes it for {_unit(mine)}"
            for key in [key for key in theirs if key in mine and key not in {"x-unit", "properties"}]:
                yield from _units(name, mine[key], theirs[key])
            known, written = (rule.get("properties", {}) for rule in (mine, theirs))
            for inner in [inner for inner in written if inner in known]:
                yield from _units(f"{name}.{inner}", known[inner], written[inner])
        case list(), list():
            for one, other in zip(mine, theirs, strict=False):
                yield from _units(name, one, other)


def _unit(rule: Schema) -> str:
    unit = rule.get("x-unit")
    return f"{unit['symbol']} ({unit['code']})" if unit else "none"


def _unitless(rule: Any) -> Any:
    match rule:
        case dict():
            return {key: _unitless(value) for key, value in rule.items() if key != "x-unit"}
        case list():
            return [_unitless(item) for item in rule]
    return rule


def _inlined(rule: Any, document: Schema) -> Any:
    """A rule with references resolved and without what is said for people."""
    match rule:
        case {"$ref": str(reference), **beside}:
            return _inlined(*referred(reference, document)) | _inlined(beside, document)
        case dict():
            return {
                key: {name: _inlined(inner, document) for name, inner in value.items()}
                if key == "properties"
                else _inlined(value, document)
                for key, value in rule.items()
                if key not in _TEXTS
            }
        case list():
            return [_inlined(item, document) for item in rule]
    return rule


def _covers(reader: Any, writer: Any) -> bool:
    mine, theirs = (jsonschema_rs.canonicalize(rule, validate_formats=True) for rule in (reader, writer))
    return mine.covers(theirs) is Containment.YES


def _difference(mine: Any, theirs: Any, key: str = "") -> str:
    """The innermost place at which a reader's rule differs from a writer's, in words."""
    match mine, theirs:
        case dict(), dict():
            pairs = [
                (mine.get(key), theirs.get(key), key) for key in [*mine, *(key for key in theirs if key not in mine)]
            ]
        case [dict(), *_], [dict(), *_] if len(mine) == len(theirs):
            pairs = [(known, written, key) for known, written in zip(mine, theirs, strict=True)]
        case list(), list() if all(isinstance(item, str) for item in mine + theirs):
            return f"{key} with {'/'.join(item for item in theirs if item not in mine)}"
        case _:
            return f"{key} {_shown(theirs)}, for the reader {_shown(mine)}"
    return "; ".join(_difference(*pair) for pair in pairs if pair[0] != pair[1])


def _shown(value: Any) -> str:
    return "unlimited" if value is None else str(value)


def _names(rule: Any) -> set[str]:
    """The fields that a conditional rule is about."""
    branches = [rule.get(branch, {}) for branch in ("then", "else")]
    return {name for branch in branches for name in (*branch.get("properties", {}), *branch.get("required", ()))}


def _is_of_quality(rule: Schema) -> bool:
    return set(rule.get("if", {}).get("properties", {})) == {"quality"}


def _has_no_quality(name: str, writer: Schema) -> bool:
    """Whether a field can be neither null nor Bad, so that it keeps the rule of Bad and null without having it."""
    named = writer["properties"].get("quality", {}).get("propertyNames", {}).get("enum", ())
    return name not in named and not _covers(_inlined(writer["properties"][name], writer), {"type": "null"})

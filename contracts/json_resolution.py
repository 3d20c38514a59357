"""What a reader with one JSON Schema makes of records that keep another.

The values of each field are compared by language inclusion: ``covers`` of jsonschema-rs, where what it cannot decide
(often so with patterns) counts as no. The frame around the fields is compared here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
from jsonschema_rs.canonical import Containment

Schema = Mapping[str, Any]


def misread(reader: Schema, writer: Schema) -> Iterator[str]:
    """Why a reader with one JSON Schema may refuse or misread records that keep another."""
    yield from _frame(reader, writer)
    known, written = reader["properties"], writer["properties"]
    for name in [name for name in written if name in known]:
        mine, theirs = _inlined(known[name], reader), _inlined(written[name], writer)
        if known[name].get("x-unit") != written[name].get("x-unit"):
            yield f"{name}: is in {_unit(written[name])}, and the reader takes it for {_unit(known[name])}"
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
    shared = known.keys() & written.keys()
    rules = [_inlined(rule, writer) for rule in writer.get("allOf", ())]
    for rule in reader.get("allOf", ()):
        names = sorted(_names(rule) & shared)
        if names and _inlined(rule, reader) not in rules and not all(_has_no_quality(name, writer) for name in names):
            yield f"{', '.join(names)}: is under a rule of the reader that the writer need not keep"


def _unit(rule: Schema) -> str:
    unit = rule.get("x-unit")
    return f"{unit['symbol']} ({unit['code']})" if unit else "none"


def _inlined(rule: Any, document: Schema) -> Any:
    """A rule with references resolved and without what is said for people."""
    match rule:
        case {"$ref": str(reference)}:
            return _inlined(document["$defs"][reference.rpartition("/")[2]], document)
        case dict():
            kept = ((key, value) for key, value in rule.items() if key not in {"description", "title", "x-unit"})
            return {key: _inlined(value, document) for key, value in kept}
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
    return {name for branch in ("then", "else") for name in rule.get(branch, {}).get("properties", {})}


def _has_no_quality(name: str, writer: Schema) -> bool:
    """Whether a field can be neither null nor Bad, so that it keeps the rule of Bad and null without having it."""
    named = writer["properties"].get("quality", {}).get("propertyNames", {}).get("enum", ())
    return name not in named and not _covers(_inlined(writer["properties"][name], writer), {"type": "null"})

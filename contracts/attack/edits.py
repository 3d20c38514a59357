"""Changes of a record's JSON Schema, as functions that change a copy: what evolutions and mutations are made of."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts import schema

Document = dict[str, Any]
Edit = Callable[[Document], None]
NUMBER: Final = {"type": "number", "minimum": 0, "maximum": 60, "x-unit": {"code": "VLT", "symbol": "V"}}


def edited(document: Mapping[str, Any], *edits: Edit) -> Document:
    """A copy of a schema with the edits made."""
    new = copy.deepcopy(dict(document))
    for edit in edits:
        edit(new)
    return new


def add_field(name: str, rule: Mapping[str, Any] = NUMBER) -> Edit:
    """Add a measurement, behind the others; it may be null and gets its quality."""

    def edit(document: Document) -> None:
        properties = document["properties"]
        last = {key: properties.pop(key) for key in ("fault_alarms", "quality") if key in properties}
        properties |= {name: dict(rule) | {"type": [rule["type"], "null"]}} | last
        _reframe(document)

    return edit


def drop_field(name: str) -> Edit:
    """Remove a field and its quality."""

    def edit(document: Document) -> None:
        del document["properties"][name]
        _reframe(document)

    return edit


def rename_field(old: str, new: str) -> Edit:
    """Give a field another name, in its place."""

    def edit(document: Document) -> None:
        properties = document["properties"]
        document["properties"] = {new if key == old else key: rule for key, rule in properties.items()}
        _reframe(document)

    return edit


def nullable(name: str, allowed: bool) -> Edit:
    """Allow or forbid null, with the quality that goes with it."""

    def edit(document: Document) -> None:
        rule = document["properties"][name]
        if "$ref" in rule:
            document["properties"][name] = {"anyOf": [{"$ref": rule["$ref"]}, {"type": "null"}]}
        elif "anyOf" in rule:
            document["properties"][name] = rule["anyOf"][0]
        else:
            plain = rule["type"] if allowed else rule["type"][0]
            rule["type"] = [plain, "null"] if allowed else plain
        _reframe(document)

    return edit


def put(path: str, value: Any) -> Edit:
    """Set what a path leads to, such as ``properties/voltage_v/maximum``; one beyond the end of an array adds to it."""

    def edit(document: Document) -> None:
        parent, key = _find(document, path)
        if isinstance(parent, list) and key == len(parent):
            parent.append(value)
        else:
            parent[key] = value

    return edit


def remove(path: str) -> Edit:
    """Remove what a path leads to."""

    def edit(document: Document) -> None:
        parent, key = _find(document, path)
        del parent[key]

    return edit


def _find(document: Any, path: str) -> tuple[Any, Any]:
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in steps:
        document = document[step]
    return document, last


def _reframe(document: Document) -> None:
    """Make the frame fit the fields again: required, the names in the quality and the rules of null."""
    document["required"] = list(document["properties"])
    if "quality" in document["properties"]:
        names = [name for name, rule in document["properties"].items() if _is_nullable(rule)]
        document["properties"]["quality"]["propertyNames"]["enum"] = names
        document["allOf"] = [schema.bad_exactly_where_null(name, document) for name in names]


def _is_nullable(rule: Mapping[str, Any]) -> bool:
    return "anyOf" in rule or isinstance(rule.get("type"), list)

"""A JSON Schema reduced to what it demands, so that two ways of writing the same rules are equal."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.schema import referred

_TEXTS: Final = frozenset({"title", "description", "$schema", "$id", "$defs", "x-unit"})


def rules(document: Mapping[str, Any]) -> Any:
    """The schema without names and texts, references resolved, nullability and enumerations in one form."""
    return _rules(document, document)


def _rules(node: Any, document: Mapping[str, Any]) -> Any:
    match node:
        case {"$ref": str(reference)}:
            return _rules(*referred(reference, document))
        case {"anyOf": [inner, {"type": "null"}]}:
            return {"nullable": _rules(inner, document)}
        case {"type": [str(name), "null"], **rest}:
            return {"nullable": _rules({"type": name, **rest}, document)}
        case {"enum": symbols, **rest} if rest.keys() <= _TEXTS | {"type"}:
            return {"enum": symbols}
        case {"properties": properties, **rest}:
            named = {name: _rules(rule, document) for name, rule in properties.items()}
            return {"properties": named} | _rules(rest, document)
        case dict():
            return {key: _rules(value, document) for key, value in node.items() if key not in _TEXTS}
        case list():
            return [_rules(item, document) for item in node]
        case float() if node.is_integer():
            return int(node)
    return node

"""Render the Avro schema, the Spark schema and the typed record from the JSON Schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from contracts.schema import Contract, Field, Kind, read

COMMAND: Final = "python -m contracts render"

_AVRO: Final[dict[Kind, Any]] = {
    Kind.STRING: "string",
    Kind.TIMESTAMP: {"type": "long", "logicalType": "timestamp-micros"},
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "long",
    Kind.NUMBER: "double",
}
_SPARK: Final[dict[Kind, Any]] = {
    Kind.STRING: "string",
    Kind.TIMESTAMP: "timestamp",
    Kind.ENUM: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "long",
    Kind.NUMBER: "double",
    Kind.ENUM_SET: {"type": "array", "elementType": "string", "containsNull": False},
    Kind.ENUM_MAP: {"type": "map", "keyType": "string", "valueType": "string", "valueContainsNull": False},
}
_PYTHON: Final = {Kind.BOOLEAN: "bool", Kind.INTEGER: "int", Kind.NUMBER: "float", Kind.STRING: "str"}


def avro(contract: Contract) -> dict[str, Any]:
    """The Avro schema of a contract, as parsed JSON. Enumerations are Avro enums, null is the first branch.

    Units and ranges are attributes, which Avro ignores (specification, "Schema Declaration") and `contracts.compat`
    reads.
    """
    return {
        "type": "record",
        "name": contract.name,
        "namespace": "scada",
        "doc": contract.document.get("description", ""),
        "fields": [
            {"name": field.name, "type": ["null", _avro(field)] if field.nullable else _avro(field)}
            | _attributes(field)
            for field in contract.fields
        ],
    }


def _attributes(field: Field) -> dict[str, Any]:
    attributes = {"unit": field.unit and field.unit[1], "minimum": field.minimum, "maximum": field.maximum}
    return {name: value for name, value in attributes.items() if value is not None}


def _avro(field: Field) -> Any:
    match field.kind:
        case Kind.ENUM:
            return _avro_enum(field)
        case Kind.ENUM_SET:
            return {"type": "array", "items": _avro_enum(field)}
        case Kind.ENUM_MAP:
            return {"type": "map", "values": _avro_enum(field)}
    return _AVRO[field.kind]


def _avro_enum(field: Field) -> dict[str, Any]:
    return {"type": "enum", "name": field.definition or field.name, "symbols": list(field.symbols)}


def spark(contract: Contract) -> dict[str, Any]:
    """The Spark schema of a contract, in the JSON form of ``StructType``; units and meaning are in the metadata."""
    return {
        "type": "struct",
        "fields": [
            {
                "name": field.name,
                "type": _SPARK[field.kind],
                "nullable": field.nullable,
                "metadata": {"comment": field.description} | ({"unit": field.unit[1]} if field.unit else {}),
            }
            for field in contract.fields
        ],
    }


def python(contract: Contract) -> str:
    """The source of the msgspec Struct of a contract, with the rules that msgspec checks by itself."""
    names = {field.definition: field for field in contract.fields if field.symbols}
    aliases = [f"{_alias(name)} = {_literal(field.symbols)}" for name, field in names.items() if name]
    maps = [field for field in contract.fields if field.kind is Kind.ENUM_MAP]
    aliases += [f"Measurement = {_literal(field.keys)}" for field in maps]
    lines = [f"    {field.name}: {_annotation(field)}" for field in contract.fields]
    return _MODULE.format(
        command=COMMAND,
        source=f"schemas/{contract.name}.v{contract.version}.json",
        aliases="\n".join(aliases),
        doc=contract.document["description"],
        title=contract.document["title"].removeprefix("Generator"),
        fields="\n".join(lines),
    )


def _alias(definition: str) -> str:
    return definition.title().replace("_", "")


def _literal(symbols: tuple[str, ...]) -> str:
    return "Literal[\n" + "".join(f'    "{symbol}",\n' for symbol in symbols) + "]"


def _annotation(field: Field) -> str:
    return _bare_annotation(field) + (" | None" if field.nullable else "")


def _bare_annotation(field: Field) -> str:
    match field.kind:
        case Kind.ENUM:
            return _alias(field.definition or field.name)
        case Kind.ENUM_SET:
            return f"list[{_alias(field.definition or field.name)}]"
        case Kind.ENUM_MAP:
            return f"dict[Measurement, {_alias(field.definition or field.name)}]"
        case Kind.TIMESTAMP:
            return "Annotated[datetime, Meta(tz=True)]"
    rules = {"ge": field.minimum, "le": field.maximum, "min_length": field.min_length, "max_length": field.max_length}
    meta = ", ".join(f"{name}={value}" for name, value in rules.items() if value is not None)
    plain = _PYTHON[field.kind]
    return f"Annotated[{plain}, Meta({meta})]" if meta else plain


_MODULE: Final = '''"""The record as a typed value.

Rendered from {source} by `{command}`; do not edit.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

{aliases}


class {title}(Struct, frozen=True, forbid_unknown_fields=True):
    """{doc}

    Fields, units and ranges are the contract's. Construction checks nothing: `contracts.judge` does, on the way in.
    """

{fields}
'''


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def files(root: Path) -> Iterator[tuple[Path, str]]:
    """Each rendered file of the source tree below ``root`` and the text that it should have by the schema there."""
    schemas = root / "contracts" / "schemas"
    source = schemas / "generator_reading.v1.json"
    contract = read("generator_reading", 1, json.loads(source.read_text("utf-8")))
    yield source.with_suffix(".avsc"), _json(avro(contract))
    yield source.with_suffix(".spark.json"), _json(spark(contract))
    yield root / "contracts" / "reading.py", python(contract)


def stale(root: Path) -> list[tuple[Path, str]]:
    """The rendered files that do not have the text that they should have, and that text."""
    return [(path, text) for path, text in files(root) if not path.exists() or path.read_text("utf-8") != text]

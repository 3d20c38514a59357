"""Avro single-object encoding: how a value on Kafka says which schema it was written with.

Avro 1.12 specification, "Single-object encoding" and "Schema fingerprints": two marker bytes, the little-endian
CRC-64-AVRO fingerprint of the schema's Parsing Canonical Form, then the value.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

MARKER: Final = b"\xc3\x01"
PREFIX_LENGTH: Final = len(MARKER) + 8

_EMPTY: Final = 0xC15D213AA4D7A795
_PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


def _crc_table() -> Iterator[int]:
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ (_EMPTY & -(crc & 1))
        yield crc


_TABLE: Final = tuple(_crc_table())


def canonical_form(schema: Any) -> str:
    """The Parsing Canonical Form of an Avro schema (parsed JSON).

    It keeps what decoding depends on and drops documentation, defaults and, to beware of, logical types: two schemas
    that differ only in ``timestamp-micros`` and ``timestamp-millis`` have the same form.

    Raises:
        ValueError: the schema uses something that this project's renderings never write.
    """
    return json.dumps(_canonical(schema, namespace=""), separators=(",", ":"), ensure_ascii=False)


def _canonical(schema: Any, namespace: str) -> Any:
    match schema:
        case str() if schema in _PRIMITIVES:
            return schema
        case str():
            return _full_name(schema, namespace)
        case list():
            return [_canonical(branch, namespace) for branch in schema]
        case {"type": "record", "name": name, "fields": fields}:
            full = _full_name(name, schema.get("namespace", namespace))
            inner = full.rpartition(".")[0]
            members = [{"name": field["name"], "type": _canonical(field["type"], inner)} for field in fields]
            return {"name": full, "type": "record", "fields": members}
        case {"type": "enum", "name": name, "symbols": symbols}:
            return {"name": _full_name(name, schema.get("namespace", namespace)), "type": "enum", "symbols": symbols}
        case {"type": "array", "items": items}:
            return {"type": "array", "items": _canonical(items, namespace)}
        case {"type": "map", "values": values}:
            return {"type": "map", "values": _canonical(values, namespace)}
        case {"type": str(name)} if name in _PRIMITIVES:
            return name
    raise ValueError(f"no canonical form is known for {schema!r}")


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def fingerprint(schema: Any) -> int:
    """The 64-bit CRC-64-AVRO fingerprint of an Avro schema (parsed JSON)."""
    crc = _EMPTY
    for byte in canonical_form(schema).encode():
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def prefix(schema: Any) -> bytes:
    """The ten bytes that a single-object encoded value of that schema begins with."""
    return MARKER + fingerprint(schema).to_bytes(8, "little")

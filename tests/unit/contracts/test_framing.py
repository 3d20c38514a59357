"""fastavro is the oracle: it computes the same forms and fingerprints in its own way."""

from typing import Any

import fastavro.schema
import pytest

from contracts import framing, schema

READING = schema.document("generator_reading.v1.avsc")

SCHEMAS = [
    pytest.param("string", id="primitive"),
    pytest.param({"type": "long", "logicalType": "timestamp-micros"}, id="logical type"),
    pytest.param(["null", {"type": "array", "items": "double"}], id="union of array"),
    pytest.param({"type": "map", "values": {"type": "enum", "name": "E", "symbols": ["A", "B"]}}, id="map of enum"),
    pytest.param({"type": "enum", "name": "E", "namespace": "a.b", "doc": "d", "symbols": ["A"]}, id="namespace"),
    pytest.param(
        {
            "type": "record",
            "name": "R",
            "namespace": "n",
            "fields": [
                {"name": "é", "type": {"type": "enum", "name": "E", "symbols": ["A"]}, "doc": "x", "default": "A"},
                {"name": "again", "type": "E"},
                {"name": "elsewhere", "type": "n.E"},
            ],
        },
        id="named twice",
        marks=[],
    ),
    pytest.param(READING, id="the record"),
]


@pytest.mark.parametrize("avsc", SCHEMAS)
def test_the_canonical_form_is_fastavros(avsc: Any) -> None:
    assert framing.canonical_form(avsc) == fastavro.schema.to_parsing_canonical_form(avsc)


@pytest.mark.parametrize("avsc", SCHEMAS)
def test_the_fingerprint_is_fastavros(avsc: Any) -> None:
    canonical = fastavro.schema.to_parsing_canonical_form(avsc)
    expected = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
    assert framing.fingerprint(avsc).to_bytes(8, "little").hex() == expected


def test_the_prefix_is_the_marker_and_the_little_endian_fingerprint() -> None:
    """Avro 1.12 specification, "Single-object encoding"; the fingerprint of "int" is published with the test data."""
    assert framing.fingerprint("int") == 0x7275D51A3F395C8F
    assert framing.prefix("int") == bytes.fromhex("c301 8f5c393f1ad57572")


def test_a_logical_type_does_not_change_the_fingerprint() -> None:
    """The reason why contracts.compat looks at logical types itself."""
    micros, millis = ({"type": "long", "logicalType": f"timestamp-{unit}"} for unit in ("micros", "millis"))
    assert framing.fingerprint(micros) == framing.fingerprint(millis)


def test_what_no_rendering_writes_is_refused() -> None:
    with pytest.raises(ValueError, match="no canonical form is known"):
        framing.canonical_form({"type": "fixed", "name": "F", "size": 4})

"""Readings to and from Avro single-object encoding, the value of a record on Kafka."""

import io
import math
from typing import Any, Final, cast

import fastavro
import msgspec

from contracts import framing, judge, schema
from contracts.errors import ContractError
from contracts.reading import Reading

_AVSC: Final[dict[str, Any]] = schema.document("generator_reading.v1.avsc")
_SCHEMA: Final = fastavro.parse_schema(_AVSC)
_PREFIX: Final = framing.prefix(_AVSC)
_fields = msgspec.structs.asdict


def encode(reading: Reading) -> bytes:
    """The reading as Avro, prefixed with the marker and fingerprint of its schema."""
    return _encode(_fields(reading))


def _encode(fields: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    buffer.write(_PREFIX)
    fastavro.schemaless_writer(buffer, _SCHEMA, fields)
    return buffer.getvalue()


def decode(value: bytes) -> Reading:
    """The reading that a value on Kafka stands for.

    Raises:
        ContractError: the value is not of this schema, is damaged, or holds what the contract does not allow.
    """
    if not value.startswith(_PREFIX):
        raise ContractError("", f"must begin with the Avro prefix {_PREFIX.hex()}", value[: framing.PREFIX_LENGTH])
    buffer = io.BytesIO(value)
    buffer.seek(framing.PREFIX_LENGTH)
    try:
        fields = cast("dict[str, Any]", fastavro.schemaless_reader(buffer, _SCHEMA, None))
        canonical = _encode(fields)
    except Exception as error:
        # fastavro raises whatever its decoder trips over: EOFError, IndexError, UnicodeDecodeError, OverflowError …
        raise ContractError("", f"must be Avro ({type(error).__name__})", value) from None
    if buffer.tell() != len(value):
        raise ContractError("", "must end with the Avro record", value[buffer.tell() :])
    # What Avro can say in two ways is allowed in one: no blocks with sizes, no numbers in more bytes than they need, no
    # map key twice. fastavro also takes a negative index for one from the end.
    if canonical != value:
        raise ContractError("", "must be the canonical Avro encoding of a reading", value)
    for name, field in fields.items():
        if isinstance(field, float) and not math.isfinite(field):
            raise ContractError(name, "must be a number", field)
    # The rules are judged on the JSON form, so that there is one set of them.
    return judge.parse(msgspec.json.encode(fields))

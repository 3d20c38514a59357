"""The judges of the record side by side: what each says of an input, and whether they agree.

A line of the stream reaches the JSON Schema under the reference validator, the Pydantic model, and the bridge, whose
fast judge may abstain; what they accept goes through Avro and back. A line that they reject reaches Avro too if Avro
can carry what is wrong with it: then whoever reads the value must find it. Spark judges values, in ``tests/spark``.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import fastavro
import msgspec
import pydantic

from contracts import avro, framing, judge, model, schema, strict_json
from contracts.errors import ContractError
from contracts.reading import Reading
from contracts.schema import Field, Kind

Seen = Counter[tuple[str, str]]
"""How many inputs each judge has judged: by the judge's name and the class of hostility."""

_CONTRACT: Final = schema.load("generator_reading")
_NAMES: Final = {field.name for field in _CONTRACT.fields}
_SCHEMA: Final = schema.document("generator_reading.v1.avsc")
_TO_THE_MICROSECOND: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII).fullmatch
_PARSED: Final = fastavro.parse_schema(_SCHEMA)


class DisagreementError(AssertionError):
    """Two judges disagree about an input."""


def line(data: bytes, hostility: str, seen: Seen) -> ContractError | None:
    """What all judges say of a line: why it is rejected, or None for accepted.

    Raises:
        DisagreementError: they do not agree.
    """
    seen["JSON Schema", hostility] += 1
    try:
        reading, reason = judge.reference(data), None
    except ContractError as error:
        reading, reason = None, error
    verdict = {"JSON Schema": reading is not None, "Pydantic": _accepts_model(data)}
    seen["Pydantic", hostility] += 1
    fast = judge.fast(data)
    seen["fast judge", hostility] += 1
    if fast is not None:
        verdict["fast judge"] = True
        if reading is not None and fast != reading:
            raise DisagreementError(f"{data!r}: the fast judge reads {fast}, the reference {reading}")
    value = avro.encode(reading) if reading is not None else carried(data)
    if value is not None:
        seen["Avro", hostility] += 1
        verdict["Avro"] = _accepts_avro(value, reading)
    if len(set(verdict.values())) != 1:
        raise DisagreementError(f"{data!r}: {verdict}, the reference says {reason}")
    return reason


def value(data: bytes, hostility: str, seen: Seen) -> ContractError | None:
    """What Avro's judge says of a value on Kafka; what it accepts is judged as a line by the others.

    Raises:
        DisagreementError: they do not agree, or the value is not the encoding of the reading that it stands for.
    """
    seen["Avro", hostility] += 1
    try:
        reading = avro.decode(data)
    except ContractError as error:
        return error
    if avro.encode(reading) != data:
        raise DisagreementError(f"{data!r} is decoded but is not what the reading encodes to")
    reason = line(msgspec.json.encode(reading), hostility, seen)
    if reason is not None:
        raise DisagreementError(f"{data!r}: Avro accepts what the others reject: {reason}")
    return None


def _accepts_model(data: bytes) -> bool:
    try:
        model.GeneratorReading.parse(data)
    except (ContractError, pydantic.ValidationError):
        return False
    return True


def _accepts_avro(value: bytes, expected: Reading | None) -> bool:
    try:
        reading = avro.decode(value)
    except ContractError:
        return False
    if expected is not None and reading != expected:
        raise DisagreementError(f"{value!r}: Avro reads {reading}, the reference {expected}")
    return True


def carried(data: bytes) -> bytes | None:
    """A line as a value on Kafka with nothing judged, if Avro's types can hold all of it; else None.

    Written with fastavro alone, so that Avro's and Spark's judge get values that no encoder of the project would write.
    """
    try:
        document = strict_json.loads(data)
        if not isinstance(document, dict) or set(document) != _NAMES:
            return None
        fields = {field.name: _avro_value(field, document[field.name]) for field in _CONTRACT.fields}
        buffer = io.BytesIO()
        buffer.write(framing.prefix(_SCHEMA))
        fastavro.schemaless_writer(buffer, _PARSED, fields)
    except (ContractError, ValueError, TypeError, OverflowError, AttributeError):
        return None
    return buffer.getvalue()


def _avro_value(field: Field, value: Any) -> Any:
    if value is None and field.nullable:
        return None
    match field.kind, value:
        case Kind.TIMESTAMP, str():
            if _TO_THE_MICROSECOND(value) is None:
                raise ValueError("Avro cannot carry what is wrong with it")
            return datetime.fromisoformat(value)
        case (
            (Kind.STRING | Kind.ENUM, str())
            | (Kind.BOOLEAN, bool())
            | (Kind.ENUM_SET, list())
            | (Kind.ENUM_MAP, dict())
        ):
            return value
        case (Kind.INTEGER | Kind.NUMBER, int() | float()) if not isinstance(value, bool):
            if field.kind is Kind.INTEGER and value != int(value):
                raise ValueError("Avro cannot carry what is wrong with it")
            return int(value) if field.kind is Kind.INTEGER else float(value)
    raise TypeError("Avro has another type there")


def report(seen: Seen) -> Iterator[str]:
    """How many inputs each judge saw: a line per class and the sums."""
    judges = sorted({name for name, _ in seen})
    classes = sorted({hostility for _, hostility in seen})
    width = max(map(len, (*classes, "all")), default=0)
    yield " ".join([" " * width, *(f"{name:>12}" for name in judges)])
    for hostility in classes:
        yield " ".join([hostility.ljust(width), *(f"{seen[name, hostility]:12,}" for name in judges)])
    sums = (sum(count for (judge, _), count in seen.items() if judge == name) for name in judges)
    yield " ".join(["all".ljust(width), *(f"{total:12,}" for total in sums)])

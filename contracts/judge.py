"""Decide whether a line keeps the contract, fast when it does and with the reason when it does not.

Two judges in a row. The *fast* one accepts a line only if msgspec decodes it, its re-encoding is the same bytes (so
that duplicate keys, other number forms, white space and text after the record cannot pass), and the rules hold that
msgspec does not check. It never rejects: what it does not accept goes to the *reference* judge, which is the JSON
Schema itself under a reference validator. So the fast judge can be wrong in one way only, by accepting too much, and
that is what the tests hunt for; everything else is decided by the schema.
"""

import re
from datetime import UTC, datetime
from typing import Final

import jsonschema_rs
import msgspec

from contracts import schema, strict_json, wire
from contracts.errors import ContractError
from contracts.reading import Reading

_CONTRACT: Final = schema.load("generator_reading")
_INTEGERS: Final = tuple(field.name for field in _CONTRACT.fields if field.kind is schema.Kind.INTEGER)
_DECODER: Final = msgspec.json.Decoder(Reading)
_VALIDATOR: Final = jsonschema_rs.Draft202012Validator(dict(_CONTRACT.document), validate_formats=True)
_CLAUSES: Final = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "minLength": "must have a length of at least",
    "maxLength": "must have a length of at most",
    "pattern": "must match",
    "format": "must be a valid",
}
_IDENTIFIER: Final = re.compile(_CONTRACT["stream_id"].pattern or "", re.ASCII).fullmatch


def parse(line: bytes) -> Reading:
    """The reading that a line of the stream, without its line break, stands for.

    Raises:
        ContractError: the line breaks the contract; of several broken rules the structural one is named first.
    """
    return fast(line) or reference(line)


def fast(line: bytes) -> Reading | None:
    """The reading of a line in canonical form that keeps the contract; None if that is for the reference to decide."""
    try:
        reading = _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if wire.encode(reading) != line or not _keeps_unstructural_rules(reading):
        return None
    return reading


def _keeps_unstructural_rules(reading: Reading) -> bool:
    return (
        _is_in_utc_and_century(reading.source_time)
        and _is_in_utc_and_century(reading.server_time)
        and _IDENTIFIER(reading.stream_id) is not None
        and _IDENTIFIER(reading.generator_id) is not None
        and _IDENTIFIER(reading.site) is not None
        and (not reading.fault_alarms or len(set(reading.fault_alarms)) == len(reading.fault_alarms))
        and _is_bad_where_null(reading)
    )


def _is_in_utc_and_century(time: datetime) -> bool:
    # msgspec keeps an offset other than zero, and writes it again as it was.
    return time.tzinfo is UTC and 2000 <= time.year <= 2099


def _is_bad_where_null(reading: Reading) -> bool:
    values = msgspec.structs.astuple(reading)
    if not reading.quality:
        return None not in values
    nulls = {name for name, value in zip(Reading.__struct_fields__, values, strict=True) if value is None}
    return nulls == {name for name, code in reading.quality.items() if code.startswith(schema.BAD)}


def reference(line: bytes) -> Reading:
    """The reading of a line, decided by the JSON Schema alone; see `parse` for the errors."""
    document = strict_json.loads(line)
    errors = list(_VALIDATOR.iter_errors(document))
    if errors:
        # Errors of conditional rules are consequences while the structure itself is broken.
        error = min(errors, key=lambda error: "allOf" in error.schema_path)
        raise ContractError(*_explain(error))
    # JSON Schema calls 1.0 and 1e0 integers.
    document |= {name: int(document[name]) for name in _INTEGERS if document[name] is not None}
    return msgspec.convert(document, Reading)


def _explain(error: jsonschema_rs.ValidationError) -> tuple[str, str, object]:
    """The field, the rule and the value that a reference validator's error is about."""
    field = ".".join(str(step) for step in error.instance_path)
    if "allOf" in error.schema_path:
        clause = (
            "must be null with a Bad quality" if "then" in error.schema_path else "may be null only with a Bad quality"
        )
        return field, clause, error.instance
    match error.kind.name, error.kind.value:
        case "required", str(name):
            return name, "must be given", None
        case "additionalProperties", [str(name), *_] if isinstance(error.instance, dict):
            return name, "is not a field of the contract", error.instance[name]
        case "propertyNames", cause:
            return field, "may name measurements only", cause.instance
        case "anyOf", [[cause, *_], _]:
            field, rule, value = _explain(cause)
            return field, f"{rule} or null", value
        case "enum", options:
            return field, f"must be one of {', '.join(options)}", error.instance
        case "type", types:
            return field, f"must be {' or '.join(sorted(types, key='null'.__eq__))}", error.instance
        case "uniqueItems", _:
            return field, "must not name anything twice", error.instance
        case name, value:
            return field, f"{_CLAUSES[name]} {value}", error.instance

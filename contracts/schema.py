"""Read the record's JSON Schema, the one source of the contract, as a list of fields and their rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from typing import Any, Final

BAD: Final = "Bad"
"""Severity prefix of the quality codes that forbid a value (OPC UA Part 8, StatusCodes)."""

TIMESTAMP: Final = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z$"
"""An instant: RFC 3339 in UTC, to the microsecond, in the years 2000 to 2099. All judges are built for it."""

UNITS: Final = {
    "kw": ("KWT", "kW"),
    "kva": ("KVA", "kVA"),
    "kvar": ("KVR", "kvar"),
    "v": ("VLT", "V"),
    "hz": ("HTZ", "Hz"),
    "a": ("AMP", "A"),
    "rpm": ("RPM", "rpm"),
    "c": ("CEL", "°C"),
    "kpa": ("KPA", "kPa"),
    "pct": ("P1", "%"),
    "lph": ("E32", "L/h"),
    "kwh": ("KWH", "kWh"),
    "h": ("HUR", "h"),
    "l": ("LTR", "L"),
    "s": ("SEC", "s"),
}
"""Unit by the last word of a field's name: code of UNECE Recommendation 20 and symbol."""

URN: Final = "urn:scada:"
"""What the ``$id`` of each contract begins with."""

_TEXTS: Final = frozenset({"$schema", "$id", "$defs", "title", "description", "x-unit"})


class Kind(Enum):
    """What a field holds, in the terms that every rendering has a word for."""

    STRING = "string"
    TIMESTAMP = "timestamp"
    ENUM = "enum"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    ENUM_SET = "set of enum"
    ENUM_MAP = "map of enum"


_SHAPES: Final[dict[Kind, tuple[str, set[str]]]] = {
    Kind.STRING: ("string", {"type", "minLength", "maxLength", "pattern"}),
    Kind.TIMESTAMP: ("string", {"type", "format", "pattern"}),
    Kind.ENUM: ("string", {"type", "enum"}),
    Kind.BOOLEAN: ("boolean", {"type"}),
    Kind.INTEGER: ("integer", {"type", "minimum", "maximum"}),
    Kind.NUMBER: ("number", {"type", "minimum", "maximum"}),
    Kind.ENUM_SET: ("array", {"type", "items", "uniqueItems"}),
    Kind.ENUM_MAP: ("object", {"type", "propertyNames", "additionalProperties"}),
}


@dataclass(frozen=True)
class Field:
    """One field of a record and the rules for its value.

    Attributes:
        name: key in JSON and column name everywhere else.
        kind: what it holds.
        nullable: whether null is allowed.
        description: its meaning, for people.
        minimum, maximum: inclusive bounds of a number, None where unbounded.
        min_length, max_length, pattern: rules of a string, in code points and as an ECMA 262 expression.
        symbols: what an enumeration (or the members of a set or map of one) may be.
        keys: what the keys of a map may be.
        definition: name of the shared definition in the schema that the rules come from, if any.
        unit: UNECE Recommendation 20 code and symbol, if it is a quantity with a unit.
    """

    name: str
    kind: Kind
    nullable: bool
    description: str
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    symbols: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    definition: str | None = None
    unit: tuple[str, str] | None = None


@dataclass(frozen=True)
class Contract:
    """A versioned record type: its JSON Schema and the fields read from it.

    Attributes:
        name: name of the record type, such as ``generator_reading``.
        version: number of the contract's version.
        document: the JSON Schema itself.
        fields: the record's fields, in the schema's order.
    """

    name: str
    version: int
    document: Mapping[str, Any]
    fields: tuple[Field, ...]

    def __getitem__(self, name: str) -> Field:
        return {field.name: field for field in self.fields}[name]

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the fields that carry a quality: the nullable ones."""
        return tuple(field.name for field in self.fields if field.nullable)


def document(file: str) -> Any:
    """The parsed JSON of a file in ``schemas``, such as ``generator_reading.v1.avsc``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return _parsed("schemas", file)


def referred(reference: str, document: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """What a reference leads to, and the document that it is in: a definition of the same one, or another contract.

    Raises:
        KeyError: there is no such definition.
        FileNotFoundError: there is no such contract.
    """
    if reference.startswith(URN):
        other = contract_of(reference)
        return other, other
    return document["$defs"][reference.rpartition("/")[2]], document


def contract_of(urn: str) -> Any:
    """The JSON Schema that has this ``$id``, such as ``urn:scada:progress:v1``.

    Raises:
        FileNotFoundError: there is none.
    """
    return document(f"{urn.removeprefix(URN).replace(':', '.')}.json")


def alarms() -> list[dict[str, Any]]:
    """The rows of the master alarm database; each is an ``alarm_definition``."""
    rows: list[dict[str, Any]] = _parsed("alarms.v1.json")
    return rows


def _parsed(*path: str) -> Any:
    return json.loads(resources.files("contracts").joinpath(*path).read_text(encoding="utf-8"))


def load(name: str, version: int = 1) -> Contract:
    """The contract of that name and version from the schemas that the package ships.

    Raises:
        FileNotFoundError: there is no such contract.
        ValueError: its schema uses something that the renderings have no word for.
    """
    return read(name, version, document(f"{name}.v{version}.json"))


def read(name: str, version: int, document: Mapping[str, Any]) -> Contract:
    """A contract from a JSON Schema document; see `load` for the errors.

    Every rule in the document is either in the fields that are returned or one that every record of this project keeps.
    Anything else is refused, because a judge that reads the fields would not know of it.
    """
    fields = tuple(_field(name, rule, document) for name, rule in document["properties"].items())
    contract = Contract(name, version, document, fields)
    frame = {key: value for key, value in document.items() if key not in _TEXTS}
    expected: dict[str, Any] = {
        "type": "object",
        "properties": document["properties"],
        "required": [field.name for field in fields],
        "additionalProperties": False,
    }
    if any(field.kind is Kind.ENUM_MAP for field in fields):
        expected["allOf"] = [bad_exactly_where_null(name, document) for name in contract.measurements]
    if frame != expected:
        wrong = sorted(key for key in frame | expected if frame.get(key) != expected.get(key))
        raise ValueError(f"{name}: no rendering is known for what {', '.join(wrong)} says")
    return contract


def bad_exactly_where_null(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The rule of a measurement's quality, as JSON Schema: null if it is Bad, and a value if it is not.

    Raises:
        ValueError: the schema means something else by Bad.
    """
    if document["$defs"].get("bad") != {"type": "string", "pattern": f"^{BAD}"}:
        raise ValueError(f"{name}: no rendering is known for another prefix than {BAD}")
    is_bad = {"required": [name], "properties": {name: {"$ref": "#/$defs/bad"}}}
    return {
        "if": {"properties": {"quality": is_bad}},
        "then": {"properties": {name: {"type": "null"}}},
        "else": {"properties": {name: {"not": {"type": "null"}}}},
    }


def _field(name: str, rule: Mapping[str, Any], document: Mapping[str, Any]) -> Field:
    definition, resolved, nullable = _resolve(rule, document)
    kind = _kind(name, resolved)
    members: Mapping[str, Any] = resolved
    if kind in {Kind.ENUM_SET, Kind.ENUM_MAP}:
        item = resolved["items" if kind is Kind.ENUM_SET else "additionalProperties"]
        definition, members, is_nullable = _resolve(item, document)
        if is_nullable or _kind(name, members) is not Kind.ENUM:
            raise ValueError(f"{name}: no rendering is known for other members than symbols")
    return Field(
        name=name,
        kind=kind,
        nullable=nullable,
        description=rule.get("description", ""),
        minimum=resolved.get("minimum"),
        maximum=resolved.get("maximum"),
        min_length=resolved.get("minLength"),
        max_length=resolved.get("maxLength"),
        pattern=resolved.get("pattern"),
        symbols=tuple(members.get("enum", ())),
        keys=tuple(resolved.get("propertyNames", {}).get("enum", ())),
        definition=definition,
        unit=_unit(name, rule),
    )


def _kind(name: str, resolved: Mapping[str, Any]) -> Kind:
    rules = {key: value for key, value in resolved.items() if key not in _TEXTS}
    shape = (rules.get("type"), set(rules))
    kind = next((kind for kind, known in _SHAPES.items() if known == shape), None)
    is_known = rules.get("uniqueItems", True) and (kind is not Kind.TIMESTAMP or rules["pattern"] == TIMESTAMP)
    if kind is None or not is_known:
        raise ValueError(f"{name}: no rendering is known for {rules}")
    return kind


def _unit(name: str, rule: Mapping[str, Any]) -> tuple[str, str] | None:
    """The unit of a field; the end of its name must say the same."""
    unit = rule.get("x-unit")
    expected = UNITS.get(name.rpartition("_")[2])
    found = (unit["code"], unit["symbol"]) if unit else None
    if expected is not None and found != expected:
        raise ValueError(f"{name}: the unit must be {expected}, as the name says, not {found}")
    return found


def _resolve(rule: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any], bool]:
    """The name of the definition that a rule refers to, the rule without its reference, and its nullability."""
    match rule:
        case {"$ref": str(reference)}:
            name = reference.removeprefix("#/$defs/")
            return name, document["$defs"][name], False
        case {"anyOf": [inner, {"type": "null"}]}:
            return *_resolve(inner, document)[:2], True
        case {"type": [str(name), "null"]}:
            return None, {**rule, "type": name}, True
    return None, rule, False

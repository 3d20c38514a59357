"""Every way to change one rule of the record: the mutants that each boundary has to notice."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from contracts import schema
from contracts.attack import edits
from contracts.attack.edits import Edit
from contracts.schema import Contract, Field, Kind


@dataclass(frozen=True)
class Mutant:
    """A change of one rule.

    Attributes:
        operator: the kind of change.
        subject: what is changed, and to what.
        edit: makes the change in the JSON Schema.
    """

    operator: str
    subject: str
    edit: Edit

    def __str__(self) -> str:
        return f"{self.operator}: {self.subject}"


def mutants(contract: Contract) -> Iterator[Mutant]:
    """All mutants of a contract, by operator and field."""
    for field in contract.fields:
        name = field.name
        yield Mutant("drop a field", name, edits.drop_field(name))
        yield Mutant("rename a field", name, edits.rename_field(name, name + "_new"))
        yield Mutant("make a field optional", name, edits.remove(f"required/{contract.fields.index(field)}"))
        if field.kind not in {Kind.ENUM_SET, Kind.ENUM_MAP}:
            change = "forbid null" if field.nullable else "allow null"
            yield Mutant(change, name, edits.nullable(name, allowed=not field.nullable))
        yield from _of_numbers(field)
    yield Mutant("add a field", "battery_voltage_v", edits.add_field("battery_voltage_v"))
    yield Mutant("allow unknown fields", "additionalProperties", edits.put("additionalProperties", value=True))
    yield Mutant("let symbols repeat", "fault_alarms", edits.put("properties/fault_alarms/uniqueItems", value=False))
    for index, name in enumerate(contract.measurements):
        yield Mutant("drop the rule of Bad and null", name, edits.remove(f"allOf/{index}"))
        yield Mutant("forbid a quality", name, edits.remove(f"properties/quality/propertyNames/enum/{index}"))
    names = [*contract.measurements, "site"]
    yield Mutant("allow another quality", "site", edits.put("properties/quality/propertyNames/enum", names))
    yield Mutant("give Bad another prefix", "^Uncertain", edits.put("$defs/bad/pattern", "^Uncertain"))
    yield from _of_texts()
    yield from _of_symbols(contract)
    yield Mutant("microseconds to milliseconds", "pattern", edits.put("$defs/timestamp/pattern", _MILLIS))


_MILLIS: Final = schema.TIMESTAMP.replace("{1,6}", "{1,3}")


def _of_numbers(field: Field) -> Iterator[Mutant]:
    if field.kind not in {Kind.NUMBER, Kind.INTEGER} or field.minimum is None or field.maximum is None:
        return
    path = f"properties/{field.name}"
    for keyword, bound, step in (("minimum", field.minimum, -1), ("maximum", field.maximum, 1)):
        new: Any = bound + step
        yield Mutant("widen a range", f"{field.name} {keyword} {new}", edits.put(f"{path}/{keyword}", new))
        new = bound - step
        yield Mutant("narrow a range", f"{field.name} {keyword} {new}", edits.put(f"{path}/{keyword}", new))
        yield Mutant("drop a bound", f"{field.name} {keyword}", edits.remove(f"{path}/{keyword}"))
    other = "number" if field.kind is Kind.INTEGER else "integer"
    yield Mutant(
        "change a type", f"{field.name} {other}", edits.put(f"{path}/type", [other, "null"][: 1 + field.nullable])
    )
    if field.unit:
        wrong = {"code": "MTR", "symbol": "m"}
        yield Mutant("change a unit", f"{field.name} m", edits.put(f"{path}/x-unit", wrong))


def _of_texts() -> Iterator[Mutant]:
    identifier = "$defs/identifier"
    yield Mutant("lengthen a text", "identifier 65", edits.put(f"{identifier}/maxLength", 65))
    yield Mutant("shorten a text", "identifier 63", edits.put(f"{identifier}/maxLength", 63))
    yield Mutant("require a longer text", "identifier 2", edits.put(f"{identifier}/minLength", 2))
    yield Mutant(
        "allow other characters", "identifier", edits.put(f"{identifier}/pattern", "^[A-Za-z0-9_][A-Za-z0-9._-]*$")
    )
    yield Mutant("forbid characters", "identifier", edits.put(f"{identifier}/pattern", "^[A-Za-z0-9][A-Za-z0-9-]*$"))
    yield Mutant(
        "allow another century", "timestamp", edits.put("$defs/timestamp/pattern", "^2" + schema.TIMESTAMP[3:])
    )
    yield Mutant("drop a format", "timestamp", edits.remove("$defs/timestamp/format"))


def _of_symbols(contract: Contract) -> Iterator[Mutant]:
    for name in dict.fromkeys(field.definition for field in contract.fields if field.symbols):
        symbols = next(field.symbols for field in contract.fields if field.definition == name)
        more = [*symbols, "UNKNOWN"]
        yield Mutant("add a symbol", f"{name} UNKNOWN", edits.put(f"$defs/{name}/enum", more))
        for index, symbol in enumerate(symbols):
            yield Mutant("drop a symbol", f"{name} {symbol}", edits.remove(f"$defs/{name}/enum/{index}"))


def one_of_each(contract: Contract) -> list[Mutant]:
    """One mutant of each operator, on as many fields as there are operators: what a default run has time for."""
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in mutants(contract):
        by_operator.setdefault(mutant.operator, []).append(mutant)
    return [group[(7 * index) % len(group)] for index, group in enumerate(by_operator.values())]


def table() -> dict[str, dict[str, str]]:
    """What catches each mutant of `one_of_each` at each boundary: the table of the docs, which the tests keep true."""
    text = resources.files(__package__).joinpath("caught.json").read_text(encoding="utf-8")
    caught: dict[str, dict[str, str]] = json.loads(text)
    return caught

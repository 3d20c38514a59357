"""The rules of the contract as Spark conditions.

What Avro's types guarantee is asked again: the rules are those of the contract's JSON Schema, not those that a
rendering of it happens to enforce.
"""

import operator
from collections.abc import Iterator
from functools import reduce
from typing import Final, TypeAlias

from pyspark.sql import Column
from pyspark.sql import functions as F

from contracts.schema import BAD, Contract, Field, Kind

CENTURY: Final = ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z")
"""First instant that the contract's timestamps may be, and the first that they may not be any more."""

_Rule: TypeAlias = tuple[Column, str, str]
"""A condition that is true where the rule is broken, the field and the rule."""


def violation(contract: Contract, reading: str) -> Column:
    """The first rule that a reading breaks, as a struct of ``field`` and ``rule``; null if it keeps them all.

    Args:
        contract: the contract of the record.
        reading: name of a struct column as `analysis.records.decode.decode` gives it.
    """
    record = F.col(reading)
    found = F.when(_is_unremarkable(contract, record), None)
    for rules in (_field_rules, _quality_rules):
        for broken, field, rule in rules(contract, record):
            found = found.when(broken, named(field, rule))
    return found


def named(field: str, rule: str | Column) -> Column:
    """A violation: the field, empty for the record as a whole, and the rule."""
    return F.struct(F.lit(field).alias("field"), F.lit(rule).alias("rule"))


def _field_rules(contract: Contract, record: Column) -> Iterator[_Rule]:
    for field in contract.fields:
        value = record[field.name]
        if not field.nullable:
            yield value.isNull(), field.name, "must be given"
        for broken, rule in _value_rules(field, value):
            yield broken, field.name, rule


def _value_rules(field: Field, value: Column) -> Iterator[tuple[Column, str]]:
    one_of = f"must be one of {', '.join(field.symbols)}"
    match field.kind:
        case Kind.STRING:
            yield from _text_rules(field, value)
        case Kind.TIMESTAMP:
            start, end = (F.lit(instant).cast("timestamp") for instant in CENTURY)
            yield (value < start) | (value >= end), "must be in the years 2000 to 2099"
        case Kind.ENUM:
            yield ~value.isin(*field.symbols), one_of
        case Kind.INTEGER | Kind.NUMBER:
            yield from _number_rules(field, value)
        case Kind.ENUM_SET:
            yield F.size(F.array_distinct(value)) != F.size(value), "must not name anything twice"
            yield F.exists(value, lambda member: ~member.isin(*field.symbols)), one_of
        case Kind.ENUM_MAP:
            keys = value["key"]
            yield F.size(F.array_distinct(keys)) != F.size(keys), "must not name anything twice"
            yield F.exists(keys, lambda key: ~key.isin(*field.keys)), "may name measurements only"
            yield F.exists(value["value"], lambda code: ~code.isin(*field.symbols)), one_of


def _text_rules(field: Field, value: Column) -> Iterator[tuple[Column, str]]:
    yield ~F.is_valid_utf8(value), "must be UTF-8"
    if field.min_length is not None:
        yield F.length(value) < field.min_length, f"must have a length of at least {field.min_length}"
    if field.max_length is not None:
        yield F.length(value) > field.max_length, f"must have a length of at most {field.max_length}"
    if field.pattern is not None:
        yield ~value.rlike(_in_java(field.pattern)), f"must match {field.pattern}"


def _in_java(pattern: str) -> str:
    """The ECMA 262 expression for Java, whose ``$`` also matches before a line break at the end."""
    return pattern.removesuffix("$") + r"\z" if pattern.endswith("$") else pattern


def _number_rules(field: Field, value: Column) -> Iterator[tuple[Column, str]]:
    if field.kind is Kind.NUMBER:
        # Spark orders NaN above infinity, so this finds both.
        yield F.abs(value) >= F.lit(float("inf")), "must be a number"
    if field.minimum is not None:
        yield value < field.minimum, f"must be at least {field.minimum}"
    if field.maximum is not None:
        yield value > field.maximum, f"must be at most {field.maximum}"


def _is_unremarkable(contract: Contract, record: Column) -> Column:
    """Whether a reading keeps all rules by what is cheap to see; false or null leaves it to the rules themselves.

    So it is for most readings: every value is there and in its range, no alarm is given and every quality is Good.
    """
    return reduce(operator.and_, (_is_plain(field, record[field.name]) for field in contract.fields))


def _is_plain(field: Field, value: Column) -> Column:
    """Whether a value is there and keeps the rules of its field; false or null where that takes the rules to say."""
    match field.kind:
        case Kind.INTEGER | Kind.NUMBER:
            # Spark orders NaN above infinity.
            least = value >= F.lit(float("-inf") if field.minimum is None else field.minimum)
            return least & (value < F.lit(float("inf")) if field.maximum is None else value <= F.lit(field.maximum))
        case Kind.ENUM_SET | Kind.ENUM_MAP:
            return F.size(value) == 0
    return reduce(operator.and_, (~broken for broken, _ in _value_rules(field, value)), value.isNotNull())


def _quality_rules(contract: Contract, record: Column) -> Iterator[_Rule]:
    """Bad and null go together (OPC UA Part 8: a Bad value must not be used)."""
    bad = F.filter(_quality(contract, record), lambda entry: entry["value"].startswith(BAD))["key"]
    for name in contract.measurements:
        is_null, is_bad = record[name].isNull(), F.array_contains(bad, name)
        yield is_null & ~is_bad, name, "may be null only with a Bad quality"
        yield ~is_null & is_bad, name, "must be null with a Bad quality"


def _quality(contract: Contract, record: Column) -> Column:
    [name] = (field.name for field in contract.fields if field.kind is Kind.ENUM_MAP)
    return record[name]

"""Decide what becomes of each record: exactly one outcome, by precedence, the same in every query and every batch."""

from enum import StrEnum
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.records.decode import decode, once
from analysis.records.validity import named, violation
from contracts.schema import Kind, load

CONTRACT: Final = load("generator_reading")

LATENESS_S: Final = 600
"""A reading that reaches the server more than this many seconds after its sampling is late."""

SKEW_S: Final = 60
"""A device clock that is ahead of the server's by more than this many seconds is skewed."""


class Outcome(StrEnum):
    """What became of a record. Duplicates are told apart later: that takes memory, the others take the record alone."""

    REJECTED = "rejected"
    LATE = "late"
    SKEWED = "skewed"
    ACCEPTED = "accepted"


def judge(records: DataFrame) -> DataFrame:
    """Kafka's records decoded, with ``violation`` (struct of ``field`` and ``rule``, or null) and ``outcome``."""
    return (
        decode(records)
        .withColumn(
            "violation",
            once(
                F.when(F.col("damage").isNotNull(), named("", F.col("damage"))).otherwise(
                    violation(CONTRACT, "reading")
                )
            ),
        )
        .withColumn("outcome", outcome())
    )


def outcome() -> Column:
    """The outcome of a judged record.

    Lateness and skew are told by the reading's own two clocks, so that they depend neither on batches nor on other
    readings, and nothing that would hold up or rush the watermark gets past them.
    """
    delay = F.unix_micros("reading.server_time") - F.unix_micros("reading.source_time")
    return (
        F.when(F.col("violation").isNotNull(), F.lit(Outcome.REJECTED.value))
        .when(delay > LATENESS_S * 1_000_000, F.lit(Outcome.LATE.value))
        .when(delay < -SKEW_S * 1_000_000, F.lit(Outcome.SKEWED.value))
        .otherwise(F.lit(Outcome.ACCEPTED.value))
    )


def is_accepted() -> Column:
    """Whether a judged record is a reading for all results."""
    return F.col("outcome") == Outcome.ACCEPTED.value


def is_valid() -> Column:
    """Whether a judged record is a reading that keeps the contract: accepted, late or skewed."""
    return F.col("outcome") != Outcome.REJECTED.value


def measured() -> list[Column]:
    """The columns of the contract, of a judged record."""
    return [
        _as_map(f"reading.{field.name}").alias(field.name)
        if field.kind is Kind.ENUM_MAP
        else F.col(f"reading.{field.name}")
        for field in CONTRACT.fields
    ]


def position() -> list[Column]:
    """Where a judged record came from, and which bytes it was.

    ``topic``, ``partition``, ``offset``; ``appended``, Kafka's timestamp of the record; ``stream`` and ``line``; and
    ``digest``, the XXH64 of its value with the seed 42: of one reading with two digests, one is a conflict.
    """
    return [
        *(F.col(name) for name in ("topic", "partition", "offset")),
        F.col("timestamp").alias("appended"),
        *(F.col(name) for name in ("stream", "line")),
        F.xxhash64("value").alias("digest"),
    ]


def accepted(judged: DataFrame) -> DataFrame:
    """The accepted readings in the columns of the contract."""
    return judged.filter(is_accepted()).select(*measured())


def placed(judged: DataFrame, wanted: Column) -> DataFrame:
    """The wanted readings in the columns of the contract, followed by their `position`.

    Args:
        judged: records as `judge` gives them.
        wanted: `is_accepted` or `is_valid`.
    """
    return judged.filter(wanted).select(*measured(), *position())


def _as_map(entries: str) -> Column:
    """The map of its entries; null where a key is given twice, on which Spark would end the query.

    Rejecting such a record before is not enough: the optimizer evaluates later filters on the map in front of that.
    """
    keys = F.col(entries)["key"]
    is_unique = (F.size(keys) <= 1) | (F.size(F.array_distinct(keys)) == F.size(keys))
    return F.map_from_entries(F.when(is_unique, F.col(entries)))


def rejected(judged: DataFrame) -> DataFrame:
    """The rejected records with their place in the log and the rule that they break."""
    place = ("topic", "partition", "offset", "timestamp", "stream", "line")
    return judged.filter(F.col("outcome") == Outcome.REJECTED.value).select(*place, "violation.*", "value")

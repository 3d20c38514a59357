"""The rows of a judged batch: what is stored of the accepted readings, and what became of each record."""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.records import judge
from analysis.records.judge import CONTRACT
from contracts.schema import Kind

DUPLICATE: Final = "duplicate"
CONFLICT: Final = "conflict"
GAP: Final = "gap"

IDENTITY: Final = ("stream_id", "generator_id", "seq")
"""What identifies a reading."""

ORIGINALS: Final = "stream_id string, generator_id string, seq bigint, digest bigint"
"""The columns of readings that copies are compared with."""

PLACES: Final = "partition int, offset bigint"
"""The columns of places in the log."""

COPIES: Final = f"{PLACES}, {ORIGINALS}, source_time bigint"
"""The columns of readings whose identity was seen before; ``source_time`` in microseconds since 1970."""

TOLD: Final = f"{PLACES}, outcome string"
"""The columns of what was told of copies."""

CONFLICT_RULE: Final = "must have the bytes of the reading stored with the same stream_id, generator_id and seq"


def candidates(judged: DataFrame, places: DataFrame) -> DataFrame:
    """The accepted readings at the given places whose identity was seen before.

    Args:
        judged: as `analysis.records.judge.judge` gives it.
        places: `PLACES`, few enough to be sent to every task.

    Returns:
        `COPIES`.
    """
    found = judged.filter(F.col("outcome") == judge.Outcome.ACCEPTED.value)
    return found.join(F.broadcast(places), ["partition", "offset"], "left_semi").select(
        *(F.col("partition"), F.col("offset"), *_identity(), digest().alias("digest")),
        F.unix_micros("reading.source_time").alias("source_time"),
    )


def originals(judged: DataFrame, copies: DataFrame) -> DataFrame:
    """The readings of the batch that the copies in it have the identity of, and that are no copies: `ORIGINALS`.

    Of two records with one identity, the first in the log is the original, so it is the caller who names the second.
    """
    found = judged.filter(F.col("outcome") == judge.Outcome.ACCEPTED.value)
    return (
        found.join(F.broadcast(copies), ["partition", "offset"], "left_anti")
        .select(*_identity(), digest().alias("digest"))
        .join(F.broadcast(copies.select(*IDENTITY).distinct()), list(IDENTITY), "left_semi")
        .select(*IDENTITY, "digest")
    )


def told(copies: DataFrame, stored: DataFrame) -> DataFrame:
    """What each copy is: a duplicate if a stored reading with its identity has its bytes, else a conflict: `TOLD`."""
    same = stored.select(*IDENTITY, "digest").distinct().withColumn("is_same", F.lit(True))
    is_duplicate = F.coalesce(F.col("is_same"), F.lit(False))
    return copies.join(same, [*IDENTITY, "digest"], "left").select(
        "partition", "offset", F.when(is_duplicate, F.lit(DUPLICATE)).otherwise(F.lit(CONFLICT)).alias("outcome")
    )


def marked(judged: DataFrame, copies: DataFrame) -> DataFrame:
    """The judged batch with the outcome of its copies (`TOLD`) in place of ``accepted``."""
    verdict = copies.withColumnRenamed("outcome", "copy")
    is_copy = (F.col("outcome") == judge.Outcome.ACCEPTED.value) & F.col("copy").isNotNull()
    outcome = F.when(is_copy, F.col("copy")).otherwise(F.col("outcome"))
    return (
        judged.join(F.broadcast(verdict), ["partition", "offset"], "left")
        .withColumn("outcome", outcome)
        .select(*judged.columns)
    )


def readings(judged: DataFrame) -> DataFrame:
    """The accepted readings as they are stored.

    Returns:
        The contract's fields with ``quality`` as a map; ``topic``, ``partition``, ``offset``; ``appended``, Kafka's
        timestamp; ``stream`` and ``line``; ``digest``, xxHash64 of the value's bytes; ``date`` of the source time in
        UTC.
    """
    return judged.filter(F.col("outcome") == judge.Outcome.ACCEPTED.value).select(
        *(_stored(field.name, field.kind).alias(field.name) for field in CONTRACT.fields),
        *_place(),
        digest().alias("digest"),
        _source_date().alias("date"),
    )


def outcomes(judged: DataFrame) -> DataFrame:
    """What became of each record.

    Returns:
        ``topic``, ``partition``, ``offset``, ``last_offset`` (the same); ``appended``, ``stream``, ``line``; the
        identity, null where the record is rejected; ``outcome``; ``field`` and ``rule`` that the record breaks, null
        where it breaks none; ``date``, UTC, of Kafka's timestamp.
    """
    is_reading = F.col("violation").isNull()
    is_conflict = F.col("outcome") == CONFLICT
    topic, partition, offset, *place = _place()
    return judged.select(
        *(topic, partition, offset, F.col("offset").alias("last_offset"), *place),
        *(F.when(is_reading, F.col(f"reading.{name}")).alias(name) for name in IDENTITY),
        "outcome",
        F.when(is_conflict, F.lit("")).otherwise(F.col("violation.field")).alias("field"),
        F.when(is_conflict, F.lit(CONFLICT_RULE)).otherwise(F.col("violation.rule")).alias("rule"),
        F.to_date("timestamp").alias("date"),
    )


def digest() -> Column:
    """The hash that stands for the bytes of a record's value."""
    return F.xxhash64("value")


def _identity() -> list[Column]:
    return [F.col(f"reading.{name}").alias(name) for name in IDENTITY]


def _place() -> list[Column]:
    names = ("topic", "partition", "offset", "timestamp", "stream", "line")
    return [F.col(name).alias("appended" if name == "timestamp" else name) for name in names]


def _source_date() -> Column:
    return F.to_date("reading.source_time")


def _stored(name: str, kind: Kind) -> Column:
    column = F.col(f"reading.{name}")
    if kind is not Kind.ENUM_MAP:
        return column
    # A key given twice ends the query, and the optimizer evaluates this in front of the filter that rejects it.
    keys = column["key"]
    return F.map_from_entries(F.when(F.size(F.array_distinct(keys)) == F.size(keys), column))

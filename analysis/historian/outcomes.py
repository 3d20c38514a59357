"""The rows of a judged batch: what is stored of the accepted readings, and what became of each record."""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from analysis.records import judge
from analysis.records.judge import CONTRACT

DUPLICATE: Final = "duplicate"
CONFLICT: Final = "conflict"
GAP: Final = "gap"

IDENTITY: Final = ("stream_id", "generator_id", "seq")
"""What identifies a reading."""

PLACES: Final = "partition int, offset bigint"
"""The columns of places in the log."""

ORIGINALS: Final = "stream_id string, generator_id string, seq bigint, digest bigint"
"""The columns of readings that copies are compared with."""

COPIES: Final = f"{PLACES}, {ORIGINALS}, source_time bigint"
"""The columns of readings whose identity was seen before; ``source_time`` in microseconds since 1970."""

TOLD: Final = f"{PLACES}, outcome string"
"""The columns of what was told of copies."""

CONFLICT_RULE: Final = "must have the bytes of the reading stored with the same stream_id, generator_id and seq"

FIELDS: Final[tuple[str, ...]] = tuple(field.name for field in CONTRACT.fields)
POSITION: Final[tuple[str, ...]] = ("topic", "partition", "offset", "appended", "stream", "line")

_ACCEPTED: Final = judge.Outcome.ACCEPTED.value
_REJECTED: Final = judge.Outcome.REJECTED.value


def flat(judged: DataFrame) -> DataFrame:
    """The judged records in the columns that everything else here takes.

    Returns:
        The contract's fields, null or meaningless where the record is rejected; the position in the log with
        ``appended``, Kafka's timestamp; ``digest`` of the value's bytes; ``outcome``; ``field`` and ``rule`` that the
        record breaks, null where it breaks none; and ``value`` of a rejected record, null otherwise.
    """
    return judged.select(
        *judge.measured(),
        *judge.position(),
        "outcome",
        F.col("violation.field").alias("field"),
        F.col("violation.rule").alias("rule"),
        F.when(F.col("outcome") == _REJECTED, F.col("value")).alias("value"),
    )


def candidates(records: DataFrame, places: DataFrame) -> DataFrame:
    """The accepted readings at the given places, whose identity was seen before.

    Args:
        records: as `flat` gives them.
        places: `PLACES`, few enough to be sent to every task.

    Returns:
        `COPIES`.
    """
    accepted = records.filter(F.col("outcome") == _ACCEPTED)
    return accepted.join(F.broadcast(places), ["partition", "offset"], "left_semi").select(
        *("partition", "offset", *IDENTITY, "digest"), F.unix_micros("source_time").alias("source_time")
    )


def originals(records: DataFrame, copies: DataFrame) -> DataFrame:
    """The readings of the batch that the copies in it have the identity of, and that are no copies: `ORIGINALS`.

    Of two records with one identity, the first in the log is the original, so it is the caller who names the second.
    """
    accepted = records.filter(F.col("outcome") == _ACCEPTED)
    return (
        accepted.join(F.broadcast(copies), ["partition", "offset"], "left_anti")
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


def marked(records: DataFrame, copies: DataFrame) -> DataFrame:
    """The records with the outcome of their copies (`TOLD`) in place of ``accepted``."""
    verdict = copies.withColumnRenamed("outcome", "copy")
    is_copy = (F.col("outcome") == _ACCEPTED) & F.col("copy").isNotNull()
    is_conflict = is_copy & (F.col("copy") == CONFLICT)
    changed = {
        "outcome": F.when(is_copy, F.col("copy")).otherwise(F.col("outcome")),
        "field": F.when(is_conflict, F.lit("")).otherwise(F.col("field")),
        "rule": F.when(is_conflict, F.lit(CONFLICT_RULE)).otherwise(F.col("rule")),
    }
    with_verdict = records.join(F.broadcast(verdict), ["partition", "offset"], "left")
    return with_verdict.select(*(changed[name].alias(name) if name in changed else name for name in records.columns))


def readings(records: DataFrame) -> DataFrame:
    """The accepted readings as they are stored.

    Returns:
        The contract's fields with ``quality`` as a map; `POSITION`; ``digest``, xxHash64 of the value's bytes;
        ``date``, UTC, of the source time.
    """
    date = F.to_date("source_time").alias("date")
    return records.filter(F.col("outcome") == _ACCEPTED).select(*FIELDS, *POSITION, "digest", date)


def outcomes(records: DataFrame) -> DataFrame:
    """What became of each record.

    Returns:
        ``topic``, ``partition``, ``offset``, ``last_offset`` (the same); ``appended``, ``stream``, ``line``; the
        identity, null where the record is rejected; ``outcome``; ``field`` and ``rule`` that the record breaks, null
        where it breaks none; ``date``, UTC, of Kafka's timestamp.
    """
    is_reading = F.col("outcome") != _REJECTED
    topic, partition, offset, *others = POSITION
    return records.select(
        *(topic, partition, offset),
        F.col(offset).alias("last_offset"),
        *others,
        *(F.when(is_reading, F.col(name)).alias(name) for name in IDENTITY),
        *("outcome", "field", "rule"),
        F.to_date("appended").alias("date"),
    )


def rejected(records: DataFrame) -> DataFrame:
    """The rejected records, with the rule that they break: what `analysis.results.rejected_records` takes."""
    topic, partition, offset, appended, *others = POSITION
    return records.filter(F.col("outcome") == _REJECTED).select(
        *(topic, partition, offset), F.col(appended).alias("timestamp"), *others, "field", "rule", "value"
    )

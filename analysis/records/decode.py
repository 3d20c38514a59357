"""Decode the values of the readings topic: Avro single-object encoding, every damaged one told apart.

Spark's `from_avro` is lenient: PERMISSIVE turns damage into a struct of nulls, bytes after the record pass, and so do
numbers in more bytes than they need. What it returns is therefore encoded again and compared with what came.
"""

import json
from importlib import resources
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

from contracts import framing

_AVSC: Final[dict[str, Any]] = json.loads(
    resources.files("contracts").joinpath("schemas", "generator_reading.v1.avsc").read_text(encoding="utf-8")
)
_PREFIX: Final = framing.prefix(_AVSC)
_HEADER_LIMIT: Final = 64


def ordered(schema: Any) -> Any:
    """The Avro schema (parsed JSON) with each map replaced by an array of its entries.

    Both have the same bytes (Avro 1.12 specification, "Maps" and "Arrays": blocks of entries, an entry is the key
    followed by the value). Spark reads a map through a hash map, which loses the order of the entries, so that it would
    not come back as the bytes it was, and drops a key given twice; an array keeps both.
    """
    match schema:
        case {"type": "map", "values": values}:
            fields = [{"name": "key", "type": "string"}, {"name": "value", "type": ordered(values)}]
            return {"type": "array", "items": {"type": "record", "name": "entry", "fields": fields}}
        case {"type": "record", "fields": fields}:
            return {**schema, "fields": [{**field, "type": ordered(field["type"])} for field in fields]}
        case list():
            return [ordered(branch) for branch in schema]
    return schema


_WIRE: Final = json.dumps(ordered(_AVSC))


def decode(records: DataFrame) -> DataFrame:
    """The records of Kafka (with headers) as readings.

    Returns:
        ``topic``, ``partition``, ``offset``, ``timestamp``, ``key`` and ``value`` as they came; ``stream`` and ``line``
        from the headers, null where they are missing or no such text; ``reading``, a struct of the contract's fields
        with ``quality`` as an array of ``key`` and ``value``; and ``damage``, the rule of the encoding that the value
        breaks, null where it breaks none: only then the reading is what was sent.
    """
    value, reading = F.col("value"), F.col("reading")
    is_framed = F.coalesce(F.startswith(value, F.lit(_PREFIX)), F.lit(False))
    is_avro = reading[_AVSC["fields"][0]["name"]].isNotNull()
    is_canonical = F.when(is_avro, F.coalesce(to_avro(reading, _WIRE) == F.col("payload"), F.lit(False)))
    damage = (
        F.when(~is_framed, F.lit(f"must begin with the Avro prefix {_PREFIX.hex()}"))
        .when(~is_avro, F.lit("must be Avro"))
        .when(~is_canonical, F.lit("must be the canonical Avro encoding of a reading"))
    )
    return (
        records.withColumn("payload", F.when(is_framed, F.substr(value, F.lit(len(_PREFIX) + 1))))
        .withColumn("reading", once(from_avro("payload", _WIRE, {"mode": "PERMISSIVE"})))
        .select(
            *("topic", "partition", "offset", "timestamp", "key", "value"),
            header("stream").alias("stream"),
            header("line").try_cast("long").alias("line"),
            "reading",
            damage.alias("damage"),
        )
    )


def once(value: Column) -> Column:
    """The value, evaluated once per row, however often the columns made of it are used.

    The optimizer copies an expression into every filter above it: Spark 4.1 made 751 calls of `from_avro` of one, and
    out of the rules of the contract a plan larger than a gigabyte. It copies nothing that is nondeterministic, and the
    number of the partition counts as that. The condition always holds, and it is compiled with the rest.
    """
    return F.when(F.spark_partition_id() >= 0, value)


def header(name: str) -> Column:
    """The first header of that name as text; null if there is none or it is longer than 64 bytes or not UTF-8."""
    headers = F.col("headers")
    # The position counts from 1, and is 0 where there is none: then there is nothing at the index either.
    index = F.array_position(headers["key"], F.lit(name)).cast("int") - 1
    value = F.get(headers, index)["value"]
    return F.when(F.length(value) <= _HEADER_LIMIT, F.try_validate_utf8(value.cast("string")))

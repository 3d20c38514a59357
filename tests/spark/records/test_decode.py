import math
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from analysis.records.decode import decode, ordered
from analysis.records.judge import Outcome, judge
from contracts import avro
from contracts.errors import ContractError
from contracts.reading import Reading

Records = Callable[[Sequence[bytes | None]], DataFrame]
Make = Callable[..., Reading]

PREFIX = "must begin with the Avro prefix c301c7d971164062eba1"
AVRO = "must be Avro"
CANONICAL = "must be the canonical Avro encoding of a reading"


def long(number: int) -> bytes:
    """A long as Avro writes it (specification, "Binary encoding": zig-zag, seven bits a byte)."""
    zigzag, out = (number << 1) ^ (number >> 63), bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def hostile(value: bytes) -> dict[str, tuple[bytes | None, str]]:
    """Damaged relatives of the encoded reading without alarms and quality, each with the rule that it breaks."""
    head, body = value[:10], value[10:]
    state = value.index(long(1) + long(2) + long(1) + long(2))  # branch and symbol of RUNNING, then of AUTO
    time = value.index(long(1767225600000000))
    return {
        "no value": (None, PREFIX),
        "empty": (b"", PREFIX),
        "prefix cut": (head[:9], PREFIX),
        "text": ("{Ω".encode(), PREFIX),
        "JSON instead of Avro": (b'{"stream_id":"run-1"}', PREFIX),
        "fingerprint of another schema": (head[:9] + b"\x00" + body, PREFIX),
        "fingerprint of the other byte order": (head[:2] + head[2:][::-1] + body, PREFIX),
        "JSON behind the prefix": (head + b'{"stream_id":"run-1"}', AVRO),
        "prefix alone": (head, AVRO),
        "cut by one byte": (value[:-1], AVRO),
        "cut in half": (value[: len(value) // 2], AVRO),
        "negative length": (head + long(-3) + body, AVRO),
        "announces a string of 2 GiB": (head + long(2**31 - 20) + body, AVRO),
        "announces a string of 1 TiB": (head + long(2**40) + body, AVRO),
        "announces two billion alarms": (value[:-2] + long(2**31 - 20), AVRO),
        "announces two billion qualities": (value[:-1] + long(2**31 - 20), AVRO),
        "unknown enum index": (value[:state] + long(1) + long(5) + value[state + 2 :], AVRO),
        "negative enum index": (value[:state] + long(1) + long(-1) + value[state + 2 :], AVRO),
        "branch that does not exist": (value[:state] + long(2) + value[state + 1 :], AVRO),
        "a byte more": (value + b"\x00", CANONICAL),
        "a second record": (value + body, CANONICAL),
        "number in more bytes than it needs": (value[:state] + b"\x82\x00" + value[state + 1 :], CANONICAL),
        "block with its size": (value[:-2] + long(-1) + long(1) + long(0) + long(0) + value[-1:], CANONICAL),
        "time before the calendar's reform": (value[:time] + long(-(10**17)) + value[time + 8 :], ""),
        "smallest time": (value[:time] + long(-(2**63)) + value[time + 8 :], ""),
    }


CASES = tuple(hostile(bytes(10) + long(1767225600000000) + long(1) + long(2) + long(1) + long(2)))


@pytest.fixture(scope="module")
def judged(records: Records, reading: Make) -> dict[str, tuple[str, str, str]]:
    """Outcome, field and rule of each hostile value: all in one batch, because none may take others with it."""
    cases = hostile(avro.encode(reading()))
    rows = judge(records([value for value, _ in cases.values()])).select("offset", "outcome", "violation.*").collect()
    assert len(rows) == len(cases)
    by_offset = {row.offset: (row.outcome, row.field, row.rule) for row in rows}
    return {name: by_offset[offset] for offset, name in enumerate(cases)}


@pytest.mark.parametrize("name", CASES)
def test_damage_is_rejected_by_its_rule(judged: dict[str, tuple[str, str, str]], reading: Make, name: str) -> None:
    _, rule = hostile(avro.encode(reading()))[name]
    expected = ("", rule) if rule else ("source_time", "must be in the years 2000 to 2099")
    assert judged[name] == (Outcome.REJECTED, *expected)


def test_a_reading_comes_back_as_it_was_sent(records: Records, reading: Make) -> None:
    quality = {"voltage_v": "BadSensorFailure", "fuel_level_pct": "UncertainLastUsableValue", "mode": "BadOutOfService"}
    sent = reading(
        source_time=datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC),
        voltage_v=None,
        mode=None,
        fault_alarms=["OVERSPEED", "LOW_FUEL"],
        quality=quality,
    )
    [row] = decode(records([avro.encode(sent)])).collect()
    assert row.damage is None
    assert row.reading.generator_id == "G1"
    assert row.reading.source_time.timestamp() == sent.source_time.timestamp()
    assert row.reading.power_output_kw == 100.0
    assert row.reading.voltage_v is None
    assert row.reading.fault_alarms == ["OVERSPEED", "LOW_FUEL"]
    assert [(entry.key, entry.value) for entry in row.reading.quality] == list(quality.items())


def test_headers_name_the_line_or_nothing(spark: SparkSession, records: Records) -> None:
    odd: list[list[tuple[str, bytes | None]]] = [
        [("stream", b"run-1"), ("line", b"17")],
        [("line", b"17"), ("line", b"18"), ("stream", b"a"), ("other", b"b")],
        [("stream", b"\xff"), ("line", b"many")],
        [("stream", b"x" * 65), ("line", b"9" * 30)],
        [("stream", None), ("line", None)],
        [],
    ]
    columns = records([None]).schema
    rows = [(None, None, "t", 0, number, None, 0, headers) for number, headers in enumerate(odd)]
    found = decode(spark.createDataFrame(rows, columns)).orderBy("offset").select("stream", "line").collect()
    assert [tuple(row) for row in found] == [
        ("run-1", 17),
        ("a", 17),
        (None, None),
        (None, None),
        (None, None),
        (None, None),
    ]


def test_ordered_replaces_maps_wherever_they_are() -> None:
    schema = {
        "type": "record",
        "name": "r",
        "fields": [{"name": "m", "type": ["null", {"type": "map", "values": "int"}]}],
    }
    entry = {
        "type": "record",
        "name": "entry",
        "fields": [{"name": "key", "type": "string"}, {"name": "value", "type": "int"}],
    }
    assert ordered(schema)["fields"][0]["type"] == ["null", {"type": "array", "items": entry}]


def verdict(value: bytes) -> bool:
    try:
        avro.decode(value)
    except ContractError:
        return False
    return True


def test_spark_and_the_reader_of_the_contract_agree_on_every_damaged_byte(records: Records, reading: Make) -> None:
    """Each byte of an encoded reading replaced by telling others: what one reader accepts, the other must accept."""
    quality = {"voltage_v": "BadSensorFailure", "mode": "UncertainLastUsableValue"}
    value = avro.encode(reading(voltage_v=None, quality=quality, fault_alarms=["LOW_FUEL", "OVERSPEED"]))
    values = [
        value[:place] + bytes([byte]) + value[place + 1 :]
        for place in range(len(value))
        for byte in {0x00, 0x01, 0x02, 0x80, 0xFF, value[place] ^ 0x01, value[place] ^ 0x40}
    ]
    rows = judge(records(values)).select("offset", "outcome").collect()
    accepted = {row.offset for row in rows if row.outcome != Outcome.REJECTED}
    assert accepted == {offset for offset, value in enumerate(values) if verdict(value)}
    assert 0 < len(accepted) < len(values)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 400.1, -0.1, 5e-324, -0.0, 400.0])
def test_spark_and_the_reader_of_the_contract_agree_on_numbers(records: Records, reading: Make, number: float) -> None:
    value = avro.encode(reading()).replace(struct.pack("<d", 230.0), struct.pack("<d", number), 1)
    [row] = judge(records([value])).select("outcome").collect()
    assert (row.outcome != Outcome.REJECTED) == verdict(value)

"""A walk from version 1 of the record to version 2, which adds `battery_voltage_v`, on a real broker.

What `python -m contracts compat` says of the two decides how they live together. In JSON neither reads the other, so
version 2 gets a topic of its own. In Avro a reader of version 1 can read version 2, because the fingerprint in each
value tells it the writer's schema; so it can move to the new topic first, and the old one ends when nobody reads it.
"""

import io
import uuid
from collections.abc import Iterator
from typing import Any

import fastavro
import msgspec
import pytest
from fastavro.read import SchemaResolutionError
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from contracts import avro, compat, framing, judge, render, schema
from contracts.attack import corpus, edits
from contracts.errors import ContractError
from contracts.reading import Reading
from contracts.topics import Topic
from pipeline import cluster

V1 = schema.load("generator_reading")
V2 = schema.read(
    "generator_reading",
    2,
    edits.edited(schema.document("generator_reading.v1.json"), edits.add_field("battery_voltage_v")),
)
AVSC = {version: render.avro(contract) for version, contract in ((1, V1), (2, V2))}
WRITERS = {framing.prefix(avsc): avsc for avsc in AVSC.values()}
READING = judge.parse(corpus.base())


def written_by_v2(reading: Reading, battery_voltage_v: float | None, quality: dict[str, str]) -> bytes:
    """What a writer of version 2 sends: the reading with one measurement more."""
    buffer = io.BytesIO()
    buffer.write(framing.prefix(AVSC[2]))
    fields = msgspec.structs.asdict(reading) | {"battery_voltage_v": battery_voltage_v, "quality": quality}
    fastavro.schemaless_writer(buffer, AVSC[2], fields)
    return buffer.getvalue()


def resolved(value: bytes, version: int) -> dict[str, Any]:
    """A value of any version that is known, in the fields of one version (Avro 1.12, "Schema Resolution")."""
    prefix, body = value[: framing.PREFIX_LENGTH], value[framing.PREFIX_LENGTH :]
    fields = fastavro.schemaless_reader(io.BytesIO(body), WRITERS[prefix], AVSC[version])
    assert isinstance(fields, dict)
    return fields


def read_by_v1(value: bytes) -> Reading:
    """A reader of version 1 that has learnt the schema of version 2: what it does not know, it does not judge."""
    fields = resolved(value, 1)
    fields["quality"] = {name: code for name, code in fields["quality"].items() if name in V1.measurements}
    return judge.parse(msgspec.json.encode(fields))


@pytest.fixture
def producer(kafka: str) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(bootstrap_servers=kafka)
    yield producer
    producer.close()


def sent(producer: KafkaProducer, kafka: str, *values: bytes) -> list[bytes]:
    """The values after they have been on a topic of their own."""
    topic = f"scada.evolution.{uuid.uuid4()}"
    cluster.ensure_topics(kafka, replicas=1, topics=[Topic(topic, key="none", content="readings of two versions")])
    for value in values:
        producer.send(topic, value=value).get(timeout=30)
    consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        found: list[bytes] = []
        while len(found) < len(values):
            batch = consumer.poll(timeout_ms=30_000)
            assert batch, f"only {len(found)} of {len(values)} values came"
            found += [record.value for records in batch.values() for record in records]
        return found
    finally:
        consumer.close()


def test_first_compat_is_asked_and_its_answer_decides() -> None:
    json = compat.compare(V1.document, V2.document)
    assert (json.backward, json.forward) == (False, False)
    avro = compat.compare(AVSC[1], AVSC[2])
    assert (avro.backward, avro.forward) == (False, True)
    assert avro.against_backward == ("battery_voltage_v: is not written, and the reader has no default for it",)


def test_an_old_reader_refuses_a_new_value_rather_than_misread_it(producer: KafkaProducer, kafka: str) -> None:
    """If version 2 got onto the topic of version 1, each value would be rejected with the reason, and none misread."""
    [value] = sent(producer, kafka, written_by_v2(READING, 24.5, {}))
    with pytest.raises(ContractError, match="must begin with the Avro prefix"):
        avro.decode(value)


def test_a_reader_of_v1_that_has_learnt_v2_reads_both_as_v1(producer: KafkaProducer, kafka: str) -> None:
    values = sent(
        producer,
        kafka,
        avro.encode(READING),
        written_by_v2(READING, 24.5, {}),
        written_by_v2(READING, None, {"battery_voltage_v": "BadSensorFailure", "mode": "UncertainLastUsableValue"}),
    )
    uncertain = msgspec.structs.replace(READING, quality={"mode": "UncertainLastUsableValue"})
    assert [read_by_v1(value) for value in values] == [READING, READING, uncertain]


def test_a_reader_of_v2_waits_until_v2_is_written(producer: KafkaProducer, kafka: str) -> None:
    """There is no default that would be true of a voltage that nobody measured."""
    old, new = sent(producer, kafka, avro.encode(READING), written_by_v2(READING, 24.5, {}))
    assert resolved(new, 2)["battery_voltage_v"] == 24.5
    with pytest.raises(SchemaResolutionError, match="battery_voltage_v"):
        resolved(old, 2)

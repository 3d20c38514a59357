"""Any topic for people: each record on a line, decoded by its contract."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from contracts import avro, framing
from contracts.errors import ContractError
from pipeline.errors import PipelineError

_ANSWER_MS: Final = 10_000
_POLL_MS: Final = 200


def render(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> str:
    """A record on one line of JSON: ``key``, ``headers`` and ``value``, whatever they hold.

    A value in Avro is decoded by the contract, JSON stays as it is, other text becomes a string, and what is none
    becomes ``{"base64": …}``. An Avro value that breaks the contract is shown with the ``violation``.
    """
    record: dict[str, Any] = {"key": None if key is None else _text(key)}
    if headers:
        record["headers"] = {name: _text(content) for name, content in headers}
    try:
        record["value"] = None if value is None else _decoded(value)
    except ContractError as error:
        record |= {"violation": str(error), "value": _text(value or b"")}
    return json.dumps(record, ensure_ascii=False)


def _decoded(value: bytes) -> Any:
    if value.startswith(framing.MARKER):
        return msgspec.to_builtins(avro.decode(value))
    try:
        return json.loads(value)
    except ValueError:
        return _text(value)


def _text(content: bytes) -> str | dict[str, str]:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def tail(
    bootstrap_servers: str, topic: str, count: int, *, is_endless: bool, stopping: Callable[[], bool]
) -> Iterator[str]:
    """The topic's newest records, rendered, in the order in which they were written.

    Args:
        bootstrap_servers: ``host:port`` of brokers, by comma.
        topic: the topic.
        count: how many of those that are there.
        is_endless: whether to go on with what comes.
        stopping: whether to end.

    Raises:
        PipelineError: the cluster does not answer or lacks the topic.
    """
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","),
            group_id=None,
            request_timeout_ms=_ANSWER_MS,
            bootstrap_timeout_ms=_ANSWER_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise PipelineError(f"Kafka at {bootstrap_servers} does not answer: {error}") from None
    try:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        if not places:
            raise PipelineError(f"Kafka at {bootstrap_servers} has no topic {topic}; it has {_names(consumer)}")
        yield from _newest(consumer, places, count, stopping)
        while is_endless and not stopping():
            yield from (_line(record) for batch in consumer.poll(_POLL_MS).values() for record in batch)
    except KafkaError as error:
        raise PipelineError(f"Kafka at {bootstrap_servers} does not answer any more: {error}") from None
    finally:
        consumer.close()


def _newest(consumer: Any, places: list[Any], count: int, stopping: Callable[[], bool]) -> list[str]:
    consumer.assign(places)
    begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, max(begins[place], ends[place] - count))
    records: list[Any] = []
    while any(consumer.position(place) < ends[place] for place in places) and not stopping():
        for batch in consumer.poll(_POLL_MS).values():
            records += batch
    records.sort(key=lambda record: record.timestamp)
    return [_line(record) for record in records[max(len(records) - count, 0) :]]


def _line(record: Any) -> str:
    return render(record.key, record.value, record.headers)


def _names(consumer: Any) -> str:
    return ", ".join(sorted(name for name in consumer.topics() if not name.startswith("__"))) or "none"

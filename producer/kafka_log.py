"""The log in Kafka: one producer instance, and what it reads back when it begins."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)

from contracts import topics
from producer.bridge import FatalError, LogLostError
from producer.partition import partition_of
from producer.progress import Mark
from producer.recovery import Headers, Recovery, recover
from producer.route import Message
from producer.window import OutcomeUnknownError, Receipt, acknowledged

_ANSWER_S: Final = 10.0
"""Seconds that one question to the brokers may take."""

_ANSWER_MS: Final = int(1000 * _ANSWER_S)

_BOOTSTRAP_MS: Final = 5000
"""Milliseconds for the first answer; nobody can stop the process meanwhile."""

_REFUSALS: Final = (
    AuthorizationError,
    KafkaConfigurationError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)


class KafkaLog:
    """A client instance of the log; see `producer.delivery.Log`.

    Args:
        connection: how to reach Kafka, in the words of kafka-python's clients.
        delivery_timeout_s: when the bridge gives an instance up.
    """

    def __init__(self, connection: dict[str, Any], delivery_timeout_s: float) -> None:
        self._connection = connection
        self._producer = KafkaProducer(
            **connection,
            acks="all",
            enable_idempotence=True,
            # An idempotent producer whose batch passes this timeout in a retry stalls silently for good
            # (kafka-python 3.0.12), so the bridge's own has to come first.
            delivery_timeout_ms=int(10_000 * delivery_timeout_s) + 60_000,
            request_timeout_ms=_ANSWER_MS,
            max_block_ms=_ANSWER_MS,
            bootstrap_timeout_ms=_BOOTSTRAP_MS,
            reconnect_backoff_max_ms=1000,
            linger_ms=20,
            batch_size=1 << 18,
            compression_type="lz4",
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def send(self, message: Message) -> Receipt:
        """Begin to send a message, to the partition of its site where it has one."""
        return self._send(message)

    def record(self, mark: Mark) -> Receipt:
        """Begin to write a low mark."""
        return self._send(Message(topics.PROGRESS, mark.stream_id.encode(), mark.encode(), []))

    def _send(self, message: Message) -> Receipt:
        topic, key, value, headers, site = message
        number = None
        try:
            if site is not None:
                # Asked anew each time, because a topic may grow; the answer comes from the client's own memory.
                number = partition_of(site, len(self._producer.partitions_for(topic)))
            receipt: Receipt = self._producer.send(topic, value, key, headers, number)
        except KafkaError as error:
            raise OutcomeUnknownError(str(error)) from error
        return receipt

    def recover(self, stream_id: str) -> Recovery:
        """What the log knows of a stream; a stream that is new to it gets its first mark.

        Without the first mark in the log before the first line, a crash in between would leave lines that no later
        start looks for.

        Raises:
            LogLostError: the log did not answer in time, or lacks a topic.
            FatalError: the stream's mark cannot be read.
        """
        with _consumer(self._connection) as consumer:
            self._partitions(topics.NAMEPLATE)  # to be told by name if there is no such topic
            mark = self._newest_mark(consumer, stream_id)
            partitions = self._partitions(topics.READINGS) + self._partitions(topics.DEAD_LETTERS)
            ends = consumer.end_offsets(partitions, timeout_ms=_ANSWER_MS)
            if mark is None:
                mark = Mark(stream_id, 0, _named(ends))
                self._await(self.record(mark))
                return recover(mark, [], _named(ends))
            begins = {partition: mark.offsets.get(_name(partition), 0) for partition in partitions}
            headers: Iterator[Headers] = (record.headers for record in _read(consumer, begins, ends))
            return recover(mark, headers, _named(ends))

    def _newest_mark(self, consumer: Any, stream_id: str) -> Mark | None:
        partitions = self._partitions(topics.PROGRESS)
        ends = consumer.end_offsets(partitions, timeout_ms=_ANSWER_MS)
        newest = None
        for record in _read(consumer, dict.fromkeys(partitions, 0), ends):
            if record.key == stream_id.encode():
                newest = record.value
        if newest is None:
            return None
        try:
            return Mark.decode(newest)
        except ValueError as error:
            raise FatalError(
                f"the newest mark of stream {stream_id} in {topics.PROGRESS} is unreadable ({error}): {newest!r:.200}"
            ) from error

    def _partitions(self, topic: str) -> list[TopicPartition]:
        try:
            return [TopicPartition(topic, number) for number in sorted(self._producer.partitions_for(topic))]
        except KafkaTimeoutError as error:
            raise LogLostError(f"Kafka has no topic {topic}, or does not answer ({error})") from error

    def _await(self, receipt: Receipt) -> None:
        deadline = time.monotonic() + _ANSWER_S
        while not acknowledged(receipt):
            if time.monotonic() > deadline:
                raise OutcomeUnknownError("the first mark was not acknowledged in time")
            time.sleep(0.01)

    def close(self) -> None:
        """End the instance at once. What is not acknowledged has an unknown outcome, but is not sent any more."""
        # close() flushes first, raises when that takes too long, and leaves the sender running: a zombie that may
        # still append while its successor looks what is there. There is no public way to end it.
        sender = self._producer._sender
        sender.force_close()
        sender.join(_ANSWER_S)
        if sender.is_alive():
            raise FatalError("kafka-python's sender does not end; a new instance could write beside it")
        self._producer.close(timeout=0)


@contextmanager
def connect(connection: dict[str, Any], delivery_timeout_s: float) -> Iterator[KafkaLog]:
    """A client instance of the log, ended at the end.

    Raises:
        LogLostError: the log cannot be reached, did not answer, or left an outcome unknown.
        FatalError: it refuses us.
    """
    with _complaints() as complaints:
        try:
            log = KafkaLog(connection, delivery_timeout_s)
            try:
                yield log
            finally:
                log.close()
        except _REFUSALS as error:
            raise FatalError(f"Kafka refuses: {error}") from error
        except (KafkaError, OutcomeUnknownError) as error:
            raise LogLostError("; ".join([str(error), *complaints])) from error


@contextmanager
def _complaints() -> Iterator[deque[str]]:
    """The last complaint of kafka-python about a connection meanwhile.

    Its exceptions say that brokers cannot be reached; why that is it only logs, over and over.
    """
    complaints: deque[str] = deque(maxlen=1)
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]  # a handler of one line
    handler.addFilter(logging.Filter("kafka.net.connection"))
    logger = logging.getLogger("kafka")
    logger.addHandler(handler)
    try:
        yield complaints
    finally:
        logger.removeHandler(handler)


@contextmanager
def _consumer(connection: dict[str, Any]) -> Iterator[Any]:
    consumer = KafkaConsumer(
        **connection,
        group_id=None,
        enable_auto_commit=False,
        # A mark may name offsets that are not there any more: retention, or the topic made anew.
        auto_offset_reset="earliest",
        request_timeout_ms=_ANSWER_MS,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        max_poll_records=5000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False, timeout_ms=1000)


def _read(consumer: Any, begins: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> Iterator[Any]:
    """Every record from the begins to the ends.

    Raises:
        LogLostError: no record came for too long.
    """
    consumer.assign(list(begins))
    for partition, offset in begins.items():
        consumer.seek(partition, offset)
    deadline = time.monotonic() + _ANSWER_S
    while any(consumer.position(partition, timeout_ms=1000) < ends[partition] for partition in begins):
        for records in consumer.poll(timeout_ms=200).values():
            deadline = time.monotonic() + _ANSWER_S
            yield from records
        if time.monotonic() > deadline:
            raise LogLostError("Kafka does not deliver what is in the log")


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic}-{partition.partition}"


def _named(offsets: dict[TopicPartition, int]) -> dict[str, int]:
    return {_name(partition): offset for partition, offset in offsets.items()}

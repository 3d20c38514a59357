"""Send records to Kafka from the driver, by the Kafka client that Spark's connector brings to the JVM.

For the few records that must be quick: a write by Spark's own sink is a job, which takes a tenth of a second.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from pyspark.sql import SparkSession

_SERIALIZER: Final = "org.apache.kafka.common.serialization.ByteArraySerializer"
_SETTINGS: Final = {
    "acks": "all",
    "enable.idempotence": "true",
    "linger.ms": "0",
    "compression.type": "lz4",
    "delivery.timeout.ms": "60000",
    "request.timeout.ms": "20000",
    "max.block.ms": "60000",
}


class Message(NamedTuple):
    """A record of a result topic: the same key whenever the same result is written again."""

    topic: str
    key: str
    value: bytes


class Publisher:
    """A Kafka producer on the driver.

    Args:
        spark: the session whose JVM has the client.
        kafka: settings of the client, such as ``bootstrap.servers``.
    """

    def __init__(self, spark: SparkSession, kafka: Mapping[str, str]) -> None:
        jvm: Any = spark.sparkContext._jvm
        settings = jvm.java.util.HashMap()
        for name, value in (_SETTINGS | dict(kafka)).items():
            settings.put(name, value)
        for side in ("key", "value"):
            settings.put(f"{side}.serializer", _SERIALIZER)
        client = jvm.org.apache.kafka.clients.producer
        self._producer = client.KafkaProducer(settings)
        self._record = client.ProducerRecord

    def send(self, messages: Iterable[Message]) -> None:
        """Send all of them, and return when each is acknowledged.

        Raises:
            py4j.protocol.Py4JJavaError: one was not acknowledged; the others may be.
        """
        sent = [
            self._producer.send(self._record(message.topic, message.key.encode(), message.value))
            for message in messages
        ]
        if sent:
            self._producer.flush()
        for acknowledgement in sent:
            acknowledgement.get()

    def close(self) -> None:
        """End the client; what was sent is acknowledged already."""
        self._producer.close()

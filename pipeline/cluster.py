"""A Kafka cluster as its administrator sees it: does it answer, who is it, has it our topics."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from contracts.topics import TOPICS, Topic
from pipeline import ports
from pipeline.errors import PipelineError

_ANSWER_MS: Final = 10_000


def ensure_topics(bootstrap_servers: str, replicas: int = -1, topics: Sequence[Topic] = TOPICS) -> str:
    """Create the topics that are missing and wait until they can be used; the cluster's identifier.

    Args:
        bootstrap_servers: ``host:port`` of brokers, by comma.
        replicas: how many of each partition; the cluster's own default if -1.
        topics: what should be there. One that is there is left as it is.

    Raises:
        PipelineError: the cluster does not answer, or refuses.
    """
    if not any(ports.accepts(*_address(server)) for server in bootstrap_servers.split(",")):
        raise PipelineError(f"Kafka at {bootstrap_servers} does not accept connections")
    # What its exceptions say it also logs, over and over.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        with KafkaAdminClient(
            bootstrap_servers=bootstrap_servers.split(","),
            bootstrap_timeout_ms=_ANSWER_MS,
            request_timeout_ms=_ANSWER_MS,
        ) as admin:
            present = set(admin.list_topics())
            missing = {topic.name: _wish(topic, replicas) for topic in topics if topic.name not in present}
            if missing:
                _create(admin, missing)
            identifier: str = admin.describe_cluster()["cluster_id"]
            return identifier
    except (KafkaError, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise PipelineError(f"Kafka at {bootstrap_servers} does not answer as it should: {reason}") from None


def _address(server: str) -> tuple[int, str]:
    host, _, port = server.rpartition(":")
    if not host or not port.isdigit():
        raise PipelineError(f"a Kafka broker is given as host:port, got {server!r}")
    return int(port), host.strip("[]")


def _wish(topic: Topic, replicas: int) -> dict[str, Any]:
    return {"num_partitions": topic.partitions, "replication_factor": replicas, "configs": topic.config}


def _create(admin: Any, topics: dict[str, dict[str, Any]]) -> None:
    with suppress(TopicAlreadyExistsError):  # somebody was quicker
        admin.create_topics(topics)
    admin.wait_for_topics(list(topics))

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource

from contracts.topics import NAMEPLATE, PROGRESS, READINGS, TOPICS
from pipeline import cluster, ports
from pipeline.errors import PipelineError


def test_every_topic_is_there_with_its_partitions(kafka: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        partitions = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    assert {topic.name: topic.partitions for topic in TOPICS}.items() <= partitions.items()
    assert partitions[READINGS] == 4


def test_topics_have_their_settings(kafka: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        described = admin.describe_configs([ConfigResource("topic", PROGRESS)])
    assert described["topic"][PROGRESS]["cleanup.policy"]["value"] == "compact"


def test_what_is_there_is_left_as_it_is(kafka: str) -> None:
    assert cluster.ensure_topics(kafka) == cluster.ensure_topics(kafka)


def test_a_record_comes_back(kafka: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka, compression_type="lz4")
    sent = producer.send(NAMEPLATE, key=b"k", value=b"v").get(30)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka, group_id=None)
    place = TopicPartition(sent.topic, sent.partition)
    consumer.assign([place])
    consumer.seek(place, sent.offset)
    assert next(consumer).value == b"v"
    consumer.close()


def test_a_cluster_that_does_not_answer_is_named() -> None:
    port = ports.claim(0, "nothing", "")
    with pytest.raises(PipelineError, match=f"Kafka at 127.0.0.1:{port} does not accept connections"):
        cluster.ensure_topics(f"127.0.0.1:{port}")


@pytest.mark.parametrize("servers", ["", "localhost", "localhost:", "localhost:kafka", ":9092"])
def test_what_is_no_address_is_refused(servers: str) -> None:
    with pytest.raises(PipelineError, match="given as host:port"):
        cluster.ensure_topics(servers)

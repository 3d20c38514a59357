"""The job as people start it, between real topics: what it does is exact, whatever ends it."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyspark
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from contracts import avro, topics
from contracts.reading import Reading
from pipeline import java, versions

ROOT = Path(__file__).parents[2]
SPARK_HOME = Path(pyspark.__file__).parent
# Ahead of whatever other tests have left in the topic, which the watermark of this job would otherwise hold against it.
START = datetime(2090, 1, 1, tzinfo=UTC)
GENERATORS = tuple(f"G{number}" for number in range(1, 11))
DEADLINE_S = 150.0


def reading(stream: str, generator: str, second: int) -> Reading:
    time = START + timedelta(seconds=second)
    return Reading(
        stream_id=stream,
        site="plant",
        generator_id=generator,
        seq=second,
        source_time=time,
        server_time=time + timedelta(milliseconds=40),
        cause="PERIODIC",
        historical=False,
        state="RUNNING",
        mode="AUTO",
        breaker_closed=second % 2 == 0,
        power_output_kw=float(second % 60),
        reactive_power_kvar=50.0,
        voltage_v=230.0,
        bus_voltage_v=230.0,
        frequency_hz=50.0,
        bus_frequency_hz=50.0,
        current_a=162.0,
        engine_speed_rpm=1500.0,
        coolant_temperature_c=85.0,
        exhaust_temperature_c=400.0,
        oil_pressure_kpa=400.0,
        fuel_level_pct=80.0,
        fuel_rate_lph=28.8,
        energy_kwh=1000.0,
        run_hours_h=20.0,
        start_count=7,
        fault_alarms=["LOW_FUEL"] if second % 60 == 0 else [],
        quality={},
    )


class Feed:
    """Sends readings of one stream as the bridge does."""

    def __init__(self, servers: str, stream: str) -> None:
        self.stream = stream
        self._producer = KafkaProducer(bootstrap_servers=servers, linger_ms=20)
        self._line = 0

    def close(self) -> None:
        self._producer.close()

    def send(self, generator: str, value: bytes) -> Any:
        self._line += 1
        headers = [("stream", self.stream.encode()), ("line", b"%d" % self._line)]
        return self._producer.send(topics.READINGS, key=generator.encode(), value=value, headers=headers)

    def minute(self, number: int) -> None:
        """A minute of readings of all generators, acknowledged."""
        sent = [
            self.send(generator, avro.encode(reading(self.stream, generator, second)))
            for second in range(60 * number, 60 * number + 60)
            for generator in GENERATORS
        ]
        for future in sent:
            future.get(timeout=60)


@contextmanager
def places(servers: str, topic: str) -> Iterator[tuple[KafkaConsumer, dict[TopicPartition, int]]]:
    """A consumer of all partitions of a topic from their beginning, and where they end."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        yield consumer, consumer.end_offsets(partitions)
    finally:
        consumer.close()


def last_values(servers: str, topic: str, stream: str) -> dict[str, dict[str, Any]]:
    """The last value of each key of a result topic, of one stream."""
    values = {}
    with places(servers, topic) as (consumer, ends):
        while any(consumer.position(place) < end for place, end in ends.items()):
            for batch in consumer.poll(timeout_ms=500).values():
                for record in batch:
                    value = json.loads(record.value)
                    if stream in {value.get("stream_id"), value.get("stream")}:
                        values[record.key.decode()] = value
    return values


class Job:
    """The job under ``spark-submit``, in a session of its own."""

    def __init__(self, servers: str, folder: Path, number: int) -> None:
        self.events = folder / f"events-{number}"
        self.errors = folder / f"errors-{number}"
        packages = [
            package.replace(f":{versions.CONNECTOR}", f":{pyspark.__version__}") for package in versions.SPARK_PACKAGES
        ]
        command = [
            *(str(SPARK_HOME / "bin" / "spark-submit"), "--packages", ",".join(packages)),
            *(str(ROOT / "analysis" / "job.py"), "--bootstrap-servers", servers),
            *("--checkpoint-dir", str(folder / "checkpoints"), "--console", "events"),
        ]
        home = java.find(os.environ).home_for_spark(folder / "java")
        environment = os.environ | {
            "PYSPARK_PYTHON": sys.executable,
            "JAVA_HOME": str(home),
            "SPARK_HOME": str(SPARK_HOME),
        }
        with self.events.open("wb") as events, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, stdout=events, stderr=errors, cwd=folder, env=environment, start_new_session=True
            )

    def processed(self) -> int:
        """Records of the topic that both queries have told they are done with."""
        done = {"ingest": 0, "aggregate": 0}
        for line in self.events.read_text().splitlines():
            event = json.loads(line)
            done[event["query"]] = event["records_total"]
        return min(done.values())

    def wait_until_processed(self, records: int) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while self.processed() < records:
            assert self.process.poll() is None, self.errors.read_text()[-3000:]
            assert time.monotonic() < deadline, self.errors.read_text()[-3000:]
            time.sleep(0.1)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def total(servers: str) -> int:
    with places(servers, topics.READINGS) as (_, ends):
        return sum(ends.values())


@pytest.fixture
def feed(kafka: str, request: pytest.FixtureRequest) -> Iterator[Feed]:
    feed = Feed(kafka, request.node.name.replace("_", "-"))
    yield feed
    feed.close()


@pytest.fixture
def jobs() -> Iterator[list[Job]]:
    started: list[Job] = []
    yield started
    for job in started:
        if job.process.poll() is None:
            job.kill()


def check_totals(servers: str, stream: str, minutes: int) -> None:
    """All that was sent is counted, and counted once."""
    summaries = last_values(servers, topics.SUMMARY, stream)
    assert set(summaries) == {f"{stream}/{generator}" for generator in GENERATORS}
    for summary in summaries.values():
        assert (summary["Records"], summary["RecordsOnline"]) == (60 * minutes, 30 * minutes)
        assert (summary["MinPowerOutput"], summary["MaxPowerOutput"]) == (0.0, 59.0)
        assert summary["AvgPowerOutput"] == pytest.approx(29.5)
        assert summary["FaultAlarmsCount"] == minutes
    windows: Mapping[str, Mapping[str, Any]] = last_values(servers, topics.STATISTICS, stream)
    power = [value for value in windows.values() if value["measurement"] == "power_output_kw"]
    assert len(power) == len(GENERATORS) * minutes
    assert {(value["revision"], value["good"], value["average"]) for value in power} == {(60, 60, 29.5)}


def check_rejected(servers: str, stream: str, hostile: Sequence[bytes]) -> None:
    rejected = last_values(servers, topics.REJECTED, stream).values()
    assert sorted(base64.b64decode(value["value"]) for value in rejected) == sorted(hostile)


@pytest.mark.timeout(600)
def test_totals_are_exact_after_kills_and_among_hostile_records(
    kafka: str, feed: Feed, jobs: list[Job], tmp_path: Path
) -> None:
    good = avro.encode(reading(feed.stream, "G1", 0))
    hostile = [
        b"hello",
        good[:-1],
        good + b"\0",
        good[:10] + b"\xd8\xff\xff\xff\x0f",
        b"\xc3\x01" + bytes(8) + good[10:],
    ]
    feed.minute(0)
    for value in hostile:
        feed.send("G1", value)
    feed.send("G1", good)  # a copy
    feed.minute(1)

    jobs.append(Job(kafka, tmp_path, 0))
    jobs[0].wait_until_processed(total(kafka))
    feed.minute(2)
    jobs[0].kill()
    feed.minute(3)

    jobs.append(Job(kafka, tmp_path, 1))
    feed.minute(4)
    jobs[1].wait_until_processed(total(kafka))
    jobs[1].process.terminate()
    assert jobs[1].process.wait(timeout=60) == 0, jobs[1].errors.read_text()[-3000:]

    check_totals(kafka, feed.stream, minutes=5)
    check_rejected(kafka, feed.stream, hostile)

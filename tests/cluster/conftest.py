"""A Spark standalone cluster on loopback, of PySpark's own jars: a master and two workers, each a process."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec
import pyspark
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from contracts import avro, judge, topics
from contracts.attack import corpus
from contracts.reading import Reading
from pipeline import cluster, jars, java, ports
from tests.integration.conftest import embedded

ROOT = Path(__file__).parents[2]
SPARK_HOME = Path(pyspark.__file__).parent
READY_S = 120.0
DEADLINE_S = 240.0
QUICK_START = " ".join(java.QUICK_START)
"""Seven Java processes start here on two cores; without it each compiles for a long life on all of them."""
GENERATORS = ("G1", "G2", "G3", "G4")
READING = judge.parse(corpus.base())
START = datetime(2026, 1, 1, tzinfo=UTC)


def wait_until(condition: Callable[[], bool], seconds: float, told: Callable[[], str]) -> None:
    """Wait for a condition; what is told when it does not come about in time is the end of a log."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.1)


class Process:
    """A process in a session of its own, which is killed with all that it has started."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir()
        self.output, self.errors = folder / "output", folder / "errors"
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=errors, cwd=folder, env=environment, start_new_session=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def told(self) -> str:
        """The end of what it logged."""
        return self.errors.read_text()[-3000:]

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self._process.terminate()
        return self._process.wait(DEADLINE_S)

    def kill(self) -> None:
        """Kill -9 of it and of what it has started; nothing if all of that has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Job(Process):
    """The analysis under ``spark-submit``."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str], checkpoints: Path) -> None:
        super().__init__(command, folder, environment)
        self._checkpoints = checkpoints

    def processed(self) -> int:
        """Records of the topic that each of its queries is done with; 0 until at least two have told it."""
        done: dict[str, int] = {}
        text = self.output.read_text()
        for line in text[: text.rfind("\n") + 1].splitlines():
            event = json.loads(line)
            if event["event"] == "progress":
                done[event["query"]] = event["records_total"]
        return min(done.values()) if len(done) > 1 else 0

    def wait_until_processed(self, records: int) -> None:
        """Wait until every query is done with so many records of the topic."""
        wait_until(lambda: self.has_ended or self.processed() >= records, DEADLINE_S, self.told)
        assert not self.has_ended, self.told()

    def wait_until_within_a_batch(self) -> None:
        """Wait until a query has begun a batch that it has not ended.

        Spark writes the offsets of a batch when it begins, and its commit when it ends.
        """

        def is_within() -> bool:
            queries = (Path(folder) for folder, names, _ in os.walk(self._checkpoints) if "offsets" in names)
            return any(newest(query / "offsets") > newest(query / "commits") for query in queries)

        wait_until(lambda: self.has_ended or is_within(), DEADLINE_S, self.told)
        assert not self.has_ended, self.told()


def newest(folder: Path) -> int:
    """Number of the newest batch that a folder of a checkpoint has; -1 before the first."""
    return max((int(file.name) for file in folder.glob("*") if file.name.isdigit()), default=-1)


class Spark:
    """Starts what Spark consists of; everything listens on loopback, and ends with the stack."""

    def __init__(self, folder: Path, servers: str, stack: ExitStack) -> None:
        self._folder = folder
        self._servers = servers
        self._stack = stack
        runtime = java.find(os.environ)
        self._jars = jars.fetch(jars.load("spark"), jars.cache_folder(os.environ), runtime, lambda _done, _wanted: None)
        self._environment = os.environ | {
            "JAVA_HOME": str(runtime.home_for_spark(folder / "java")),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_HOME": str(SPARK_HOME),
            "SPARK_LOCAL_IP": ports.LOOPBACK,
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_START,
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        }
        self._port = ports.claim(0, "Spark's master", "")
        self._page = ports.claim(0, "the page of Spark's master", "")
        self.url = f"spark://{ports.LOOPBACK}:{self._port}"
        self._bundle = folder / "analysis.zip"
        subprocess.run(
            [sys.executable, "-m", "zipfile", "-c", self._bundle, "analysis", "contracts"], cwd=ROOT, check=True
        )
        self.master = self._begin(
            "master",
            *("--host", ports.LOOPBACK, "--port", str(self._port), "--webui-port", str(self._page)),
        )
        self.workers = [self.add_worker(), self.add_worker()]
        wait_until(lambda: self.alive() == len(self.workers), READY_S, self.master.told)

    def add_worker(self) -> Process:
        """A worker of one core and a gigabyte."""
        resources = ("--cores", "1", "--memory", "1g")
        addresses = ("--host", ports.LOOPBACK, "--webui-port", "0", self.url)
        return self._begin("worker", *resources, "--work-dir", str(self._folder / "work"), *addresses)

    def alive(self) -> int:
        """Workers that the master knows to be alive; 0 while it does not answer, or not yet as JSON."""
        try:
            with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{self._page}/json/", timeout=10) as answer:
                alive: int = json.load(answer)["aliveworkers"]
        except (OSError, json.JSONDecodeError):
            return 0
        return alive

    def submit(self, master: str, checkpoints: Path) -> Job:
        """The job on a master, started by the command that the README gives."""
        settings = {
            "spark.ui.enabled": "false",
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": QUICK_START,
            "spark.driver.extraJavaOptions": QUICK_START,
            "spark.sql.shuffle.partitions": "2",
        }
        command = (
            *(str(SPARK_HOME / "bin" / "spark-submit"), "--master", master, "--py-files", str(self._bundle)),
            *("--jars", ",".join(map(str, self._jars))),
            *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}")),
            *(str(ROOT / "analysis" / "job.py"), "--bootstrap-servers", self._servers),
            *("--checkpoint-dir", str(checkpoints), "--console", "events"),
        )
        return self._stack.enter_context(Job(command, self._new_folder("job"), self._environment, checkpoints))

    def _begin(self, role: str, *arguments: str) -> Process:
        name = f"org.apache.spark.deploy.{role}.{role.title()}"
        command = (str(SPARK_HOME / "bin" / "spark-class"), name, *arguments)
        return self._stack.enter_context(Process(command, self._new_folder(role), self._environment))

    def _new_folder(self, name: str) -> Path:
        return self._folder / f"{name}-{uuid.uuid4().hex[:6]}"


class Feed:
    """Readings of one stream, minute by minute, as the bridge sends them.

    Attributes:
        stream: the stream's name.
        minutes: how many minutes it has sent.
    """

    def __init__(self, servers: str, stream: str) -> None:
        self.stream = stream
        self.minutes = 0
        self._servers = servers
        self._producer = KafkaProducer(bootstrap_servers=servers, linger_ms=20)
        self._line = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close()

    def send_minute(self) -> None:
        """The next minute of all generators, acknowledged."""
        seconds = range(60 * self.minutes, 60 * self.minutes + 60)
        sent = [self._send(self._reading(generator, second)) for second in seconds for generator in GENERATORS]
        for future in sent:
            future.get(timeout=60)
        self.minutes += 1

    def _reading(self, generator: str, second: int) -> Reading:
        scanned = START + timedelta(seconds=second)
        return msgspec.structs.replace(
            READING,
            stream_id=self.stream,
            generator_id=generator,
            seq=second,
            source_time=scanned,
            server_time=scanned + timedelta(milliseconds=40),
            breaker_closed=second % 2 == 0,
            power_output_kw=float(second % 60),
            fault_alarms=["LOW_FUEL"] if second % 60 == 0 else [],
        )

    def _send(self, reading: Reading) -> Any:
        self._line += 1
        headers = [("stream", self.stream.encode()), ("line", b"%d" % self._line)]
        key = reading.generator_id.encode()
        return self._producer.send(topics.READINGS, avro.encode(reading), key, headers, partition=0)

    def records(self) -> int:
        """Records that the topic of readings has, of every stream."""
        return sum(ends(self._servers, topics.READINGS).values())


def ends(servers: str, topic: str) -> dict[TopicPartition, int]:
    """Where each partition of a topic ends."""
    with KafkaConsumer(bootstrap_servers=servers) as consumer:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        found: dict[TopicPartition, int] = consumer.end_offsets(partitions)
    return found


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of an embedded broker with all topics."""
    with embedded(tmp_path_factory.mktemp("kafka")) as servers:
        cluster.ensure_topics(servers, replicas=1)
        yield servers


@pytest.fixture
def spark(kafka: str, tmp_path: Path) -> Iterator[Spark]:
    """A cluster of two workers."""
    with ExitStack() as stack:
        yield Spark(tmp_path, kafka, stack)


@pytest.fixture
def feed(kafka: str) -> Iterator[Feed]:
    """A stream of its own."""
    with Feed(kafka, f"run-{uuid.uuid4().hex[:12]}") as feed:
        yield feed


@pytest.fixture
def summaries(kafka: str, feed: Feed) -> Callable[..., dict[str, dict[str, object]]]:
    """The last summary of each generator of the feed that was published since certain offsets."""

    def read(since: Mapping[TopicPartition, int] | None = None) -> dict[str, dict[str, object]]:
        found = {}
        until = ends(kafka, topics.SUMMARY)
        with KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
            consumer.assign(list(until))
            for partition in until:
                consumer.seek(partition, (since or {}).get(partition, 0))
            while any(consumer.position(partition) < end for partition, end in until.items()):
                for batch in consumer.poll(timeout_ms=500).values():
                    for record in batch:
                        value = json.loads(record.value)
                        if value["stream_id"] == feed.stream:
                            found[record.key.decode()] = value
        return found

    return read


@pytest.fixture
def published(kafka: str) -> Callable[[], dict[TopicPartition, int]]:
    """Where the topic of summaries ends now."""
    return lambda: ends(kafka, topics.SUMMARY)

"""The job as people start it, between real topics: what it tells and keeps is exact, whatever ends it."""

import base64
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.dataset
import pyspark
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from analysis.queries import historian, monitor
from contracts import avro, published, topics
from contracts.reading import Reading
from pipeline import java, versions
from producer.partition import partition_of

ROOT = Path(__file__).parents[2]
SPARK_HOME = Path(pyspark.__file__).parent
RESULTS = (
    *(topics.SUMMARY, topics.STATISTICS, topics.REJECTED),
    *(topics.ALARMS, topics.HEALTH, topics.DETECTIONS),
)

# Two minutes before a window of ten minutes ends.
START = datetime(2026, 3, 2, 0, 8, tzinfo=UTC)
DAYS_BEFORE = START - timedelta(days=2, hours=5)
GENERATORS = tuple(f"G{number}" for number in range(1, 11))
MINUTES = 5
DEADLINE_S = 480.0
LONGEST_MOMENT_S = 6.0
"""Longer than the historian's trigger: a moment within it may be in any step of a batch, or between two."""

pytestmark = pytest.mark.timeout(2400)


class Feed:
    """Sends readings of one stream as the bridge does.

    Attributes:
        sent: for each place in the topic, the outcome that its record is to have.
    """

    def __init__(self, servers: str, stream: str, start: datetime, generators: tuple[str, ...], power: float) -> None:
        self.stream = stream
        self.generators = generators
        self.sent: dict[tuple[int, int], str] = {}
        self._start = start
        self._power = power
        self._line = 0
        self._pending: list[tuple[Any, str]] = []
        self._producer = KafkaProducer(bootstrap_servers=servers, linger_ms=20)
        self._partition = partition_of(stream, len(self._producer.partitions_for(topics.READINGS)))

    def close(self) -> None:
        self._producer.close()

    def reading(self, generator: str, second: int, voltage: float = 230.0) -> Reading:
        """The breaker is closed in every other minute."""
        time = self._start + timedelta(seconds=second)
        return Reading(
            stream_id=self.stream,
            site=self.stream,
            generator_id=generator,
            seq=second,
            source_time=time,
            server_time=time + timedelta(milliseconds=40),
            cause="PERIODIC",
            historical=False,
            state="RUNNING",
            mode="AUTO",
            breaker_closed=second // 60 % 2 == 0,
            power_output_kw=self._power + second % 60,
            reactive_power_kvar=50.0,
            voltage_v=voltage,
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

    def send(self, generator: str, value: bytes, outcome: str) -> None:
        self._line += 1
        headers = [("stream", self.stream.encode()), ("line", b"%d" % self._line)]
        future = self._producer.send(
            topics.READINGS, key=generator.encode(), value=value, headers=headers, partition=self._partition
        )
        self._pending.append((future, outcome))

    def seconds(self, first: int, end: int, voltage: Callable[[str, int], float] = lambda _generator, _: 230.0) -> None:
        """Readings of all generators, acknowledged."""
        for second in range(first, end):
            for generator in self.generators:
                value = avro.encode(self.reading(generator, second, voltage(generator, second)))
                self.send(generator, value, "accepted")
        self.acknowledged()

    def minute(self, number: int) -> None:
        self.seconds(60 * number, 60 * number + 60)

    def acknowledged(self) -> None:
        for future, outcome in self._pending:
            place = future.get(timeout=60)
            self.sent[place.partition, place.offset] = outcome
        self._pending.clear()


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


def content(servers: str, topic: str) -> list[tuple[str, dict[str, Any]]]:
    """Key and value of each record of a result topic, in the order of the log."""
    found = []
    with places(servers, topic) as (consumer, ends):
        while any(consumer.position(place) < end for place, end in ends.items()):
            for batch in consumer.poll(timeout_ms=500).values():
                found += [(record.key.decode(), json.loads(record.value)) for record in batch]
    return found


def total(servers: str) -> int:
    with places(servers, topics.READINGS) as (_, ends):
        return sum(ends.values())


class Job:
    """The job under ``spark-submit``, in a session of its own."""

    def __init__(self, servers: str, folder: Path, number: int) -> None:
        self.errors = folder / f"errors-{number}"
        self._events = folder / f"events-{number}"
        packages = [
            package.replace(f":{versions.CONNECTOR}", f":{pyspark.__version__}") for package in versions.SPARK_PACKAGES
        ]
        command = [
            *(str(SPARK_HOME / "bin" / "spark-submit"), "--packages", ",".join(packages)),
            *(str(ROOT / "analysis" / "job.py"), "--bootstrap-servers", servers, "--console", "events"),
            *("--checkpoint-dir", str(folder / "checkpoints"), "--historian-dir", str(folder / "historian")),
        ]
        home = java.find(os.environ).home_for_spark(folder / "java")
        environment = os.environ | {
            "PYSPARK_PYTHON": sys.executable,
            "JAVA_HOME": str(home),
            "SPARK_HOME": str(SPARK_HOME),
        }
        with self._events.open("wb") as events, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, stdout=events, stderr=errors, cwd=folder, env=environment, start_new_session=True
            )

    def newest(self) -> dict[str, dict[str, Any]]:
        """The newest event of each query."""
        whole_lines, _, _ = self._events.read_text().rpartition("\n")
        events = (json.loads(line) for line in whole_lines.splitlines() if line.startswith("{"))
        return {event["query"]: event for event in events}

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not is_so():
            assert self.process.poll() is None, self._said()
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.2)

    def wait_until_processed(self, records: int) -> None:
        """Wait until both queries have told that they are done with so many records of the topic."""

        def is_so() -> bool:
            done = [event["records_total"] for event in self.newest().values()]
            return len(done) == 2 and min(done) >= records

        self.wait_until(is_so)

    def kill_within(self, seconds: float) -> None:
        """Kill it after that time, in which it goes on."""
        with pytest.raises(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=DEADLINE_S) == 0, self._said()

    def _said(self) -> str:
        return f"{self.newest()}\n{self.errors.read_text()[-3000:]}"


class Jobs:
    """Starts the job again and again, each time with the same folders."""

    def __init__(self, servers: str, folder: Path) -> None:
        self._servers = servers
        self._folder = folder
        self._started: list[Job] = []

    def start(self) -> Job:
        job = Job(self._servers, self._folder, len(self._started))
        self._started.append(job)
        return job

    def end(self) -> None:
        for job in self._started:
            if job.process.poll() is None:
                job.kill()

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """All rows of a dataset of the historian, as a plain reader sees them."""
        files = sorted(map(str, (self._folder / "historian" / dataset).glob("date=*/*.parquet")))
        rows: list[dict[str, Any]] = pyarrow.dataset.dataset(files, format="parquet").to_table().to_pylist()
        return rows


@contextmanager
def started(servers: str, folder: Path) -> Iterator[Jobs]:
    jobs = Jobs(servers, folder)
    try:
        yield jobs
    finally:
        jobs.end()


@dataclass
class Run:
    """What two streams have left after the job was killed twice.

    Attributes:
        live: a stream, among whose records are copies and hostile ones.
        backfill: a stream that is days behind the live one in source time, sent at the same time.
        hostile: values that are no readings.
        told: the records of each result topic.
        rows: by dataset, the rows of the historian.
        events: the last event of each query.
        ends: where each partition of the readings ends.
    """

    live: Feed
    backfill: Feed
    hostile: list[bytes]
    told: dict[str, list[tuple[str, dict[str, Any]]]]
    rows: dict[str, list[dict[str, Any]]]
    events: dict[str, dict[str, Any]]
    ends: dict[int, int]

    def last(self, topic: str, stream: str) -> dict[str, dict[str, Any]]:
        """The last value of each key, of one stream."""
        return {
            key: value for key, value in self.told[topic] if stream in {value.get("stream_id"), value.get("stream")}
        }


def low_voltage(generator: str, second: int) -> float:
    """200 V at one generator for ten seconds."""
    return 200.0 if generator == "G1" and 130 <= second < 140 else 230.0


def alarms(servers: str, stream: str) -> list[str]:
    """What has happened to the alarm VOLTAGE_LOW of the stream's first generator."""
    return [value["event"] for key, value in content(servers, topics.ALARMS) if key == f"{stream}/G1/VOLTAGE_LOW"]


def acknowledge(servers: str, stream: str) -> None:
    """An operator acknowledges the alarm."""
    action = {
        "id": "operator-1",
        "stream_id": stream,
        "site": stream,
        "generator_id": "G1",
        "alarm_id": "VOLTAGE_LOW",
        "action": "ACKNOWLEDGE",
        "transition": 1,
        "by": "Ada",
        "reason": "seen",
        "until": None,
        "time": "2026-03-02T00:11:00.000000Z",
    }
    published.check("operator_action", action)
    producer = KafkaProducer(bootstrap_servers=servers)
    try:
        key = f"{stream}/G1/VOLTAGE_LOW".encode()
        producer.send(topics.OPERATOR_ACTIONS, key=key, value=json.dumps(action).encode()).get(timeout=60)
    finally:
        producer.close()


def send_remarkable_records(live: Feed) -> list[bytes]:
    """Sends records of each outcome but ``accepted``, and returns the hostile ones."""
    first = live.reading("G1", 0)
    good = avro.encode(first)
    hostile = [
        b"hello",
        good[:-1],
        good + b"\0",
        good[:10] + b"\xd8\xff\xff\xff\x0f",
        b"\xc3\x01" + bytes(8) + good[10:],
    ]
    for value in hostile:
        live.send("G1", value, "rejected")
    live.send("G1", good, "duplicate")
    live.send("G1", avro.encode(msgspec.structs.replace(first, current_a=163.0)), "conflict")
    other = live.reading("G11", 0)
    late = msgspec.structs.replace(other, server_time=other.source_time + timedelta(seconds=601))
    skewed = msgspec.structs.replace(other, seq=1, server_time=other.source_time - timedelta(seconds=61))
    live.send("G11", avro.encode(late), "late")
    live.send("G11", avro.encode(skewed), "skewed")
    live.acknowledged()
    return hostile


def live_through_two_kills(servers: str, jobs: Jobs, live: Feed, backfill: Feed) -> tuple[list[bytes], Job]:
    """Sends what is to be sent, and kills the job twice in between, each time at a moment that is drawn."""
    draw = random.Random(10)  # noqa: S311 - moments are no secret
    live.minute(0)
    hostile = send_remarkable_records(live)
    backfill.minute(0)
    job = jobs.start()
    live.minute(1)
    backfill.minute(1)
    job.wait_until_processed(total(servers))

    live.seconds(120, 138, low_voltage)
    backfill.minute(2)
    job.wait_until(lambda: "RAISED" in alarms(servers, live.stream))
    job.kill_within(draw.uniform(0, LONGEST_MOMENT_S))

    acknowledge(servers, live.stream)
    job = jobs.start()
    live.seconds(138, 180, low_voltage)
    backfill.minute(3)
    job.wait_until(lambda: "RETURNED" in alarms(servers, live.stream))
    live.minute(3)
    job.kill_within(draw.uniform(0, LONGEST_MOMENT_S))

    live.send("G2", avro.encode(live.reading("G2", 61)), "duplicate")
    job = jobs.start()
    live.minute(4)
    backfill.minute(4)
    job.wait_until_processed(total(servers))
    job.stop()
    return hostile, job


@pytest.fixture(scope="module")
def run(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with (
        closing(Feed(kafka, "analysis-live", START, GENERATORS, 0.0)) as live,
        closing(Feed(kafka, "analysis-backfill", DAYS_BEFORE, GENERATORS[:3], 100.0)) as backfill,
        started(kafka, tmp_path_factory.mktemp("analysis")) as jobs,
    ):
        hostile, job = live_through_two_kills(kafka, jobs, live, backfill)
        with places(kafka, topics.READINGS) as (_, ends):
            until = {place.partition: end for place, end in ends.items()}
        told = {topic: content(kafka, topic) for topic in RESULTS}
        rows = {dataset: jobs.rows(dataset) for dataset in ("readings", "outcomes")}
        yield Run(live, backfill, hostile, told, rows, job.newest(), until)


def test_every_value_keeps_the_contract_of_its_topic(run: Run) -> None:
    for topic, records in run.told.items():
        for _, value in records:
            published.check(published.BY_TOPIC[topic], value)
    assert {topic for topic, records in run.told.items() if records} >= {
        *(topics.SUMMARY, topics.STATISTICS, topics.REJECTED, topics.ALARMS)
    }


def test_summaries_count_every_reading_once(run: Run) -> None:
    for feed, offset in ((run.live, 0.0), (run.backfill, 100.0)):
        summaries = run.last(topics.SUMMARY, feed.stream)
        assert set(summaries) == {f"{feed.stream}/{generator}" for generator in feed.generators}
        for summary in summaries.values():
            assert (summary["Records"], summary["RecordsOnline"]) == (300, 180)
            assert (summary["MinPowerOutput"], summary["MaxPowerOutput"]) == (offset, offset + 59.0)
            assert summary["AvgPowerOutput"] == pytest.approx(offset + 29.5, rel=1e-9)
            assert summary["FaultAlarmsCount"] == 5
            assert summary["AvgFuelLevel"] == pytest.approx(80.0, rel=1e-9)
    voltages = {key: value["AvgVoltage"] for key, value in run.last(topics.SUMMARY, run.live.stream).items()}
    # 10 of the 180 readings with the breaker closed have 200 V.
    assert voltages.pop("analysis-live/G1") == pytest.approx((170 * 230.0 + 10 * 200.0) / 180, rel=1e-9)
    assert list(voltages.values()) == pytest.approx([230.0] * 9, rel=1e-9)


@pytest.mark.parametrize("stream", ["live", "backfill"])
def test_statistics_of_closed_minutes_are_exact_and_the_open_one_is_not_there(run: Run, stream: str) -> None:
    feed, start, offset = {"live": (run.live, START, 0.0), "backfill": (run.backfill, DAYS_BEFORE, 100.0)}[stream]
    windows = run.last(topics.STATISTICS, feed.stream)
    minutes = [value for value in windows.values() if value["window_s"] == 60]
    starts = [f"{start + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S.%f}Z" for number in range(4)]
    assert sorted((value["generator_id"], value["window_start"]) for value in minutes) == sorted(
        (generator, time) for generator in feed.generators for time in starts
    )
    for value in minutes:
        assert (value["revision"], value["readings"]) == (1, 60)
        power = value["measurements"]["power_output_kw"]
        assert (power["count"], power["minimum"], power["maximum"]) == (60, offset, offset + 59.0)
        assert (power["delta"], power["percent_good"], power["worst_quality"]) == (59.0, 100.0, "Good")
        assert power["time_average"] == pytest.approx(offset + 29.5, rel=1e-9)
        assert power["total"] == pytest.approx(60 * (offset + 29.5), rel=1e-9)
        # The sample variance of 0, 1, … n-1 is n(n+1)/12.
        assert power["standard_deviation"] == pytest.approx(math.sqrt(60 * 61 / 12), rel=1e-9)
        assert value["states"]["state"]["duration_s"]["RUNNING"] == 60.0
        closed = 60.0 if starts.index(value["window_start"]) % 2 == 0 else 0.0
        assert value["states"]["breaker_closed"]["duration_s"] == {"true": closed, "false": 60.0 - closed}
        assert value["states"]["breaker_closed"]["transitions"] == 1


def test_statistics_of_ten_minutes_have_the_two_minutes_that_were_sent(run: Run) -> None:
    windows = run.last(topics.STATISTICS, run.live.stream)
    tens = {key: value for key, value in windows.items() if value["window_s"] == 600}
    assert set(tens) == {f"analysis-live/{generator}/600/2026-03-02T00:00:00.000000Z" for generator in GENERATORS}
    for value in tens.values():
        assert (value["revision"], value["readings"]) == (1, 120)
        power = value["measurements"]["power_output_kw"]
        assert (power["count"], power["minimum"], power["maximum"], power["percent_good"]) == (120, 0.0, 59.0, 20.0)
        assert power["time_average"] == pytest.approx(29.5, rel=1e-9)


def test_statistics_tell_the_low_voltage_of_one_generator(run: Run) -> None:
    windows = run.last(topics.STATISTICS, run.live.stream)
    averages = {
        value["generator_id"]: value["measurements"]["voltage_v"]["time_average"]
        for value in windows.values()
        if value["window_start"] == "2026-03-02T00:10:00.000000Z" and value["window_s"] == 60
    }
    assert averages.pop("G1") == pytest.approx((50 * 230.0 + 10 * 200.0) / 60, rel=1e-9)
    assert list(averages.values()) == pytest.approx([230.0] * 9, rel=1e-9)


def test_rejected_values_are_told_as_they_were_sent(run: Run) -> None:
    rejected = run.last(topics.REJECTED, run.live.stream).values()
    assert sorted(base64.b64decode(value["value"]) for value in rejected) == sorted(run.hostile)


def test_an_alarm_keeps_its_numbers_over_kills_and_is_acknowledged(run: Run) -> None:
    """On for 5 s at 135 s, the operator's action, and off for 10 s at 150 s (rows of the master alarm database)."""
    found = [value for key, value in run.told[topics.ALARMS] if key == "analysis-live/G1/VOLTAGE_LOW"]
    by_number = {value["number"]: value for value in found}
    assert [
        (value["number"], value["event"], value["previous_state"], value["state"], value["annunciated"], value["by"])
        for value in by_number.values()
    ] == [
        (1, "RAISED", "NORMAL", "UNACK", True, None),
        (2, "ACKNOWLEDGED", "UNACK", "ACK", False, "Ada"),
        (3, "RETURNED", "ACK", "NORMAL", False, None),
    ]
    assert (by_number[1]["value"], by_number[1]["limit"]) == (200.0, 207.0)
    assert [by_number[number]["time"] for number in (1, 3)] == [
        "2026-03-02T00:10:15.000000Z",
        "2026-03-02T00:10:30.000000Z",
    ]


@pytest.mark.parametrize("topic", [topics.ALARMS, topics.HEALTH, topics.DETECTIONS])
def test_what_is_told_again_after_a_kill_is_the_same(run: Run, topic: str) -> None:
    told: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, value in run.told[topic]:
        identity = (key, value.get("condition"), value["number"])
        assert told.setdefault(identity, value) == value


def test_the_historian_has_each_accepted_reading_once(run: Run) -> None:
    of_streams = {
        feed.stream: [(g, second) for g in feed.generators for second in range(60 * MINUTES)]
        for feed in (run.live, run.backfill)
    }
    for stream, expected in of_streams.items():
        found = [(row["generator_id"], row["seq"]) for row in run.rows["readings"] if row["stream_id"] == stream]
        assert sorted(found) == sorted(expected)
    identities = Counter((row["stream_id"], row["generator_id"], row["seq"]) for row in run.rows["readings"])
    assert set(identities.values()) == {1}


def test_the_historian_has_what_became_of_each_record_once(run: Run) -> None:
    rows = run.rows["outcomes"]
    places = Counter(
        (row["partition"], offset) for row in rows for offset in range(row["offset"], row["last_offset"] + 1)
    )
    assert places == Counter((partition, offset) for partition, end in run.ends.items() for offset in range(end))
    found = {(row["partition"], row["offset"]): row["outcome"] for row in rows}
    sent = run.live.sent | run.backfill.sent
    assert {place: found[place] for place in sent} == sent


def test_the_last_events_tell_the_outcomes_and_that_nothing_is_behind(run: Run) -> None:
    records = sum(run.ends.values())
    outcomes = Counter[str]()
    for row in run.rows["outcomes"]:
        outcomes[row["outcome"]] += row["last_offset"] - row["offset"] + 1
    told = {outcome: count for outcome, count in run.events[historian.NAME]["outcomes"].items() if count}
    assert told == dict(outcomes)
    for name in (historian.NAME, monitor.NAME):
        event = run.events[name]
        assert (event["event"], event["records_total"], event["lag"], event["lag_s"]) == ("progress", records, 0, 0.0)
        assert event["state_bytes"] > 0


def test_records_that_retention_took_before_they_were_read_are_a_gap(kafka: str, tmp_path: Path) -> None:
    with closing(Feed(kafka, "analysis-lost", START, ("G1",), 0.0)) as feed, started(kafka, tmp_path) as jobs:
        feed.seconds(0, 10)
        job = jobs.start()
        job.wait_until_processed(total(kafka))
        job.stop()
        before = job.newest()[historian.NAME]["outcomes"].get("gap", 0)

        feed.seconds(10, 40)
        partition = min(feed.sent)[0]
        offsets = sorted(offset for _, offset in feed.sent)
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        admin.delete_records({TopicPartition(topics.READINGS, partition): offsets[25]})
        admin.close()
        job = jobs.start()
        job.wait_until_processed(total(kafka))
        job.stop()

        assert job.newest()[historian.NAME]["outcomes"]["gap"] - before == 15
        gaps = [row for row in jobs.rows("outcomes") if row["outcome"] == "gap" and row["partition"] == partition]
        assert [(row["offset"], row["last_offset"], row["rule"]) for row in gaps if row["offset"] >= offsets[0]] == [
            (offsets[10], offsets[24], "must be read before the topic's retention removes it")
        ]
        kept = sorted(row["seq"] for row in jobs.rows("readings") if row["stream_id"] == feed.stream)
        assert kept == [*range(10), *range(25, 40)]
    summaries = dict(content(kafka, topics.SUMMARY))
    assert summaries["analysis-lost/G1"]["Records"] == 25

"""Asks the running parts how far they are: the generator over HTTP, Kafka, and the analysis by its log."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import urllib3
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from contracts import topics
from pipeline.status import Alarm, Analysis, Bus, Rate, Stage, bus, head_line, unacknowledged

_HTTP_S: Final = 2.0
_KAFKA_MS: Final = 5_000
_SITE: Final = 10
"""Sets of a site at most: that many lines are its last scan."""


class Generator:
    """The generator, as far as it can be asked.

    Attributes:
        head: number of the last line that it serves.
        stream_id: name of its stream; empty before it was asked.
        bus: the first site's bus bar at the last scan.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(_HTTP_S), retries=False)
        self.head = 0
        self.stream_id = ""
        self.bus: Bus | None = None

    def is_ready(self) -> bool:
        """Whether it serves its stream."""
        return self._get("/readyz") is not None

    def ask(self, rated_kw: Mapping[str, float]) -> None:
        """Ask anew, knowing the rated power of some sets; what it does not answer stays as it was."""
        metrics = self._get("/metrics")
        if metrics is None:
            return
        self.head = head_line(metrics.data.decode())
        begin = max(self.head - _SITE, 0)
        if self.head and (stream := self._get(f"/generator/stream?after={begin}&limit={self.head - begin}")):
            self.stream_id = stream.headers["Stream-Id"]
            self.bus = bus(stream.data.splitlines(), rated_kw)

    def _get(self, path: str) -> urllib3.BaseHTTPResponse | None:
        try:
            response = self._http.request("GET", self._url + path)
        except urllib3.exceptions.HTTPError:
            return None
        return response if response.status == 200 else None

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()


class Results:
    """What is in Kafka: the producer's marks, the nameplates, summaries, alarms, the ends of topics.

    Args:
        bootstrap_servers: ``host:port`` of brokers, by comma.

    Attributes:
        rated_kw: rated power of each set with a nameplate.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","),
            group_id=None,
            request_timeout_ms=_KAFKA_MS,
            bootstrap_timeout_ms=_KAFKA_MS,
            metrics_enabled=False,
        )
        places = [
            place
            for topic in (topics.PROGRESS, topics.NAMEPLATE, topics.SUMMARY, topics.ALARMS)
            for place in self._partitions(topic)
        ]
        self._consumer.assign(places)
        self._consumer.seek_to_beginning(*places)
        self._before = self._consumer.end_offsets(places)
        self._marks: dict[str, int] = {}
        self.rated_kw: dict[str, float] = {}
        self._summaries: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._alarms: dict[str, dict[bytes, Mapping[str, Any]]] = {}
        self.is_fresh = False
        """Whether a summary has come since we began to look."""

    def poll(self, seconds: float) -> None:
        """Take in what is new, waiting for that long if nothing is."""
        for place, records in self._consumer.poll(int(1000 * seconds)).items():
            for record in records:
                value = json.loads(record.value)
                if place.topic == topics.PROGRESS:
                    self._marks[value["stream_id"]] = value["line"]
                elif place.topic == topics.NAMEPLATE:
                    self.rated_kw[value["generator_id"]] = value["rated_power_kw"]
                elif place.topic == topics.ALARMS:
                    self._alarms.setdefault(value["stream_id"], {})[record.key] = value
                else:
                    self._summaries[value["stream_id"], value["generator_id"]] = value
                    self.is_fresh |= record.offset >= self._before[place]

    def catch_up(self) -> None:
        """Take in all that is there now."""
        ends = self._consumer.end_offsets(list(self._before))
        while any(self._consumer.position(place) < end for place, end in ends.items()):
            self.poll(0.1)

    def line(self, stream_id: str) -> int:
        """The line of the stream up to which everything is in Kafka."""
        return self._marks.get(stream_id, 0)

    def summary(self, stream_id: str) -> list[Mapping[str, Any]]:
        """The newest summary of each generator of the stream, G2 before G10."""
        rows = [row for (stream, _), row in self._summaries.items() if stream == stream_id]
        return sorted(rows, key=lambda row: (len(row["generator_id"]), row["generator_id"]))

    def alarms(self, stream_id: str) -> list[Alarm]:
        """The alarms of the stream that nobody has acknowledged."""
        return unacknowledged(self._alarms.get(stream_id, {}).values())

    def records(self, topic: str) -> int:
        """Records that the topic has had so far, over all streams."""
        return sum(self._consumer.end_offsets(self._partitions(topic)).values())

    def _partitions(self, topic: str) -> list[Any]:
        return [TopicPartition(topic, number) for number in self._consumer.partitions_for_topic(topic) or ()]

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()


class LogReader:
    """Reads a growing text file line by line, as far as it is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def lines(self) -> list[str]:
        """The whole lines that have come since the last time."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                text, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._position += len(text) + len(newline)
        return text.decode(errors="replace").splitlines()


class Watch:
    """All of it together: how far the records have come.

    Args:
        generator: the generator.
        bootstrap_servers: ``host:port`` of Kafka brokers, by comma.
        analysis_log: file that the analysis logs to, an event per batch.
    """

    def __init__(self, generator: Generator, bootstrap_servers: str, analysis_log: Path) -> None:
        self.generator = generator
        self.results = Results(bootstrap_servers)
        self._log = LogReader(analysis_log)
        self._analysis = Analysis()
        self._rates = {name: Rate() for name in ("emitted", "committed", "decoded")}
        self._records = self._dead = 0

    def ask(self, seconds: float) -> None:
        """Ask all of them, and wait up to that long for news from Kafka. What does not answer stays as it was."""
        self.generator.ask(self.results.rated_kw)
        try:
            self.results.poll(seconds)
            self._records = self.results.records(topics.READINGS)
            self._dead = self.results.records(topics.DEAD_LETTERS)
        except KafkaError:
            time.sleep(seconds)  # no busy waiting for a broker that is about to be found dead
        for line in self._log.lines():
            self._analysis.read(line)

    @property
    def is_settled(self) -> bool:
        """Whether the analysis has processed all that is in Kafka."""
        return self._analysis.records >= self._records

    def stages(self, now: float) -> Sequence[Stage]:
        """The steps from the plant to the analysis: lines of this stream, then records of the topic."""
        line = self.results.line(self.generator.stream_id)
        head = max(self.generator.head, line)  # the generator's last word may be older than the producer's
        decoded = self._analysis.records
        return (
            Stage("emitted", head, self._rates["emitted"].at(now, head)),
            Stage("committed", line, self._rates["committed"].at(now, line), head - line),
            Stage(
                "decoded",
                decoded,
                self._rates["decoded"].at(now, decoded),
                max(self._records - decoded, 0),
                self._analysis.lag_s,
            ),
        )

    @property
    def set_aside(self) -> Mapping[str, int]:
        """Records that are not among the results, by reason."""
        return {"dead letters": self._dead, **self._analysis.counts}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.generator.close()
        self.results.close()

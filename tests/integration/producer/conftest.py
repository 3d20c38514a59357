"""The bridge's two neighbours for real: a broker, and an HTTP server of prepared lines on a port of its own."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from kafka import KafkaConsumer, TopicPartition

DEADLINE_S = 60.0
CHUNK = 1 << 16

READING = (
    '{"stream_id":"s","site":"%s","generator_id":"%s","seq":%d,"source_time":"2026-01-01T00:00:00Z",'
    '"server_time":"2026-01-01T00:00:00.250000Z","cause":"PERIODIC","historical":false,"state":"RUNNING","mode":"AUTO",'
    '"breaker_closed":true,"power_output_kw":75.5,"reactive_power_kvar":40.0,"voltage_v":230.25,"bus_voltage_v":230.0,'
    '"frequency_hz":50.01,"bus_frequency_hz":50.01,"current_a":123.4,"engine_speed_rpm":1500.3,'
    '"coolant_temperature_c":88.0,"exhaust_temperature_c":340.0,"oil_pressure_kpa":400.0,"fuel_level_pct":71.5,'
    '"fuel_rate_lph":22.75,"energy_kwh":1234.5,"run_hours_h":17.25,"start_count":3,"fault_alarms":[],"quality":{}}'
)


class StreamServer(ThreadingHTTPServer):
    """Serves ``lines`` as the generator would: numbered, resumable with proof, with heartbeats at their end.

    Attributes:
        lines: the stream.
        stream_id: its name.
        cuts: bytes of body after which each of the next answers breaks off; later ones are whole.
        asked: query of each request for the stream, probes of its name aside.
        status: answer every request with that status.
        nameplates: of the sets; it does not tell where there are none.
        pause_s: seconds between two chunks (of a hundred lines), so that a stream lasts long enough to be stopped.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StreamHandler)
        self.lines: list[bytes] = []
        self.stream_id = f"run-{uuid.uuid4().hex[:12]}"
        self.cuts: list[int] = []
        self.asked: list[dict[str, str]] = []
        self.status: int | None = None
        self.nameplates: list[bytes] = []
        self.pause_s = 0.0
        self.is_silent = threading.Event()
        self.is_closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/generator/stream"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


class StreamHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StreamServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/generator/nameplates":
            self._tell_nameplates()
            return
        query = {name: values[0] for name, values in parse_qs(urlparse(self.path).query).items()}
        after, digest, lines = int(query["after"]), query.get("digest"), self.server.lines
        if "limit" not in query:
            self.server.asked.append(query)
        if self.server.status:
            self._refuse(self.server.status)
        elif after > len(lines):
            self._refuse(416)
        elif digest and digest != hashlib.sha256(lines[after - 1]).hexdigest()[:16]:
            self._refuse(409)
        else:
            self._begin(after)
            if "limit" in query:
                self._chunk(b"".join(line + b"\n" for line in lines[after : after + int(query["limit"])]))
                self._chunk(b"")
            else:
                self._serve(b"".join(line + b"\n" for line in lines[after:]))

    def _tell_nameplates(self) -> None:
        if self.server.status or not self.server.nameplates:
            self._refuse(self.server.status or 404)
            return
        body = b"".join(line + b"\n" for line in self.server.nameplates)
        self.send_response(200)
        self.send_header("Stream-Id", self.server.stream_id)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int) -> None:
        problem = json.dumps({"status": status}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(problem)))
        self.end_headers()
        self.wfile.write(problem)

    def _begin(self, after: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Stream-Id", self.server.stream_id)
        self.send_header("Stream-After", str(after))
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _serve(self, body: bytes) -> None:
        if self.server.cuts:
            self._chunk(body[: self.server.cuts.pop(0)])
            self.close_connection = True
            return
        for begin in range(0, len(body), CHUNK):
            self._chunk(body[begin : begin + CHUNK])
            self.server.is_closing.wait(self.server.pause_s)
        while not self.server.is_closing.wait(0.2):
            if not self.server.is_silent.is_set():
                self._chunk(b"\n")
        self._chunk(b"")

    def _chunk(self, body: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))


@pytest.fixture
def server() -> Iterator[StreamServer]:
    server = StreamServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.is_closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def lines() -> Callable[[int], list[bytes]]:
    """So many lines of a stream: readings of ten generators at five sites, each thirteenth line damaged."""

    def make(count: int) -> list[bytes]:
        return [
            b'{"damaged":%d' % number
            if number % 13 == 0
            else (READING % (f"S{number % 5 + 1}", f"G{number % 10}", number)).encode()
            for number in range(1, count + 1)
        ]

    return make


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, with a deadline."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, "not in time"
            time.sleep(0.02)

    return wait


@dataclass
class Bridge:
    """A running ``python -m producer``."""

    process: subprocess.Popen[bytes]
    output: Path
    errors: Path

    def events(self, name: str) -> list[dict[str, Any]]:
        """Its log entries of that name."""
        entries = (json.loads(line) for line in self.output.read_text().splitlines() if line.endswith("}"))
        return [entry for entry in entries if entry["event"] == name]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit status after a signal."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        return self.process.wait(DEADLINE_S)


@pytest.fixture
def start(tmp_path: Path, kafka: str, server: StreamServer) -> Iterator[Callable[..., Bridge]]:
    """Start the bridge between the server and the broker, with further flags."""
    bridges: list[Bridge] = []

    def run(*flags: str) -> Bridge:
        output, errors = tmp_path / f"{len(bridges)}.out", tmp_path / f"{len(bridges)}.err"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCADA_")}
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "producer",
                    "--source",
                    server.url,
                    "--bootstrap-servers",
                    kafka,
                    *flags,
                ],
                stdout=out,
                stderr=err,
                env=environment,
            )
        bridges.append(Bridge(process, output, errors))
        return bridges[-1]

    yield run
    for bridge in bridges:
        bridge.process.kill()
        bridge.process.wait()


@pytest.fixture
def read(kafka: str, server: StreamServer) -> Callable[[str], list[Any]]:
    """Every record of a topic that belongs to the server's stream, by header or key."""

    def records(topic: str) -> list[Any]:
        found: list[Any] = []
        # A consumer for each reading: one that outlives a broker leaves sockets open.
        with KafkaConsumer(
            bootstrap_servers=kafka, group_id=None, enable_auto_commit=False, max_poll_records=5000
        ) as consumer:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            ends = consumer.end_offsets(partitions)
            consumer.assign(partitions)
            for partition in partitions:
                consumer.seek(partition, 0)
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                for batch in consumer.poll(timeout_ms=200).values():
                    found += batch
        ours = server.stream_id.encode()
        return [record for record in found if record.key == ours or dict(record.headers).get("stream") == ours]

    return records

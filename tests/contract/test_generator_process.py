"""The generator as a process: what survives a kill, how it ends, and that clients do not wait for each other."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

STREAM = {
    "STREAM_ID": "run-1",
    "SEED": "7",
    "START": "2026-03-01T00:00:00Z",
    "GENERATORS": "10",
    "SPEED": "unpaced",
}


LF = b"\n"


class Service:
    """uvicorn with the application, on a port of its own."""

    def __init__(self, **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCADA_GENERATOR_")}
        environment |= {f"SCADA_GENERATOR_{name}": value for name, value in (STREAM | settings).items()}
        command = [sys.executable, "-m", "uvicorn", "generator.app:app", "--port", "0", "--no-access-log"]
        self.process = subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL
        )
        assert self.process.stderr is not None
        self.log: list[str] = []
        self.address = ""
        for line in self.process.stderr:
            self.log.append(line)
            if running := re.search(r"running on http://(127\.0\.0\.1:\d+)", line):
                self.address = running[1]
                break
        self._drain = threading.Thread(target=self.log.extend, args=(self.process.stderr,))
        self._drain.start()
        while self.address and not self._ready():
            pass

    def _ready(self) -> bool:
        with self.get("/readyz") as answer:
            return answer.status == 200

    @contextmanager
    def get(self, path: str, **headers: str) -> Iterator[HTTPResponse]:
        with closing(HTTPConnection(self.address, timeout=30)) as connection:
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as answer:
                yield answer

    def lines(self, after: int, limit: int) -> bytes:
        with self.get(f"/generator/stream?after={after}&limit={limit}") as answer:
            return answer.read()

    def change(self, method: str, path: str, change: dict[str, Any]) -> tuple[str, int]:
        with closing(HTTPConnection(self.address, timeout=30)) as connection:
            body, headers = json.dumps(change), {"Content-Type": "application/json"}
            connection.request(method, "/generator/" + path, body, headers)
            with connection.getresponse() as answer:
                assert answer.status in {200, 201}
                result = json.load(answer)
                return result["id"], result.get("scan", result.get("start"))

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=15)
        self._drain.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return status


@pytest.fixture
def start() -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def start(**settings: str) -> Service:
        services.append(Service(**settings))
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is None:
            service.end(signal.SIGKILL)


def lines_from(stream: HTTPResponse, count: int) -> bytes:
    """So many lines, heartbeats left out."""
    received: list[bytes] = []
    while len(received) < count:
        line = stream.readline()
        assert line.endswith(LF)
        if line != LF:
            received.append(line)
    return b"".join(received)


@contextmanager
def stalled(service: Service) -> Iterator[socket.socket]:
    """A client that asks for the stream and never reads."""
    host, _, port = service.address.partition(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"GET /generator/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        yield client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_open_streams_at_a_line_boundary_and_the_process_with_success(
    start: Callable[..., Service], number: signal.Signals
) -> None:
    service = start(SPEED="50")
    with (
        service.get("/generator/stream") as lines,
        service.get("/generator/stream", Accept="text/event-stream") as events,
    ):
        first_line, first_event = lines.readline(), events.readline()
        assert service.end(number) == 0
        body, stream_of_events = first_line + lines.read(), first_event + events.read()
    assert all(json.loads(line) for line in body.splitlines() if line)
    assert body.endswith(b"\n")
    assert stream_of_events.endswith(b"\n\n")
    assert "Traceback" not in "".join(service.log)


def test_a_client_that_does_not_read_does_not_keep_the_process(start: Callable[..., Service]) -> None:
    service = start()
    with stalled(service):
        while len(service.lines(0, 50_000).splitlines()) != 50_000:
            pass
        assert service.end(signal.SIGTERM) == 0


def test_a_killed_generator_goes_on_with_the_same_bytes(start: Callable[..., Service], tmp_path: Path) -> None:
    """The concatenation over kills and live changes is what one uninterrupted run with the same control log gives."""
    state = str(tmp_path / "state")
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", "parameters", {"id": "warm", "ambient_temperature_c": 38.0}),
        ("POST", "faults", {"id": "leak", "kind": "gateway_outage", "generator": "G1", "duration_s": 120}),
        ("PATCH", "parameters", {"id": "fast", "scan_interval_s": 0.5, "noise": 2.0}),
        ("POST", "scenarios", {"id": "storm", "name": "alarm_storm"}),
    ]
    received, acknowledged = b"", []
    for round_, change in enumerate(changes):
        service = start(STATE_DIR=state)
        path = f"/generator/stream?after={received.count(LF)}"
        if received:
            path += f"&digest={sha256(received.splitlines()[-1]).hexdigest()[:16]}"
        with service.get(path) as stream:
            received += lines_from(stream, 300 + round_)
            acknowledged.append(service.change(*change))
            received += lines_from(stream, 8_000)
            service.end(signal.SIGKILL)
    service = start(STATE_DIR=state)
    assert received == service.lines(0, received.count(LF))
    assert [service.change(*change) for change in changes] == acknowledged
    with service.get("/generator/recording") as answer:
        (tmp_path / "recording.json").write_bytes(answer.read())
    service.end(signal.SIGTERM)
    uninterrupted = start(REPLAY=str(tmp_path / "recording.json"))
    assert received == uninterrupted.lines(0, received.count(LF))


def test_a_restart_with_other_settings_is_refused(start: Callable[..., Service], tmp_path: Path) -> None:
    start(STATE_DIR=str(tmp_path)).end(signal.SIGTERM)
    refused = start(STATE_DIR=str(tmp_path), GENERATORS="20")
    assert refused.wait() == 2
    explanation = [line for line in refused.log if line.startswith("generator: ")]
    assert explanation == [
        f"generator: {tmp_path} holds a stream with generators 10, not 20: "
        "leave SCADA_GENERATOR_GENERATORS out, or use another\n"
    ]
    assert "Traceback" not in "".join(refused.log)


def test_wrong_settings_are_refused_in_one_line(start: Callable[..., Service]) -> None:
    refused = start(SPEEED="2")
    assert refused.wait() == 2
    assert refused.log == ["generator: SCADA_GENERATOR_SPEEED is not a setting of the generator\n"]


def test_clients_that_stop_reading_hold_up_nobody_and_are_cut_off(start: Callable[..., Service]) -> None:
    service = start(SEND_TIMEOUT_S="1", BUFFER_BYTES=str(4 * 2**20))
    with stalled(service) as one, stalled(service) as two:
        whole = service.lines(0, 100_000)
        assert whole.count(b"\n") == 100_000
        metrics = ""
        while "scada_generator_cut_off_total 2.0" not in metrics:
            with service.get("/metrics") as answer:
                metrics = answer.read().decode()
        assert "scada_generator_streams 0.0" in metrics
        for client in (one, two):
            assert not what_is_left(client).endswith(b"0\r\n\r\n"), "a cut is no proper end of the answer"


def what_is_left(client: socket.socket) -> bytes:
    client.settimeout(15)
    received = b""
    with suppress(ConnectionResetError):
        while part := client.recv(2**20):
            received += part
    return received


def test_streams_beyond_the_limit_are_told_to_come_back(start: Callable[..., Service]) -> None:
    service = start(MAX_STREAMS="1")
    with service.get("/generator/stream") as stream:
        stream.readline()
        with service.get("/generator/stream?limit=1") as refusal:
            assert refusal.status == 503
            assert refusal.headers["Retry-After"] == "5"
    status = 503
    while status == 503:
        with service.get("/generator/stream?limit=1") as again:
            status = again.status
    assert status == 200


def test_silence_is_broken_by_heartbeats(start: Callable[..., Service]) -> None:
    service = start(SPEED="0.001", HEARTBEAT_S="0.05")
    with (
        service.get("/generator/stream") as lines,
        service.get("/generator/stream", Accept="text/event-stream") as events,
    ):
        assert lines.readline() == b"\n"
        assert [events.readline(), events.readline()] == [b": heartbeat\n", b"\n"]

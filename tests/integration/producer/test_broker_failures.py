"""A broker that freezes or dies under the bridge. It is one of our own, so that no other test feels it."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contracts import topics
from pipeline import broker, cluster, jars, java, ports

LINES = 60_000


class Broker:
    """A broker process on a port of its own, with what it stored kept over its lives."""

    def __init__(self, command: tuple[str, ...], servers: str) -> None:
        self.command = command
        self.servers = servers
        self.begin()

    def begin(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def accepts(self) -> bool:
        return ports.accepts(int(self.servers.rpartition(":")[2]))


@pytest.fixture
def own_broker(
    tmp_path_factory: pytest.TempPathFactory, eventually: Callable[[Callable[[], bool]], None]
) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("own-kafka")
    runtime = java.find(os.environ)
    files = jars.fetch(jars.load("kafka"), jars.cache_folder(os.environ), runtime, lambda _done, _wanted: None)
    claimed = ports.claim(0, "a broker", ""), ports.claim(0, "its controller", "")
    listeners = broker.Listeners.on_loopback(*claimed)
    own = Broker(broker.prepare(folder, listeners, runtime, files, folder / "kafka.log").command, listeners.clients)
    eventually(own.accepts)
    cluster.ensure_topics(own.servers, replicas=1)
    yield own
    own.process.kill()
    own.process.wait()


@pytest.fixture
def kafka(own_broker: Broker) -> str:
    return own_broker.servers


def contents(read: Callable[[str], list[Any]]) -> dict[int, bytes]:
    """What is in the log per line of the server's stream; copies are allowed if they are the same."""
    found: dict[int, bytes] = {}
    for record in read(topics.READINGS) + read(topics.DEAD_LETTERS):
        assert found.setdefault(int(dict(record.headers)["line"]), record.value) == record.value
    return found


def mark(read: Callable[[str], list[Any]]) -> int:
    """Line of the newest low mark of the server's stream."""
    marks = read(topics.PROGRESS)
    return int(json.loads(marks[-1].value)["line"]) if marks else -1


@pytest.fixture(autouse=True)
def long_stream(server: Any, lines: Callable[[int], list[bytes]]) -> None:
    server.lines, server.pause_s = lines(LINES), 0.01


def test_a_broker_that_freezes_for_longer_than_we_wait_loses_nothing(
    start: Callable[..., Any], read: Any, eventually: Any, own_broker: Broker
) -> None:
    """What a frozen broker has received and appends when it thaws may be there twice, under the same line."""
    bridge = start("--delivery-timeout-s", "2")
    eventually(lambda: mark(read) > 0)
    own_broker.process.send_signal(signal.SIGSTOP)
    eventually(lambda: bridge.events("log_lost"))
    own_broker.process.send_signal(signal.SIGCONT)
    eventually(lambda: mark(read) == LINES)
    assert bridge.end() == 0
    assert set(contents(read)) == set(range(1, LINES + 1))
    assert len(bridge.events("stream_taken_up")) >= 2
    assert "for 2 s" in bridge.events("log_lost")[0]["reason"]


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    start: Callable[..., Any], read: Any, eventually: Any, own_broker: Broker
) -> None:
    bridge = start("--delivery-timeout-s", "2")
    eventually(lambda: mark(read) > 0)
    own_broker.process.kill()
    own_broker.process.wait()
    eventually(lambda: bridge.events("log_lost"))
    own_broker.begin()
    eventually(own_broker.accepts)
    eventually(lambda: mark(read) == LINES)
    assert bridge.end() == 0
    assert set(contents(read)) == set(range(1, LINES + 1))


def test_told_to_stop_while_the_broker_is_frozen_it_says_that_not_everything_is_acknowledged(
    start: Callable[..., Any], read: Any, eventually: Any, own_broker: Broker
) -> None:
    bridge = start("--delivery-timeout-s", "2")
    eventually(lambda: mark(read) > 0)
    own_broker.process.send_signal(signal.SIGSTOP)
    assert bridge.end() == 1
    assert "the next start sends what is missing" in bridge.errors.read_text()
    own_broker.process.send_signal(signal.SIGCONT)
    bridge = start()
    eventually(lambda: mark(read) == LINES)
    assert bridge.end() == 0
    assert set(contents(read)) == set(range(1, LINES + 1))

"""The whole pipeline on real parts. What is asked of it is what a person would see."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(600)

NAMES = [f"G{number}" for number in range(1, 11)]
RUNNING = r"analysis: running"


def _summary(text: str) -> dict[str, int]:
    """Records of each generator in the closing summary."""
    closing = text[text.rindex("generator  ") :]
    return {
        name: int(records.replace(",", ""))
        for name, records in re.findall(r"^ ?(G\d+) +([\d,]+) ", closing, re.MULTILINE)
    }


def _nothing_is_left(processes: Callable[[str], list[int]]) -> None:
    deadline = time.monotonic() + 60
    while left := processes(""):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_one_command_gives_a_summary_of_all_generators_and_the_next_run_goes_on(
    up: Callable[..., Any], processes: Callable[[str], list[int]], data_dir: Path
) -> None:
    first = up("--for", "5")
    assert first.exit_code() == 0, first.text
    before = _summary(first.text)
    assert list(before) == NAMES
    assert len(set(before.values())) == 1
    assert re.search(r"demand \d+ of \d+ kW \(\d+ of 10 sets\), reserve -?\d+ kW", first.text)
    assert processes("") == []

    second = up("--for", "5")
    assert second.exit_code() == 0, second.text
    after = _summary(second.text)
    assert list(after) == NAMES
    assert all(after[name] > before[name] for name in NAMES)
    assert {path.name for path in (data_dir / "logs").iterdir()} >= {"analysis.log", "generator.log", "kafka.log"}


def test_without_a_java_on_the_path_it_runs_on_the_wheels_and_ctrl_c_stops_it_in_order(
    up: Callable[..., Any], processes: Callable[[str], list[int]], tmp_path: Path
) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    for path in (file for folder in reversed(os.get_exec_path()) for file in Path(folder).glob("*")):
        if not path.name.startswith(("java", "docker")):
            (commands / path.name).unlink(missing_ok=True)
            (commands / path.name).symlink_to(path)
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"} | {"PATH": str(commands)}
    run = up("--generators", "3", environment=environment)
    run.await_text(RUNNING)
    run.signal(signal.SIGINT)
    assert run.exit_code() == 0, run.text
    assert list(_summary(run.text)) == NAMES[:3]
    stopped = re.findall(r"\| (\w+): (?:stopped|finishing)", run.text)
    assert stopped == ["generator", "producer", "analysis"]
    last = run.text.rindex("emitted")
    emitted, committed, decoded = re.findall(r"(?:emitted|committed|decoded) ([\d,]+)", run.text[last:])
    assert emitted == committed == decoded
    assert processes("") == []


@pytest.mark.parametrize(
    ("part", "word"), [("producer", "producer"), ("analysis", "SparkSubmit"), ("kafka", "kafka.Kafka")]
)
def test_a_part_that_is_killed_is_named_with_its_log_and_nothing_is_left(
    up: Callable[..., Any], processes: Callable[[str], list[int]], part: str, word: str
) -> None:
    run = up()
    run.await_text(RUNNING)
    (victim,) = processes(word)
    os.kill(victim, signal.SIGKILL)
    assert run.exit_code() == 1
    assert re.search(
        rf"Error: {part} ended by itself \(signal SIGKILL\); its log is \S+/logs/{part}\.log, which", run.text
    )
    assert "Traceback" not in run.text
    assert processes("") == []


def test_what_is_killed_itself_leaves_nothing(up: Callable[..., Any], processes: Callable[[str], list[int]]) -> None:
    run = up()
    run.await_text("producer: running")
    run.signal(signal.SIGKILL)
    assert run.exit_code() == -signal.SIGKILL
    _nothing_is_left(processes)


def test_a_generator_that_refuses_its_settings_is_named_with_what_it_said(up: Callable[..., Any]) -> None:
    environment = {**os.environ, "SCADA_GENERATOR_SCAN_INTERVAL_S": "-1"}
    run = up(environment=environment)
    assert run.exit_code() == 1
    assert re.search(
        r"Error: generator ended by itself \(exit code 2\)[\s\S]*SCADA_GENERATOR_SCAN_INTERVAL_S", run.text
    )


def test_a_port_that_is_taken_is_named_with_the_way_out(scada: Callable[..., Any], data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = str(server.getsockname()[1])
        run = scada("up", "--data-dir", str(data_dir), "--generator-port", "0", "--kafka-port", taken)
        assert run.exit_code() == 1
    assert re.fullmatch(
        rf"Error: port {taken} for Kafka cannot be used .*--kafka-port.*--bootstrap-servers\n", run.text
    )


def test_without_a_network_the_first_run_says_what_it_needs(up: Callable[..., Any], tmp_path: Path) -> None:
    """A proxy that is not there is as good as no network."""
    proxy = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=1"
    run = up(environment={**os.environ, "SCADA_CACHE_DIR": str(tmp_path / "cache"), "JAVA_TOOL_OPTIONS": proxy})
    assert run.exit_code() == 1
    assert re.search(r"Error: jars could not be downloaded \(.+\)\. The first run needs a network", run.text)


def test_a_kafka_that_is_there_is_used(up: Callable[..., Any], scada: Callable[..., Any], tmp_path: Path) -> None:
    broker = scada("kafka", "--data-dir", str(tmp_path / "kafka"), "--port", "0")
    broker.await_text(r"at 127\.0\.0\.1:\d+,")
    servers = re.search(r"at (127\.0\.0\.1:\d+),", broker.text)
    assert servers is not None
    run = up("--for", "1", "--bootstrap-servers", servers[1])
    assert run.exit_code() == 0, run.text
    assert list(_summary(run.text)) == NAMES
    tail = scada("tail", "scada.readings.v1", "-n", "1", "--bootstrap-servers", servers[1])
    assert tail.exit_code() == 0
    assert '"generator_id": "G' in tail.text
    broker.signal(signal.SIGTERM)
    assert broker.exit_code() == 0, broker.text


def test_two_runs_do_not_share_a_data_directory(scada: Callable[..., Any], data_dir: Path) -> None:
    broker = scada("kafka", "--data-dir", str(data_dir), "--port", "0")
    broker.await_text("Kafka .* at")
    other = scada("kafka", "--data-dir", str(data_dir), "--port", "0")
    assert other.exit_code() == 1
    assert f"Error: another run uses {data_dir}" in other.text
    broker.signal(signal.SIGINT)
    assert broker.exit_code() == 0, broker.text

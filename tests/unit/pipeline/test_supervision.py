"""Processes that stand in for the parts; what is proven is that none outlives what it should not."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from pipeline import reaper
from pipeline.errors import PipelineError
from pipeline.supervision import Part, PartDiedError, Stopped, Supervisor, last_lines

OBEDIENT = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM INT; echo ready; while :; do sleep 0.05; done"
SLOW = "trap 'sleep 1; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
WITH_CHILD = "sh -c 'while :; do sleep 0.05; done' & echo ready; wait"


def _part(folder: Path, script: str, *, name: str = "part", stop_s: float = 30) -> Part:
    return Part(name, ("/bin/sh", "-c", script), folder / f"{name}.log", stop_s=stop_s)


def _eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _ready(part: Part) -> bool:
    return part.log.exists() and "ready" in part.log.read_text()


def _never() -> bool:
    return False


def test_a_part_is_asked_to_stop_and_its_exit_code_told(tmp_path: Path) -> None:
    part = _part(tmp_path, OBEDIENT)
    with Supervisor() as supervisor:
        supervisor.start(part)
        supervisor.wait_until(lambda: _ready(part), 30, "it is not ready")
        assert supervisor.stop("part") == 0
        assert supervisor.stop("part") is None
    assert part.log.read_text().endswith("bye\n")


def test_a_part_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    part = _part(tmp_path, STUBBORN, stop_s=0.1)
    with Supervisor() as supervisor:
        supervisor.start(part)
        supervisor.wait_until(lambda: _ready(part), 30, "it is not ready")
        assert supervisor.stop("part") == -signal.SIGKILL


def test_a_part_that_ends_by_itself_is_told_with_exit_code_log_and_last_lines(tmp_path: Path) -> None:
    part = _part(tmp_path, "echo working; echo 'cannot go on'; exit 3", name="producer")
    with Supervisor() as supervisor:
        supervisor.start(part)
        with pytest.raises(
            PartDiedError, match=r"producer ended by itself \(exit code 3\).*producer\.log[\s\S]*cannot go on"
        ):
            supervisor.wait_until(_never, 30, "nothing")


def test_a_part_that_is_killed_is_told_with_the_signal(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        supervisor.start(_part(tmp_path, "kill -9 $$"))
        with pytest.raises(PartDiedError, match=r"\(signal SIGKILL\)"):
            supervisor.wait_until(_never, 30, "nothing")


def test_a_wish_to_stop_ends_waiting(tmp_path: Path) -> None:
    with Supervisor(stopping=lambda: True) as supervisor:
        supervisor.start(_part(tmp_path, OBEDIENT))
        with pytest.raises(Stopped):
            supervisor.wait_until(_never, 30, "nothing")


def test_waiting_has_an_end() -> None:
    with Supervisor() as supervisor, pytest.raises(PipelineError, match="after 0 s it is not ready"):
        supervisor.wait_until(_never, 0, "it is not ready")


def test_what_cannot_be_started_is_named(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        supervisor.start(Part("broker", (str(tmp_path / "missing"),), tmp_path / "broker.log"))
        with pytest.raises(PartDiedError, match=r"broker ended by itself \(exit code 127\)[\s\S]*missing"):
            supervisor.wait_until(_never, 30, "nothing")


def test_nothing_that_a_part_started_outlives_it(tmp_path: Path) -> None:
    script, pipe = _held(tmp_path, WITH_CHILD)
    with Supervisor() as supervisor:
        supervisor.start(_part(tmp_path, script))
        with pipe.open() as held:
            supervisor.stop("part")
            assert held.read() == ""


def _held(folder: Path, script: str) -> tuple[str, Path]:
    """The script with a pipe that each of its processes holds: a reader meets its end when the last of them is gone."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    return f"exec 9>'{pipe}'; {script}", pipe


def test_leaving_stops_the_last_started_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    parts = [
        _part(
            tmp_path, f"trap 'echo {name} >> {order}; exit 0' TERM; echo ready; while :; do sleep 0.05; done", name=name
        )
        for name in ("first", "second")
    ]
    with Supervisor() as supervisor:
        for part in parts:
            supervisor.start(part)
        supervisor.wait_until(lambda: all(map(_ready, parts)), 30, "they are not ready")
    assert order.read_text() == "second\nfirst\n"


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for word in ("one", "two", "three"):
        with Supervisor() as supervisor:
            supervisor.start(_part(tmp_path, f"echo {word}"))
            _eventually(lambda: (tmp_path / "part.log").read_text() != "")
    assert (tmp_path / "part.log").read_text() == "three\n"
    assert (tmp_path / "part.previous.log").read_text() == "two\n"


def test_no_part_outlives_a_supervisor_that_is_killed_and_its_locks_are_held_until_then(tmp_path: Path) -> None:
    """A second run must not start beside what a killed one has left."""
    script, pipe = _held(tmp_path, SLOW)
    program = f"""
import fcntl, time
from pathlib import Path
from pipeline.supervision import Part, Supervisor
lock = open({str(tmp_path / "lock")!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
with Supervisor(keep=[lock.fileno()]) as supervisor:
    supervisor.start(Part("part", ("/bin/sh", "-c", {script!r}), Path({str(tmp_path / "part.log")!r})))
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as victim, pipe.open("rb", buffering=0) as held:
        with (tmp_path / "lock").open("w") as lock:
            assert not _takes(lock)
            victim.kill()
            _eventually(lambda: _takes(lock))
        os.set_blocking(held.fileno(), False)
        assert held.read() == b""


def _takes(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_the_reaper_knows_what_is_left() -> None:
    assert reaper.watch(["+1\n", "+2\n", "-1\n", "+3\n", "-4\n"]) == {2, 3}


def test_the_end_of_a_log_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\n" + b"x" * 100_000 + b"\n\n" + b"".join(b"line %d\n" % number for number in range(20)))
    assert last_lines(log).splitlines() == [f"  line {number}" for number in range(12, 20)]
    log.write_text("x" * 400 + "\nCaused by: it\n\tat java.base/java.lang.X(Unknown)\n\t... 26 more\n")
    assert last_lines(log).splitlines() == ["  " + "x" * 300, "  Caused by: it"]
    assert last_lines(tmp_path / "missing") == "  (nothing)"

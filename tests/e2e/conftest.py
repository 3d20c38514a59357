"""`scada` as a person starts it: a process of its own, on free ports, in a fresh data directory."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

DEADLINE_S = 240.0
MARKER = "SCADA_TEST"


class Scada:
    """A running `scada`, with all that it has printed."""

    def __init__(self, arguments: tuple[str, ...], output: Path, environment: Mapping[str, str]) -> None:
        self._output = output
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self._output.read_text()

    def await_text(self, pattern: str) -> None:
        """Wait until something like that was printed."""
        deadline = time.monotonic() + DEADLINE_S
        while not re.search(pattern, self.text):
            assert self._process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def exit_code(self) -> int:
        """Wait for its end."""
        return self._process.wait(DEADLINE_S)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@pytest.fixture
def marker() -> str:
    """What all processes of this test have in their environment."""
    return uuid.uuid4().hex


@pytest.fixture
def scada(tmp_path: Path, marker: str) -> Iterator[Callable[..., Scada]]:
    """Starts `scada` with arguments; whatever still runs at the end is killed."""
    started: list[Scada] = []

    def start(*arguments: str, environment: Mapping[str, str] = os.environ) -> Scada:
        started.append(Scada(arguments, tmp_path / f"output-{len(started)}", {**environment, MARKER: marker}))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def up(scada: Callable[..., Scada], data_dir: Path) -> Callable[..., Scada]:
    """Starts `scada up` on free ports, always with the same data directory."""

    def start(*arguments: str, **given: Mapping[str, str]) -> Scada:
        ports = ("--kafka-port", "0", "--generator-port", "0")
        return scada("up", "--data-dir", str(data_dir), *ports, *arguments, **given)

    return start


@pytest.fixture
def processes(marker: str) -> Callable[[str], list[int]]:
    """Finds the processes of this test, whoever their parent is, that have a word on their command line."""

    def find(word: str) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it may end meanwhile
                command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
                if word.encode() in command and f"{MARKER}={marker}\0".encode() in environment:
                    found.append(int(folder.name))
        return found

    return find

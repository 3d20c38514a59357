"""The commands that need none of the running parts, as a person starts them."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def scada(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments], capture_output=True, text=True, check=False
    )


def test_export_writes_a_data_set(tmp_path: Path) -> None:
    done = scada("export", "--hours", "0.01", "--scenario", "alarm_storm", "--lead-in", "0.001", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"360 lines of 10 sets over 0.01 hours in {tmp_path}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"readings.ndjson", "labels.ndjson", "nameplates.ndjson"}


def test_export_says_what_it_can_be_told_and_what_it_cannot() -> None:
    told = scada("export", "--help")
    assert told.returncode == 0
    assert told.stdout.startswith("usage: scada export ")
    refused = scada("export", "--hours", "0", "out")
    assert refused.returncode == 2
    assert "scada export: error: argument --hours: must be above 0" in refused.stderr


@pytest.fixture
def heeded_interrupts() -> Iterator[None]:
    """Started in the background, pytest ignores Ctrl-C and hands that on; a handler is not handed on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_interrupts")
def test_an_export_that_is_interrupted_says_that_its_files_are_not_whole(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "export", str(tmp_path)], stderr=subprocess.PIPE, text=True
    ) as running:
        while not (tmp_path / "readings.ndjson").exists():
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert (running.returncode, said) == (130, f"scada export: interrupted; what is in {tmp_path} is not whole\n")

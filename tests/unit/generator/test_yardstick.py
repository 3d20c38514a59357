"""The yardstick: what has been found out once is not looked for again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.run import Run
from generator.settings import Settings
from generator.yardstick import StoppedError, Yardstick

UNSEEN = {"id": "unseen", "kind": "lubrication_wear", "generator": "G1"}
"""Takes more than an hour to be seen."""
SEEN = {"id": "seen", "kind": "frozen", "generator": "G2", "measurement": "voltage_v"}
LEAK = {"id": "leak", "kind": "fuel_leak", "generator": "G3", "magnitude": 200.0, "duration_s": 120}
JUMP = {"id": "jump", "kind": "spike", "generator": "G3", "measurement": "frequency_hz"}
BRIEF = {"id": "brief", "kind": "bias", "generator": "G2", "measurement": "voltage_v", "magnitude": 20.0}


class Asked:
    """Counts the scans that a yardstick looks at, and stops it where it is to."""

    def __init__(self) -> None:
        self.times = 0
        self.most = 10**9

    def __call__(self) -> bool:
        self.times += 1
        return self.times > self.most


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    begun = {"seed": 4, "start": "2026-01-01T10:00:00Z", "generators": 3, "state_dir": tmp_path}
    run = Run(Settings.model_validate(begun))
    yield run
    run.close()


def inject(run: Run, *faults: dict[str, Any]) -> None:
    for fault in faults:
        run.accept(fault["id"], {"fault": fault})


def test_a_search_goes_on_where_it_was_left(run: Run) -> None:
    inject(run, UNSEEN, SEEN)
    asked = Asked()
    yardstick = Yardstick(run, asked)
    list(yardstick.labels(300))
    first, asked.times = asked.times, 0
    list(yardstick.labels(301))
    assert first >= 600
    assert asked.times <= 10


def test_a_search_that_was_stopped_goes_on_where_it_was(run: Run) -> None:
    inject(run, UNSEEN)
    asked = Asked()
    yardstick = Yardstick(run, asked)
    asked.most = 500
    with pytest.raises(StoppedError):
        list(yardstick.labels(1_000))
    asked.times, asked.most = 0, 10**9
    [resumed] = yardstick.labels(1_000)
    [anew] = Yardstick(run, whole := Asked()).labels(1_000)
    assert asked.times < whole.times - 400
    assert resumed == anew


@pytest.mark.parametrize("most_bytes", [0, 2**30])
def test_labels_do_not_depend_on_when_they_were_asked_for_before(run: Run, most_bytes: int) -> None:
    yardstick = Yardstick(run, most_bytes=most_bytes)
    inject(run, UNSEEN, SEEN, LEAK, JUMP, BRIEF)
    for scan, ending in ((1, None), (2, "brief"), (3, None), (60, "seen"), (110, None), (140, None), (300, "unseen")):
        run.reserve(scan)
        assert list(yardstick.labels(scan)) == list(Yardstick(run).labels(scan))
        if ending:
            run.accept(f"{ending}/end", {"end": ending})
    labels = {label.id: label for label in yardstick.labels(320)}
    assert list(labels.values()) == list(Yardstick(run).labels(320))
    seconds = {name: (label.end_us or 0) - label.start_us for name, label in labels.items()}
    assert {name: lasting / 1e6 for name, lasting in seconds.items()} == {
        "unseen": 300,
        "seen": 60,
        "leak": 120,
        "jump": 1,
        "brief": 2,
    }


def test_plants_that_there_is_no_room_for_are_simulated_anew(run: Run) -> None:
    inject(run, UNSEEN, {**UNSEEN, "id": "other", "generator": "G2"})
    for most_bytes, scans in ((0, 600), (3 * len(run.beginning.state.to_bytes()), 300), (2**30, 0)):
        asked = Asked()
        yardstick = Yardstick(run, asked, most_bytes=most_bytes)
        list(yardstick.labels(300))
        asked.times = 0
        list(yardstick.labels(300))
        assert asked.times == scans

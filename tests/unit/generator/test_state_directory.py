"""The run on disk: frontier, snapshots and the lock."""

from contextlib import closing
from pathlib import Path

import pytest

from generator import snapshots as snapshots_module
from generator.settings import StartupError
from generator.snapshots import Snapshots
from generator.state_directory import Frontier, StateDirectory


def reserved(path: Path) -> int:
    with closing(Frontier(path)) as frontier:
        return frontier.scan


def test_the_frontier_is_where_it_was_left(tmp_path: Path) -> None:
    assert reserved(tmp_path / "frontier") == 0
    with closing(Frontier(tmp_path / "frontier")) as frontier:
        for scan in (1, 2, 99, 100):
            frontier.reserve(scan)
            assert frontier.scan == reserved(tmp_path / "frontier") == scan


@pytest.mark.parametrize(("torn", "survivor"), [(b"100", 99), (b"99", 100)])
def test_a_torn_write_of_the_frontier_leaves_the_other(tmp_path: Path, torn: bytes, survivor: int) -> None:
    path = tmp_path / "frontier"
    with closing(Frontier(path)) as frontier:
        frontier.reserve(98)
        frontier.reserve(99)
        frontier.reserve(100)
    path.write_bytes(path.read_bytes().replace(torn + b" ", b"7" * len(torn) + b" "))
    with closing(Frontier(path)) as frontier:
        assert frontier.scan == survivor
        frontier.reserve(101)
    assert reserved(path) == 101


def test_a_state_directory_is_held_by_one_process(tmp_path: Path) -> None:
    first = StateDirectory(tmp_path / "state")
    with pytest.raises(StartupError, match="in use by another generator"):
        StateDirectory(tmp_path / "state")
    first.close()
    StateDirectory(tmp_path / "state").close()


def test_a_path_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="cannot be used"):
        StateDirectory(tmp_path / "file")


def test_an_identity_is_remembered(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    assert directory.identity() is None
    directory.decide({"stream_id": "run"})
    assert directory.identity() == {"stream_id": "run"}
    directory.close()


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_damaged_identity_is_refused(tmp_path: Path, content: str) -> None:
    directory = StateDirectory(tmp_path)
    (tmp_path / "stream.json").write_text(content)
    with pytest.raises(StartupError, match=r"stream\.json is damaged"):
        directory.identity()
    directory.close()


def test_the_latest_snapshot_that_does_not_pass_the_line_is_found(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots", spacing=10)
    assert snapshots.latest(line=2**63) is None
    for scan in range(1, 41):
        if snapshots.wanted(scan):
            snapshots.add(scan, scan * 3, b"plant after %d" % scan)
    assert snapshots.latest(line=29) is None
    assert snapshots.latest(line=30) == (10, 30, b"plant after 10")
    assert snapshots.latest(line=89) == (20, 60, b"plant after 20")
    assert snapshots.latest(scan=39) == (30, 90, b"plant after 30")
    assert snapshots.latest(scan=39, line=89) == (20, 60, b"plant after 20")
    assert Snapshots(tmp_path / "snapshots").latest(line=2**63) == (40, 120, b"plant after 40")


def test_a_damaged_snapshot_is_as_good_as_none(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.add(1, 1, b"one")
    snapshots.add(2, 2, b"two")
    newest = max(tmp_path.iterdir())
    newest.write_bytes(newest.read_bytes()[:-1])
    assert Snapshots(tmp_path).latest(line=9) == (1, 1, b"one")


def test_snapshots_stay_bounded_and_evenly_spread(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    run = 5 * snapshots_module.MOST_SNAPSHOTS
    for scan in range(1, run):
        if snapshots.wanted(scan):
            snapshots.add(scan, scan, b"x")
    kept = sorted(int(path.name.partition("-")[0]) for path in tmp_path.iterdir())
    assert len(kept) <= snapshots_module.MOST_SNAPSHOTS
    assert max(later - earlier for earlier, later in zip([0, *kept], [*kept, run], strict=True)) <= 16
    assert snapshots.latest(line=run) == Snapshots(tmp_path).latest(line=run) == (kept[-1], kept[-1], b"x")

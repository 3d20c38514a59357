import gzip
import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.storage.snapshots import SnapshotError, Snapshots, encode
from tests.unit.analysis.storage.disk import Crash, Disk, Fault

FOLDER = "/home/monitor/snapshots"


def state(batch: int) -> dict[str, object]:
    return {"of": batch, "sets": {"G2": [batch, None], "G1": [0.1, True]}}


def run(disk: Disk, first: int, last: int) -> int | None:
    """Commits those batches in order; the last that was committed when the disk crashed, or all of them."""
    committed = first - 1 if first else None
    snapshots = Snapshots(disk, FOLDER)
    for batch in range(first, last + 1):
        try:
            snapshots.commit(batch, state(batch))
        except Crash:
            return committed
        committed = batch
    return committed


def goes_on(fault: Fault, *, names_kept: bool) -> None:
    """Crashes at each operation in turn, and asserts that the batch in work begins with the state it had."""
    for crash_at in count(1):
        disk = Disk(crash_at, fault)
        committed = run(disk, 0, 4)
        if committed == 4:
            break
        back = disk.after_crash(names_kept=names_kept)
        # The snapshot may be there although Spark has not committed the batch: it is repeated with the state before.
        for repeated in {max(committed or 0, 0), (committed + 1) if committed is not None else 0}:
            before = state(repeated - 1) if repeated else None
            assert Snapshots(back, FOLDER).load(repeated) == before, (crash_at, repeated)
        begun = (committed + 1) if committed is not None else 0
        assert run(back, begun, 5) == 5
        assert Snapshots(back, FOLDER).load(6) == state(5)
    assert crash_at > 20


@pytest.mark.parametrize("names_kept", [True, False])
def test_a_crash_at_any_operation_leaves_the_state_that_the_next_batch_begins_with(names_kept: bool) -> None:
    goes_on(Fault.NONE, names_kept=names_kept)


@pytest.mark.parametrize(
    ("fault", "names_kept"), [(Fault.SYNC, False), (Fault.WRITE_SYNC, True), (Fault.WRITE_SYNC, False)]
)
def test_every_sync_is_needed(fault: Fault, names_kept: bool) -> None:
    with pytest.raises((AssertionError, SnapshotError)):
        goes_on(fault, names_kept=names_kept)


def test_a_batch_that_is_committed_again_over_its_snapshot_never_loses_it() -> None:
    def check(fault: Fault) -> None:
        for crash_at in count(1):
            disk = Disk(fault=fault)
            run(disk, 0, 3)
            disk.operations, disk.crash_at = 0, crash_at
            finished = run(disk, 3, 3) == 3
            assert Snapshots(disk.after_crash(names_kept=True), FOLDER).load(4) == state(3), crash_at
            if finished:
                return

    check(Fault.NONE)
    with pytest.raises(AssertionError):
        check(Fault.RENAME)


def test_the_last_two_are_kept() -> None:
    disk = Disk()
    for batch, kept in [(0, ["0"]), (1, ["0", "1"]), (2, ["1", "2"]), (3, ["2", "3"])]:
        Snapshots(disk, FOLDER).commit(batch, state(batch))
        assert disk.names(FOLDER) == [f"{number}.json.gz" for number in kept]


def test_numbers_are_ordered_as_numbers() -> None:
    disk = Disk()
    run(disk, 8, 10)
    assert disk.names(FOLDER) == ["10.json.gz", "9.json.gz"]
    run(disk, 11, 11)
    assert disk.names(FOLDER) == ["10.json.gz", "11.json.gz"]
    assert Snapshots(disk, FOLDER).load(11) == state(10)


def test_a_snapshot_newer_than_the_batch_is_not_loaded_and_is_gone_once_the_batch_is_committed() -> None:
    disk = Disk()
    run(disk, 0, 5)
    assert Snapshots(disk, FOLDER).load(5) == state(4)
    Snapshots(disk, FOLDER).commit(2, "again")
    assert disk.names(FOLDER) == ["2.json.gz"]
    assert Snapshots(disk, FOLDER).load(3) == "again"


def test_a_query_begins_without_state() -> None:
    assert Snapshots(Disk(), FOLDER).load(0) is None


def test_files_of_others_are_left_alone() -> None:
    disk = Disk()
    disk.write(f"{FOLDER}/README", b"")
    run(disk, 0, 3)
    assert disk.names(FOLDER) == ["2.json.gz", "3.json.gz", "README"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (encode(7, state(7))[:-9], "compression is damaged"),
        (b"", "it holds something else|compression is damaged|Expecting value"),
        (b"PAR1", "compression is damaged"),
        (encode(7, state(7))[:12] + b"\xff\xff\xff" + encode(7, state(7))[15:], "compression is damaged"),
        (gzip.compress(b"no json"), "Expecting value"),
        (gzip.compress(b'"\xff"'), "codec"),
        (encode(6, state(6)), "it holds something else"),
        (gzip.compress(json.dumps({"batch": 7}).encode()), "it holds something else"),
    ],
)
def test_a_file_that_is_no_snapshot_is_named(content: bytes, complaint: str) -> None:
    disk = Disk()
    disk.write(f"{FOLDER}/7.json.gz", content)
    with pytest.raises(SnapshotError, match=rf"^{FOLDER}/7\.json\.gz is not the snapshot of batch 7: .*({complaint})"):
        Snapshots(disk, FOLDER).load(8)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values)
def test_a_state_comes_back_as_it_was_in_the_order_it_had_and_in_the_same_bytes(value: object) -> None:
    disk = Disk()
    Snapshots(disk, FOLDER).commit(0, value)
    found = Snapshots(disk, FOLDER).load(1)
    assert json.dumps(found) == json.dumps(value)
    assert encode(0, found) == encode(0, value)


def test_the_bytes_of_a_snapshot_carry_no_time() -> None:
    # RFC 1952, 2.3.1: the modification time, 0 where there is none.
    assert encode(0, None)[4:8] == bytes(4)


def test_a_number_that_json_has_not_is_refused_and_nothing_is_written() -> None:
    disk = Disk()
    with pytest.raises(ValueError, match="JSON"):
        Snapshots(disk, FOLDER).commit(0, [float("nan")])
    assert disk.names(FOLDER) == []

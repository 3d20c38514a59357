from collections import Counter
from itertools import count

import pytest

from analysis.historian import layout
from analysis.historian.publication import Publication
from tests.unit.analysis.historian.reader import seen
from tests.unit.analysis.storage.disk import Crash, Disk, Fault

QUERY = "0f3c9a1e"
BATCHES: list[dict[str, dict[str, bytes]]] = [
    {
        "readings": {"2026-01-01": b"r1 r2", "2026-01-02": b"r3"},
        "outcomes": {"2026-11-26": b"o1 o2 o3"},
    },
    {
        "readings": {"2026-01-02": b"r4 r5"},
        "outcomes": {"2026-11-26": b"o4 o5"},
        "minutes": {"2026-01-01": b"m1"},
    },
]
"""The rows of a batch, by dataset and date; a file is rows between blanks."""


def offsets(batch: int) -> dict[tuple[str, int], int]:
    return {("scada.readings.v1", 0): 10 * batch}


def publish(disk: Disk, batch: int, rows: dict[str, dict[str, bytes]]) -> list[str]:
    publication = Publication(disk, "/h", QUERY, batch, offsets(batch))
    publication.begin()
    for dataset, dates in rows.items():
        for date, content in dates.items():
            disk.write_unsynced(f"{publication.staging(dataset)}/date={date}/part-{disk.operations}.parquet", content)
        disk.write(f"{publication.staging(dataset)}/_SUCCESS", b"")
    return publication.publish()


ROWS = [
    Counter(row for dates in batch.values() for rows in dates.values() for row in rows.split()) for batch in BATCHES
]


def survives(*, names_kept: bool, skipped_sync: int | None = None) -> None:
    """Crashes at each operation of two batches in turn, repeats the batch in work, and asserts what readers see."""
    for crash_at in count(1):
        disk = Disk(crash_at)
        disk.skipped_sync = skipped_sync
        done = 0
        try:
            for batch, rows in enumerate(BATCHES):
                publish(disk, batch, rows)
                done = batch + 1
        except Crash:
            pass
        assert max(seen(disk).values(), default=0) <= 1, crash_at
        disk = disk.after_crash(names_kept=names_kept)
        found = seen(disk)
        assert max(found.values(), default=0) <= 1, crash_at
        assert all(rows <= found for rows in ROWS[:done]), crash_at
        if done == len(BATCHES):
            break
        for batch in range(done, len(BATCHES)):
            publish(disk, batch, BATCHES[batch])
        assert seen(disk) == ROWS[0] + ROWS[1], crash_at
        assert not disk.exists("/h/_staging")
    assert crash_at > 30


@pytest.mark.parametrize("names_kept", [True, False])
def test_readers_see_each_row_once_after_a_crash_at_any_operation(names_kept: bool) -> None:
    survives(names_kept=names_kept)


def test_every_sync_is_needed() -> None:
    disk = Disk()
    for batch, rows in enumerate(BATCHES):
        publish(disk, batch, rows)
    for skipped in range(1, disk.syncs + 1):
        with pytest.raises(AssertionError):  # noqa: PT012 - one of the two suffices
            survives(names_kept=True, skipped_sync=skipped)
            survives(names_kept=False, skipped_sync=skipped)


def test_a_repeated_batch_never_takes_a_row_from_readers() -> None:
    def check(fault: Fault) -> None:
        for crash_at in count(1):
            disk = Disk(fault=fault)
            publish(disk, 0, BATCHES[0])
            disk.operations, disk.crash_at = 0, crash_at
            try:
                publish(disk, 0, BATCHES[0])
            except Crash:
                assert seen(disk) == ROWS[0], crash_at
                assert seen(disk.after_crash(names_kept=True)) == ROWS[0], crash_at
            else:
                return

    check(Fault.NONE)
    with pytest.raises(AssertionError):
        check(Fault.RENAME)
    with pytest.raises(AssertionError):
        check(Fault.SYNC)


def test_a_repeated_batch_has_the_same_files() -> None:
    disk = Disk()
    first = publish(disk, 0, BATCHES[0])
    assert publish(disk, 0, BATCHES[0]) == first
    assert len(first) == 3
    assert all(layout.written(path.split("/")[-1]) == (QUERY, 0) for path in first)


def test_a_query_that_begins_anew_overwrites_nothing() -> None:
    disk = Disk()
    publish(disk, 0, BATCHES[0])
    anew = Publication(disk, "/h", "ffffffff", 0, {})
    disk.write(f"{anew.staging('readings')}/date=2026-01-01/part.parquet", b"r1")
    anew.remove_strays(anew.publish())
    assert seen(disk) == ROWS[0] + Counter([b"r1"])


def test_files_of_records_that_are_read_again_under_other_names_are_removed() -> None:
    disk = Disk()
    for batch, rows in enumerate(BATCHES):
        publish(disk, batch, rows)
    # The checkpoint was set back before batch 1, which now begins elsewhere and has other rows.
    again = Publication(disk, "/h", QUERY, 1, {("scada.readings.v1", 0): 11})
    disk.write(f"{again.staging('readings')}/date=2026-01-02/part.parquet", b"r5")
    again.remove_strays(again.publish())
    assert seen(disk) == ROWS[0] + Counter([b"r5"])


def test_parts_of_one_date_keep_their_names_when_they_are_written_again() -> None:
    names = []
    for attempt in ("x", "a"):
        disk = Disk()
        publication = Publication(disk, "/h", QUERY, 0, {})
        for part in range(3):
            path = f"{publication.staging('readings')}/date=2026-01-01/part-00000-{attempt}-c00{part}.parquet"
            disk.write(path, b"%d" % part)
        names.append([(path, disk.read(f"/h/{path}")) for path in publication.publish()])
    assert names[0] == names[1]
    assert len(set(names[0])) == 3

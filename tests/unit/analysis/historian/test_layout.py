from hypothesis import given
from hypothesis import strategies as st

from analysis.historian import find, layout
from analysis.historian.layout import Published, Written
from tests.unit.analysis.storage.disk import Disk

OFFSETS = {("scada.readings.v1", 0): 5, ("scada.readings.v1", 1): 7}


def published(name: str, date: str, first: int | None, last: int | None) -> Published:
    return Published(f"readings/date={date}/{name}", "readings", date, 1, 1, first, last)


def test_a_name_carries_query_batch_and_a_hash() -> None:
    # printf '[[["scada.readings.v1", 0, 5], ["scada.readings.v1", 1, 7]], 0]' | sha256sum
    assert layout.name("0f3c9a1e", 42, layout.offsets_basis(OFFSETS), 0) == "0f3c9a1e-0000000042-3f1f8355.parquet"


def test_a_query_is_known_by_the_beginning_of_its_id() -> None:
    assert layout.short("0f3c9a1e-1b2c-4d5e-8f90-123456789abc") == "0f3c9a1e"


@given(st.integers(0, 10**10 - 1), st.dictionaries(st.tuples(st.text(max_size=3), st.integers(0, 3)), st.integers(0)))
def test_a_name_says_who_wrote_it_and_the_order_of_partitions_is_no_part_of_it(
    batch: int, offsets: dict[tuple[str, int], int]
) -> None:
    name = layout.name("0f3c9a1e", batch, layout.offsets_basis(offsets), 3)
    assert layout.written(name) == Written("0f3c9a1e", batch)
    turned = dict(reversed(offsets.items()))
    assert layout.name("0f3c9a1e", batch, layout.offsets_basis(turned), 3) == name


def test_other_offsets_and_other_parts_have_other_names() -> None:
    basis = layout.offsets_basis(OFFSETS)
    other = layout.offsets_basis(OFFSETS | {("scada.readings.v1", 1): 8})
    names = {layout.name("0f3c9a1e", 1, basis, part) for part in range(9)} | {layout.name("0f3c9a1e", 1, other, 0)}
    assert len(names) == 10


def test_a_foreign_name_says_nothing() -> None:
    for name in ("part-00000-x.parquet", "0f3c9a1e-0000000042-01234567.parquet.crc", "0f3c9a1e-42-01234567.parquet"):
        assert layout.written(name) is None


def test_dates_are_those_of_folders_by_date() -> None:
    disk = Disk()
    for name in ("date=2026-01-02", "date=2026-01-01", "date=__HIVE_DEFAULT_PARTITION__", "_SUCCESS", "date=2026-1-3"):
        disk.write(f"/h/readings/{name}/f", b"")
    assert layout.dates(disk, "/h/readings") == ["2026-01-01", "2026-01-02"]


def test_files_of_a_day_are_those_that_this_query_wrote_before_the_batch() -> None:
    disk = Disk()
    names = {
        "aaaaaaaa-0000000003-00000000.parquet": True,
        "aaaaaaaa-0000000009-00000000.parquet": True,
        "aaaaaaaa-0000000010-00000000.parquet": False,
        "aaaaaaaa-0000000011-00000000.parquet": False,
        "bbbbbbbb-0000000001-00000000.parquet": False,
        "notes.parquet": False,
    }
    for name in names:
        disk.write(f"/h/readings/date=2026-01-01/{name}", b"")
    found = find.on_days(disk, "/h", "readings", ["2026-01-01", "2026-01-09"], query="aaaaaaaa", batch=10)
    assert found == [f"/h/readings/date=2026-01-01/{name}" for name, is_found in names.items() if is_found]


def test_files_at_a_time_are_those_whose_range_has_it_and_all_of_a_day_that_is_not_indexed() -> None:
    disk = Disk()
    disk.write("/h/readings/date=1970-01-01/aaaaaaaa-0000000001-00000000.parquet", b"")
    disk.write("/h/readings/date=1970-01-02/aaaaaaaa-0000000001-00000000.parquet", b"")
    day = 86_400_000_000
    recent = [
        published("early", "1970-01-02", day, day + 9),
        published("late", "1970-01-02", day + 10, day + 20),
        published("unknown", "1970-01-02", None, None),
        published("early", "1970-01-03", 2 * day, 3 * day - 1),
    ]
    found = find.at_times(disk, "/h", recent, [day - 1, day + 10], query="aaaaaaaa", batch=2)
    assert sorted(found) == [
        "/h/readings/date=1970-01-01/aaaaaaaa-0000000001-00000000.parquet",
        "/h/readings/date=1970-01-02/late",
        "/h/readings/date=1970-01-02/unknown",
    ]
    assert find.at_times(disk, "/h", recent, [], query="aaaaaaaa", batch=2) == []

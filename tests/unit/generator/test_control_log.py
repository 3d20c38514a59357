"""The control log: what is acknowledged is there after a crash, and nothing else."""

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.control_log import ControlLog, Entry, NotLoggedError, parse
from generator.settings import StartupError

FIRST = Entry("a", 3, {"parameters": {"ambient_temperature_c": 35.0}})
SECOND = Entry("b", 3, {"parameters": {"ambient_temperature_c": -5.0}})


def test_an_opened_log_has_what_was_appended(tmp_path: Path) -> None:
    with closing(ControlLog(tmp_path / "log")) as log:
        log.append(FIRST)
        log.append(SECOND)
    with closing(ControlLog(tmp_path / "log")) as log:
        assert log.entries == (FIRST, SECOND)
    assert (tmp_path / "log").read_bytes() == (
        b'{"change": {"parameters": {"ambient_temperature_c": 35.0}}, "id": "a", "scan": 3}\n'
        b'{"change": {"parameters": {"ambient_temperature_c": -5.0}}, "id": "b", "scan": 3}\n'
    )


@pytest.mark.parametrize("torn", range(1, len(SECOND.line())))
def test_an_entry_torn_by_a_crash_was_never_acknowledged(tmp_path: Path, torn: int) -> None:
    (tmp_path / "log").write_bytes(FIRST.line() + SECOND.line()[:torn])
    with closing(ControlLog(tmp_path / "log")) as log:
        assert log.entries == (FIRST,)
        log.append(SECOND)
    assert (tmp_path / "log").read_bytes() == FIRST.line() + SECOND.line()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"nonsense\n", "line 1"),
        (FIRST.line() + b"{}\n" + SECOND.line(), "line 2: must be an object with id, scan and change"),
        (FIRST.line() + FIRST.line(), "line 2: id 'a' is there already"),
        (FIRST.line() + Entry("b", 2, {}).line(), "line 2: scan 2 is before the last entry's"),
        (b'{"id": "a", "scan": 0, "change": {}}\n', "line 1: must be"),
        (b'{"id": "a", "scan": 1, "change": {}, "by": "me"}\n', "line 1: must be"),
    ],
)
def test_a_damaged_log_is_refused_with_the_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(StartupError, match=message):
        ControlLog(tmp_path / "log")


def test_an_id_is_found_and_used_once(tmp_path: Path) -> None:
    with closing(ControlLog(tmp_path / "log")) as log:
        log.append(FIRST)
        assert log.find("a") == FIRST
        assert log.find("b") is None
        with pytest.raises(ValueError, match="id 'a' is there already"):
            log.append(FIRST)
    assert (tmp_path / "log").read_bytes() == FIRST.line()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(1, 2**53),
    st.dictionaries(st.text(), JSON, max_size=3),
)
def test_an_entry_is_one_line_and_reads_back_as_it_was(id_: str, scan: int, change: dict[str, object]) -> None:
    entry = Entry(id_, scan, change)
    assert entry.line().count(b"\n") == 1
    assert parse(entry.line()) == entry


ENDED = Entry("a/end", 4, {"end": "a"})


def test_a_log_that_is_full_takes_the_ends_of_faults_only_and_is_read_again(tmp_path: Path) -> None:
    with closing(ControlLog(tmp_path / "log", most=1)) as log:
        log.append(FIRST)
        with pytest.raises(NotLoggedError, match="the control log has 1 changes, as many as it can have"):
            log.append(SECOND)
        assert log.find("b") is None
        log.append(ENDED)
    with closing(ControlLog(tmp_path / "log", most=1)) as log:
        assert log.entries == (FIRST, ENDED)


@contextmanager
def room_for(more: int, file: Path) -> Iterator[None]:
    """A disk on which no file grows to more than the size of this one and so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, len(SECOND.line()) - 1])
def test_an_entry_that_the_disk_has_no_room_for_is_not_there(tmp_path: Path, room: int) -> None:
    file = tmp_path / "log"
    with closing(ControlLog(file)) as log:
        log.append(FIRST)
        with room_for(room, file), pytest.raises(NotLoggedError, match="the control log cannot be written: File too"):
            log.append(SECOND)
        assert list(log.entries) == [FIRST]
        assert file.read_bytes() == FIRST.line()
        log.append(SECOND)
        assert list(log.entries) == [FIRST, SECOND]
    assert file.read_bytes() == FIRST.line() + SECOND.line()

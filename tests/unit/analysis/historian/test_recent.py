import json

import pytest

from analysis.historian import recent
from analysis.historian.recent import Entry, Recent


def files(*entries: tuple[str, int, int, str]) -> Recent:
    found = Recent()
    for stream_id, first, last, path in entries:
        found.add(stream_id, Entry(first, last, [path]))
    return found


def test_files_that_end_before_the_time_are_left_out() -> None:
    found = files(("a", 0, 9, "1"), ("a", 10, 19, "2"), ("a", 5, 12, "3"))
    assert found.since("a", 0) == ["1", "2", "3"]
    assert found.since("a", 10) == ["2", "3"]
    assert found.since("a", 20) == []


def test_a_stream_has_its_own_files() -> None:
    found = files(("a", 0, 9, "1"), ("b", 0, 9, "2"))
    assert found.since("b", 0) == ["2"]
    assert found.since("c", 0) == []


def test_where_a_forgotten_file_may_have_rows_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "ENTRIES", 2)
    found = files(("a", 0, 9, "1"), ("a", 10, 19, "2"), ("b", 0, 9, "x"), ("a", 20, 29, "3"))
    for again in (found, Recent.load(json.loads(json.dumps(found.dump())))):
        assert again.since("a", 9) is None
        assert again.since("a", 10) == ["2", "3"]
        assert again.since("b", 0) == ["x"]


def test_a_late_batch_is_not_forgotten_earlier_than_others_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "ENTRIES", 1)
    found = files(("a", 90, 99, "1"), ("a", 0, 9, "2"), ("a", 100, 109, "3"))
    assert found.since("a", 99) is None
    assert found.since("a", 100) == ["3"]


def test_entries_with_a_file_that_is_gone_are_forgotten() -> None:
    found = files(("a", 0, 9, "1"), ("a", 10, 19, "2"), ("a", 20, 29, "3"), ("b", 0, 9, "4"))
    found.forget(lambda path: path in {"1", "2"})
    assert found.since("a", 19) is None
    assert found.since("a", 20) == ["3"]
    assert found.since("b", 0) == ["4"]

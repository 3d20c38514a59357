import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import sequence
from analysis.sequence import Sequences

NUMBERS = st.lists(st.integers(0, 30), max_size=80)


def added(numbers: list[int]) -> tuple[Sequences, list[bool]]:
    sequences = Sequences()
    return sequences, [sequences.add("run", "G1", number) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "first", "ranges"),
    [
        ([0, 1, 2], [True, True, True], [0, 2]),
        ([5], [True], [5, 5]),
        ([0, 0], [True, False], [0, 0]),
        ([0, 2, 1], [True, True, True], [0, 2]),
        ([0, 3, 1], [True, True, True], [0, 1, 3, 3]),
        ([0, 3, 2], [True, True, True], [0, 0, 2, 3]),
        ([3, 1], [True, True], [1, 1, 3, 3]),
        ([0, 1, 2, 1], [True, True, True, False], [0, 2]),
        ([1, 2, 0], [True, True, True], [0, 2]),
        ([0, 4, 2], [True, True, True], [0, 0, 2, 2, 4, 4]),
        ([0, 4, 2, 2], [True, True, True, False], [0, 0, 2, 2, 4, 4]),
        ([0, 1, 4, 5, 5, 4, 1, 0], [True, True, True, True, False, False, False, False], [0, 1, 4, 5]),
    ],
)
def test_a_number_is_new_once(numbers: list[int], first: list[bool], ranges: list[int]) -> None:
    sequences, found = added(numbers)
    assert found == first
    assert sequences.dump() == [["run", "G1", *ranges]]


@given(NUMBERS)
def test_it_agrees_with_a_set_of_all_numbers(numbers: list[int]) -> None:
    sequences, found = added(numbers)
    seen: set[int] = set()
    expected = []
    for number in numbers:
        expected.append(number not in seen)
        seen.add(number)
    assert found == expected
    assert sequences.missing("run", "G1") == len(set(range(max(seen, default=-1) + 1)) - seen)


@given(NUMBERS, NUMBERS)
def test_it_goes_on_from_what_it_has_written_down(before: list[int], after: list[int]) -> None:
    gone_on, _ = added(before)
    restarted = Sequences.load(json.loads(json.dumps(gone_on.dump())))
    asked = [("run", "G1", number) for number in after]
    assert restarted.copies(asked) == gone_on.copies(asked)
    assert restarted.dump() == gone_on.dump()


def test_streams_and_generators_are_numbered_apart() -> None:
    identities = [("a", "G1", 0), ("b", "G1", 0), ("a", "G2", 0), ("a", "G1", 0)]
    assert Sequences().copies(identities) == [3]


def test_the_oldest_gap_is_closed_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "GAPS", 2)
    sequences, _ = added([0, 2, 4, 6])
    assert sequences.dump() == [["run", "G1", 0, 2, 4, 4, 6, 6]]
    assert not sequences.add("run", "G1", 1)
    assert sequences.add("run", "G1", 5)

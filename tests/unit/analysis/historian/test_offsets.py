import pytest

from analysis.historian.offsets import Gap, Position, gaps


def batch(*places: tuple[int, int]) -> list[Position]:
    return [Position("t", partition, offset, 1000 + offset) for partition, offset in places]


@pytest.mark.parametrize(
    ("places", "expected", "found", "after"),
    [
        ([(0, 0), (0, 1)], {}, [], {0: 2}),
        ([(0, 7), (0, 8)], {}, [], {0: 9}),
        ([(0, 7)], {0: 7}, [], {0: 8}),
        ([(0, 7)], {0: 4}, [(0, 4, 6)], {0: 8}),
        ([(0, 0), (0, 1), (0, 4)], {0: 0}, [(0, 2, 3)], {0: 5}),
        ([(0, 3), (0, 5), (1, 2)], {0: 2, 1: 0, 2: 9}, [(0, 2, 2), (0, 4, 4), (1, 0, 1)], {0: 6, 1: 3, 2: 9}),
        ([(0, 0), (0, 1)], {0: 500}, [], {0: 2}),
        ([], {0: 5}, [], {0: 5}),
    ],
)
def test_offsets_without_a_record_are_gaps(
    places: list[tuple[int, int]],
    expected: dict[int, int],
    found: list[tuple[int, int, int]],
    after: dict[int, int],
) -> None:
    gone, following = gaps(batch(*places), {("t", partition): offset for partition, offset in expected.items()})
    assert gone == [Gap("t", partition, first, last, 1000 + last + 1) for partition, first, last in found]
    assert following == {("t", partition): offset for partition, offset in after.items()}


def test_topics_are_counted_apart() -> None:
    _, after = gaps([Position("a", 0, 3, 0), Position("b", 0, 8, 0)], {("a", 0): 3})
    assert after == {("a", 0): 4, ("b", 0): 9}

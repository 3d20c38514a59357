"""Which scans are due at which real time."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from generator.pace import LARGEST_DEBT_S, Pace


def every(seconds: float) -> Callable[[int], float]:
    return lambda _scan: seconds


def test_a_scan_is_due_when_its_interval_has_passed() -> None:
    pace = Pace(100.0)
    assert pace.wait(100.0, 0, every(0.5)) == 0.5
    assert pace.due(100.4, 0, 10, every(0.5)) == 0
    assert pace.due(100.5, 0, 10, every(0.5)) == 1
    assert pace.wait(100.75, 1, every(0.5)) == 0.25
    assert pace.due(101.75, 1, 10, every(0.5)) == 3
    assert pace.due(101.75, 3, 10, every(0.5)) == 3


@given(st.lists(st.floats(0.001, 0.9), min_size=1, max_size=100))
def test_the_pace_does_not_drift_with_the_times_of_asking(steps: list[float]) -> None:
    pace, now, scan = Pace(0.0), 0.0, 0
    for step in steps:
        now += step
        scan = pace.due(now, scan, 10_000, every(0.125))
    assert scan == int(now / 0.125)


def test_a_shorter_interval_counts_from_the_last_scan() -> None:
    pace = Pace(0.0)
    assert pace.due(10.0, 0, 10, every(60.0)) == 0
    assert pace.due(10.0, 0, 100, every(9.0)) == 1
    assert pace.wait(10.0, 1, every(9.0)) == 8.0


def test_a_long_pause_is_not_caught_up() -> None:
    pace = Pace(0.0)
    scans = pace.due(86_400.0, 0, 10**6, every(0.25))
    assert scans == LARGEST_DEBT_S / 0.25 + 1


def test_what_is_due_at_once_is_bounded_and_the_rest_stays_due() -> None:
    pace = Pace(0.0)
    assert pace.due(1.0, 0, 3, every(0.125)) == 3
    assert pace.wait(1.0, 3, every(0.125)) == 0.0
    assert pace.due(1.0, 3, 100, every(0.125)) == 8

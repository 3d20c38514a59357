"""What consumers ask for: a day, a week, events."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.demand import DAY_US, HOUR_US, events, profile

NO_SHIFT = np.zeros(1, dtype=np.int64)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def share(time: datetime) -> float:
    return float(profile(round(time.timestamp() * 1e6), NO_SHIFT)[0])


def test_the_peak_is_by_day_and_the_weekend_is_quieter() -> None:
    week = [[share(MONDAY + timedelta(days=day, hours=hour)) for hour in range(24)] for day in range(7)]
    for day in week:
        assert min(day) == min(day[:6])
        assert max(day) > 1.4 * min(day)
    assert all(max(weekend) < max(workday) for workday in week[:5] for weekend in week[5:])
    assert week[0] == week[4] != week[5] == week[6]


@given(st.integers(0, 60 * 365 * DAY_US))
def test_the_profile_repeats_every_week_and_never_jumps(clock_us: int) -> None:
    here, next_week, soon = (profile(clock_us + later, NO_SHIFT) for later in (0, 7 * DAY_US, 1_000_000))
    assert here == next_week
    assert abs(soon - here) < 1e-4
    assert 0.3 < here < 0.7


def test_an_earlier_site_does_everything_earlier() -> None:
    clock_us = round(MONDAY.timestamp() * 1e6)
    assert profile(clock_us, np.array([HOUR_US])) == pytest.approx(profile(clock_us + HOUR_US, NO_SHIFT))


def test_an_event_comes_in_about_every_seventh_slot() -> None:
    drawn = np.array([events(1, slot, 50) for slot in range(200)])
    assert np.mean(drawn != 0) == pytest.approx(0.15, abs=0.01)
    assert drawn.min() > -0.061
    assert drawn.max() < 0.101

"""The figures of the alarm system, by hand from the clauses of ISA-18.2 and against a count of every second."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.performance.alarms import Alarm, Span, Standing, chattering, floods, performance

START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = START + timedelta(days=9)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def hours(length: float) -> Span:
    return Span(START, START + timedelta(hours=length))


def transition(second: float, **changes: Any) -> Mapping[str, Any]:
    """An alarm of G1 that is raised and calls the operator, with changes."""
    return {
        "stream_id": "run-1",
        "site": "S1",
        "generator_id": "G1",
        "alarm_id": "OIL_LOW",
        "revision": 1,
        "number": 1,
        "time": at(second).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "event": "RAISED",
        "state": "UNACK",
        "previous_state": "NORMAL",
        "suppression": "NONE",
        "priority": "high",
        "annunciated": True,
    } | changes


def test_the_average_is_per_ten_minutes_of_the_period() -> None:
    found = performance([transition(second) for second in (0, 900, 3599)], hours(1))
    assert (found.annunciations, found.average) == (3, 0.5)


def test_only_what_called_an_operator_within_the_period_counts() -> None:
    rows = [
        transition(-1),
        transition(0),
        transition(5, event="RETURNED", state="RTN_UNACK", annunciated=False),
        transition(3600),
    ]
    assert performance(rows, hours(1)).annunciations == 1


def test_the_peak_depends_on_no_grid_of_the_clock() -> None:
    """Six before and six after a full ten minutes are a peak of twelve, not of six."""
    rows = [transition(second) for second in (*range(590, 596), *range(600, 606))]
    found = performance(rows, hours(1))
    assert found.peak == 12
    assert [count for _, count in found.per_ten_minutes] == [6, 6, 0, 0, 0, 0]
    assert [begin for begin, _ in found.per_ten_minutes][:2] == [at(0), at(600)]


def test_annunciations_ten_minutes_apart_are_not_within_ten_minutes() -> None:
    assert performance([transition(0), transition(600)], hours(1)).peak == 1
    assert performance([transition(0), transition(599.999999)], hours(1)).peak == 2


def test_a_flood_lasts_from_the_eleventh_until_fewer_than_five_are_left() -> None:
    """Eleven annunciations, one a minute from 0 s: the eleventh at 600 s finds the first gone, so there is no flood.
    One every 50 s: the eleventh at 500 s begins it; the seventh, of 300 s, leaves at 900 s and four are left."""
    assert floods([at(60 * number) for number in range(11)], FAR) == ()
    assert floods([at(50 * number) for number in range(11)], FAR) == (Span(at(500), at(900)),)


def test_ten_in_ten_minutes_are_no_flood() -> None:
    assert floods([at(number) for number in range(10)], FAR) == ()


def test_a_flood_that_has_not_ended_ends_with_the_period() -> None:
    times = [at(3000 + number) for number in range(11)]
    assert floods(times, at(3100)) == (Span(at(3010), at(3100)),)
    found = performance([transition(3000 + number) for number in range(11)], hours(1))
    assert found.flood_share == pytest.approx(590 / 3600)


def test_the_top_ten_have_their_share_of_all_annunciations() -> None:
    rows = [transition(number, alarm_id=f"A{number % 12:02d}") for number in range(24)]
    rows += [transition(100 + number, generator_id=None, alarm_id="FREQUENCY_LOW") for number in range(6)]
    top = performance(rows, hours(1)).top
    assert top[0] == (Alarm("S1", "S1", "FREQUENCY_LOW"), 6, 0.2)
    assert [(alarm.alarm_id, count) for alarm, count, _ in top[1:]] == [(f"A{number:02d}", 2) for number in range(9)]


def test_an_alarm_chatters_from_three_within_a_minute() -> None:
    slow, quick = Alarm("S1", "G1", "OIL_LOW"), Alarm("S1", "G2", "OIL_LOW")
    assert chattering({slow: [at(0), at(30), at(60)], quick: [at(0), at(30), at(59)]}) == ((quick, 3),)


def test_alarms_of_two_sets_do_not_chatter_together() -> None:
    rows = [transition(second, generator_id=source) for second, source in ((0, "G1"), (1, "G2"), (2, "G1"))]
    assert performance(rows, hours(1)).chattering == ()


def test_an_alarm_stands_from_its_raising_to_its_return_whoever_acknowledges_it() -> None:
    rows = [
        transition(0, number=1),
        transition(60, number=2, event="ACKNOWLEDGED", state="ACK", previous_state="UNACK", annunciated=False),
        transition(86_401, number=3, event="RETURNED", state="NORMAL", previous_state="ACK", annunciated=False),
    ]
    alarm = Alarm("S1", "G1", "OIL_LOW")
    assert performance(rows, hours(48)).standing == (Standing(alarm, Span(at(0), at(86_401))),)


def test_an_alarm_of_exactly_a_day_does_not_stand_too_long() -> None:
    rows = [transition(0), transition(86_400, number=2, event="RETURNED", state="RTN_UNACK", annunciated=False)]
    assert performance(rows, hours(48)).standing == ()


def test_an_alarm_still_stands_at_the_end_and_from_before_the_beginning() -> None:
    period = Span(at(50_000), at(90_000))
    assert performance([transition(0)], period).standing == (
        Standing(Alarm("S1", "G1", "OIL_LOW"), Span(at(0), at(90_000))),
    )


def test_a_shelved_alarm_does_not_stand() -> None:
    rows = [
        transition(0, number=1),
        transition(80_000, number=2, event="SHELVED", suppression="SHELVED", annunciated=False),
        transition(90_000, number=3, event="UNSHELVED", annunciated=False),
    ]
    assert performance(rows, hours(48)).standing == ()


def test_annunciations_are_counted_by_priority() -> None:
    rows = [transition(second, priority=priority) for second, priority in enumerate(("low", "low", "high"))]
    assert performance(rows, hours(1)).priorities == {"low": 2, "high": 1}


def test_a_quiet_period_has_zeroes_and_an_empty_one_no_rates() -> None:
    quiet = performance([], hours(1))
    assert (quiet.average, quiet.peak, quiet.flood_share, quiet.top) == (0, 0, 0, ())
    empty = performance([], hours(0))
    assert (empty.average, empty.flood_share, empty.per_ten_minutes) == (None, None, ())


def test_the_order_of_the_transitions_does_not_matter() -> None:
    rows = [transition(7 * number, number=number) for number in range(30)]
    assert performance(rows[::-1], hours(1)) == performance(rows, hours(1))


def seconds_in_flood(times: list[int], end: int) -> list[int]:
    """Each second of the period that is in a flood, by looking at every one."""
    in_flood, found = False, []
    for second in range(end):
        rate = sum(1 for time in times if second - 600 < time <= second)
        in_flood = rate >= 5 if in_flood else rate > 10
        if in_flood:
            found.append(second)
    return found


bursts = st.lists(st.tuples(st.integers(0, 2400), st.integers(1, 14), st.integers(0, 70)), max_size=4).map(
    lambda drawn: sorted(begin + number * step for begin, count, step in drawn for number in range(count))
)


@given(bursts, st.integers(1, 3600))
def test_floods_are_those_that_a_look_at_every_second_finds(times: list[int], end: int) -> None:
    kept = [time for time in times if time < end]
    found = [
        second
        for flood in floods([at(time) for time in kept], at(end))
        for second in range(round((flood.begin - START).total_seconds()), round((flood.end - START).total_seconds()))
    ]
    assert found == seconds_in_flood(kept, end)


@given(st.lists(st.integers(0, 300), max_size=12).map(sorted))
def test_chattering_is_what_counting_from_every_annunciation_finds(times: list[int]) -> None:
    most = max((sum(1 for other in times if begin <= other < begin + 60) for begin in times), default=0)
    alarm = Alarm("S1", "G1", "OIL_LOW")
    assert chattering({alarm: [at(time) for time in times]}) == (((alarm, most),) if most >= 3 else ())

"""The silence of a set, told by the log, and of a whole gateway, told by the clock."""

from collections.abc import Iterator
from typing import Any

import pytest

from analysis.alarms.interval import Interval
from analysis.alarms.transition import Transition
from contracts import published
from tests.unit.analysis.alarms.conftest import Plant, told


def scans(plant: Plant, first: int, last: int, *sets: str, step: int = 1, **how: Any) -> Iterator[Transition]:
    """A reading of each set at each scan."""
    for second in range(first, last + 1, step):
        for name in sets:
            yield from plant.read(second, of=name, **how)


def test_a_set_that_is_silent_for_three_intervals_and_the_on_delay_is_lost(plant: Plant) -> None:
    """Last heard at 20 s, silent for more than 3 s after 23 s, and for the 30 s of the on-delay at 53 s."""
    assert list(scans(plant, 0, 20, "G1", "G2")) == []
    assert list(scans(plant, 21, 53, "G1")) == []
    found = list(scans(plant, 54, 54, "G1"))
    assert told(found) == [("COMM_LOSS", "RAISED", "NORMAL", "UNACK", "NONE", True)]
    assert (found[0].generator_id, found[0].value()["time"]) == ("G2", "2026-01-01T00:00:53.000000Z")
    assert list(scans(plant, 55, 100, "G1")) == []


def test_a_lost_set_returns_when_it_has_reported_for_the_off_delay(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2"))
    list(scans(plant, 21, 60, "G1"))
    assert list(scans(plant, 61, 71, "G1", "G2")) == []
    [returned] = scans(plant, 72, 72, "G1", "G2")
    assert told([returned]) == [("COMM_LOSS", "RETURNED", "UNACK", "RTN_UNACK", "NONE", False)]
    assert returned.value()["time"] == "2026-01-01T00:01:11.000000Z"


def test_readings_from_before_keep_a_set_from_being_lost(plant: Plant) -> None:
    """The link works, whatever it carries."""
    list(scans(plant, 0, 20, "G1", "G2"))
    for second in range(21, 200):
        assert plant.read(second) == []
        assert plant.read(second - 15, of="G2", server=second, historical=True) == []


def test_a_clock_that_is_ahead_makes_no_other_set_silent(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2"))
    for second in range(21, 200):
        assert plant.read(second + 55, server=second) == []
        assert plant.read(second, of="G2") == []


def test_a_slower_scan_makes_no_set_silent(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2", "G3"))
    assert list(scans(plant, 80, 1000, "G1", "G2", "G3", step=60)) == []


def test_a_set_that_reports_by_exception_is_silent_by_its_own_habit(plant: Plant) -> None:
    """Two of its last eight distances were 60 s: three times as much, and the on-delay, is 210 s."""
    list(scans(plant, 0, 120, "G1"))
    list(scans(plant, 0, 120, "G2", step=60))
    list(scans(plant, 121, 126, "G2"))
    assert list(scans(plant, 127, 336, "G1")) == []
    assert [one.generator_id for one in scans(plant, 337, 337, "G1")] == ["G2"]


def test_a_set_that_has_not_been_heard_is_not_lost(plant: Plant) -> None:
    list(scans(plant, 0, 1000, "G1"))
    assert list(scans(plant, 1001, 1010, "G1", "G2")) == []


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([], 60_000_000),
        ([1_000_000] * 6, 60_000_000),
        ([1_000_000] * 7, 1_000_000),
        ([1_000_000] * 8 + [600_000_000], 1_000_000),
        ([1_000_000] * 8 + [600_000_000] * 2, 600_000_000),
        ([1] * 8, 100_000),
        ([10**12] * 8, 3_600_000_000),
    ],
)
def test_the_interval_is_the_second_longest_of_eight_distances_within_bounds(
    distances: list[int], expected: int
) -> None:
    interval = Interval()
    for distance in distances:
        interval.add(distance)
    assert interval.value == expected
    assert Interval.load(interval.dump()).value == expected


def test_a_silent_gateway_is_one_alarm_of_the_site_and_of_no_set(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2"))
    assert plant.tick(20.5) == []
    assert plant.tick(52.999999) == []
    [raised] = plant.tick(53)
    assert told([raised]) == [("GATEWAY_SILENT", "RAISED", "NORMAL", "UNACK", "NONE", True)]
    assert (raised.generator_id, raised.key()) == (None, "run-1/plant/GATEWAY_SILENT")
    published.check("alarm", raised.value())
    assert plant.tick(1000) == []
    assert list(scans(plant, 1001, 1010, "G1", "G2")) == []
    [returned] = scans(plant, 1011, 1011, "G1", "G2")
    assert told([returned]) == [("GATEWAY_SILENT", "RETURNED", "UNACK", "RTN_UNACK", "NONE", False)]


def test_a_set_that_stays_away_when_its_gateway_is_back_is_lost_only_then(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2"))
    plant.tick(20.5)
    plant.tick(53)
    found = list(scans(plant, 1001, 1020, "G1"))
    assert told(found) == [
        ("COMM_LOSS", "RAISED", "NORMAL", "UNACK", "BY_DESIGN", False),
        ("GATEWAY_SILENT", "RETURNED", "UNACK", "RTN_UNACK", "NONE", False),
        ("COMM_LOSS", "UNSUPPRESSED", "UNACK", "UNACK", "NONE", True),
    ]
    assert [one.value()["time"][14:19] for one in found[1:]] == ["16:51", "16:51"]


def test_a_site_that_no_tick_found_reporting_has_no_silent_gateway(plant: Plant) -> None:
    """Its records are old: a backfill, or a start after the run has ended."""
    list(scans(plant, 0, 20, "G1"))
    assert plant.tick(1_000_000) == []
    assert plant.tick(1_000_100) == []


def test_the_frequency_of_a_site_is_what_most_of_its_sets_say(plant: Plant) -> None:
    for name in ("G1", "G2", "G3"):
        plant.read(0, of=name)
    for second in range(1, 20):
        assert plant.read(second, "FREQUENCY_LOW", of="G1") == []
        assert plant.read(second, of="G2") == plant.read(second, of="G3") == []
    plant.read(20, "FREQUENCY_LOW", of="G2")
    assert plant.read(24, "FREQUENCY_LOW", of="G2") == []
    assert [one.event for one in plant.read(25, "FREQUENCY_LOW", of="G2")] == ["RAISED"]


def test_of_two_sets_one_raises_an_alarm_of_the_site_and_both_clear_it(plant: Plant) -> None:
    plant.read(0, of="G1")
    plant.read(0, "FREQUENCY_LOW", of="G2")
    assert [one.event for one in plant.read(5, of="G1")] == ["RAISED"]
    assert plant.read(20, of="G1") == []
    plant.read(30, of="G2")
    assert [one.event for one in plant.read(40, of="G2")] == ["RETURNED"]


def test_a_silent_set_has_no_vote(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2"))
    for second in range(21, 27):
        plant.read(second, of="G1")
        plant.read(second, "FREQUENCY_LOW", of="G2")
    found = list(scans(plant, 27, 70, "G1"))
    assert [(one.alarm_id, one.event, one.value()["time"][14:19]) for one in found] == [
        ("FREQUENCY_LOW", "RETURNED", "00:40"),
        ("COMM_LOSS", "RAISED", "00:59"),
    ]


@pytest.mark.parametrize(("dead", "expected"), [(["G2"], ["RAISED"]), (["G1", "G2"], [])])
def test_the_bus_is_live_where_at_least_half_of_the_sets_say_so(
    plant: Plant, dead: list[str], expected: list[str]
) -> None:
    found = []
    for second in range(6):
        for name in ("G1", "G2"):
            disabled = ["FREQUENCY_LOW"] if name in dead else []
            found += plant.read(second, "FREQUENCY_LOW", of=name, disabled=disabled)
    assert [one.event for one in found] == expected


def test_a_set_that_is_lost_within_a_minute_of_its_trip_calls_when_the_minute_is_over(plant: Plant) -> None:
    list(scans(plant, 0, 19, "G1", "G2"))
    plant.read(20, of="G1")
    assert [one.event for one in plant.read(20, "DEVICE_TRIP", of="G2")] == ["RAISED"]
    assert told(scans(plant, 21, 80, "G1")) == [("COMM_LOSS", "RAISED", "NORMAL", "UNACK", "BY_DESIGN", False)]
    assert told(scans(plant, 81, 81, "G1")) == [("COMM_LOSS", "UNSUPPRESSED", "UNACK", "UNACK", "NONE", True)]


def test_a_gateway_that_is_silent_again_must_be_back_for_the_whole_off_delay(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1"))
    assert plant.tick(20.5) == []
    assert len(plant.tick(53)) == 1
    assert plant.read(1001) == []
    assert plant.tick(1001.5) == []
    assert plant.tick(1040) == []
    assert list(scans(plant, 2001, 2010, "G1")) == []
    assert [one.event for one in plant.read(2011)] == ["RETURNED"]


def test_a_silent_gateway_whose_old_records_are_read_is_not_silent_again(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1"))
    plant.tick(20.5)
    plant.tick(53)
    assert [one.event for one in scans(plant, 60, 100, "G1")] == ["RETURNED"]
    assert plant.tick(5000) == []


def test_a_site_of_which_nothing_is_known_keeps_its_alarm_as_it_was(plant: Plant) -> None:
    plant.read(0, "FREQUENCY_LOW")
    assert [one.event for one in plant.read(5, "FREQUENCY_LOW")] == ["RAISED"]
    assert plant.read(6, unknown=["FREQUENCY_LOW"], disabled=["FREQUENCY_LOW"]) == []


def test_a_set_that_reports_again_has_its_vote_again(plant: Plant) -> None:
    list(scans(plant, 0, 20, "G1", "G2"))
    plant.read(21, "FREQUENCY_LOW", of="G2")
    list(scans(plant, 21, 40, "G1"))
    found = []
    for second in range(41, 47):
        found += plant.read(second, of="G1")
        found += plant.read(second, "FREQUENCY_LOW", of="G2")
    assert [(one.alarm_id, one.event, one.value()["time"][14:19]) for one in found] == [
        ("FREQUENCY_LOW", "RAISED", "00:46")
    ]

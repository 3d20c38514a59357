"""Each transition of the states of ISA-18.2 (figure 3), cut to those that are used, at the exact delay."""

from typing import Any

import pytest

from contracts import published, schema
from tests.unit.analysis.alarms.conftest import ROWS, START, Plant, told

BY_READINGS = [row for row in schema.alarms() if row["type"] != "SILENCE"]


def test_an_alarm_calls_an_operator_when_its_condition_has_held_for_the_on_delay(plant: Plant) -> None:
    assert plant.read(0, "LOW_FUEL") == []
    assert plant.read(59.999999, "LOW_FUEL") == []
    [raised] = plant.read(60, "LOW_FUEL")
    assert told([raised]) == [("LOW_FUEL", "RAISED", "NORMAL", "UNACK", "NONE", True)]
    assert raised.value() == {
        "stream_id": "run-1",
        "site": "plant",
        "generator_id": "G1",
        "alarm_id": "LOW_FUEL",
        "revision": 1,
        "number": 1,
        "time": "2026-01-01T00:01:00.000000Z",
        "event": "RAISED",
        "state": "UNACK",
        "previous_state": "NORMAL",
        "suppression": "NONE",
        "priority": "low",
        "annunciated": True,
        "value": 80.0,
        "limit": 25,
        "by": None,
        "reason": None,
        "until": None,
    }
    assert (raised.topic, raised.key()) == ("scada.alarms.v1", "run-1/G1/LOW_FUEL")
    published.check("alarm", raised.value())
    assert plant.read(61, "LOW_FUEL") == []


def test_a_condition_that_ends_before_the_on_delay_begins_anew(plant: Plant) -> None:
    plant.read(0, "LOW_FUEL")
    plant.read(59, near=["LOW_FUEL"])
    plant.read(60, "LOW_FUEL")
    assert plant.read(119, "LOW_FUEL") == []
    assert told(plant.read(120, "LOW_FUEL")) == [("LOW_FUEL", "RAISED", "NORMAL", "UNACK", "NONE", True)]


@pytest.fixture
def low(plant: Plant) -> Plant:
    """LOW_FUEL is UNACK since the 60th second, by transition 1."""
    plant.read(0, "LOW_FUEL")
    assert len(plant.read(60, "LOW_FUEL")) == 1
    return plant


def test_an_unacknowledged_alarm_returns_when_clear_for_the_off_delay_and_waits_for_its_acknowledgement(
    low: Plant,
) -> None:
    assert low.read(61) == []
    assert low.read(120.999999) == []
    assert told(low.read(121)) == [("LOW_FUEL", "RETURNED", "UNACK", "RTN_UNACK", "NONE", False)]
    acknowledged = low.act("ACKNOWLEDGE", transition=2)
    assert told(acknowledged) == [("LOW_FUEL", "ACKNOWLEDGED", "RTN_UNACK", "NORMAL", "NONE", False)]
    assert (acknowledged[0].by, acknowledged[0].reason) == ("ann", "checked")


def test_an_acknowledged_alarm_returns_to_normal(low: Plant) -> None:
    assert told(low.act("ACKNOWLEDGE", transition=1)) == [("LOW_FUEL", "ACKNOWLEDGED", "UNACK", "ACK", "NONE", False)]
    low.read(61)
    assert told(low.read(121)) == [("LOW_FUEL", "RETURNED", "ACK", "NORMAL", "NONE", False)]


def test_a_returned_alarm_that_comes_again_calls_again(low: Plant) -> None:
    low.read(61)
    low.read(121)
    low.read(122, "LOW_FUEL")
    assert told(low.read(182, "LOW_FUEL")) == [("LOW_FUEL", "RAISED", "RTN_UNACK", "UNACK", "NONE", True)]


def test_within_the_deadband_an_alarm_stays_and_its_off_delay_begins_anew(low: Plant) -> None:
    low.read(61)
    low.read(100, near=["LOW_FUEL"])
    low.read(101)
    assert low.read(160) == []
    assert [one.event for one in low.read(161)] == ["RETURNED"]


def test_bad_quality_holds_the_state_and_never_clears(low: Plant) -> None:
    low.read(61, unknown=["LOW_FUEL"])
    assert low.read(1000, unknown=["LOW_FUEL"]) == []
    low.read(1001)
    assert low.read(1060) == []
    assert [one.event for one in low.read(1061)] == ["RETURNED"]


def test_bad_quality_neither_ends_nor_completes_a_delay(plant: Plant) -> None:
    plant.read(0, "LOW_FUEL")
    plant.read(30, unknown=["LOW_FUEL"])
    assert plant.read(90, unknown=["LOW_FUEL"]) == []
    assert [one.event for one in plant.read(91, "LOW_FUEL")] == ["RAISED"]


def test_an_alarm_that_is_not_enabled_is_not_raised_and_its_delay_begins_when_it_is(plant: Plant) -> None:
    plant.read(0, "VOLTAGE_LOW", disabled=["VOLTAGE_LOW"])
    plant.read(100, "VOLTAGE_LOW", disabled=["VOLTAGE_LOW"])
    assert plant.read(101, "VOLTAGE_LOW") == []
    assert [one.event for one in plant.read(106, "VOLTAGE_LOW")] == ["RAISED"]


def test_what_must_settle_is_enabled_only_after_that_time(plant: Plant) -> None:
    plant.read(0, "OIL_LOW", disabled=["OIL_LOW"])
    plant.read(1, "OIL_LOW")
    plant.read(16, "OIL_LOW")
    assert plant.read(20, "OIL_LOW") == []
    assert [one.event for one in plant.read(21, "OIL_LOW")] == ["RAISED"]


def test_a_raised_alarm_that_is_no_longer_enabled_is_suppressed_by_design_and_calls_when_it_is_again(
    plant: Plant,
) -> None:
    plant.read(0, "VOLTAGE_LOW")
    plant.read(5, "VOLTAGE_LOW")
    assert told(plant.read(6, "VOLTAGE_LOW", disabled=["VOLTAGE_LOW"])) == [
        ("VOLTAGE_LOW", "SUPPRESSED", "UNACK", "UNACK", "BY_DESIGN", False)
    ]
    assert told(plant.read(7, "VOLTAGE_LOW")) == [("VOLTAGE_LOW", "UNSUPPRESSED", "UNACK", "UNACK", "NONE", True)]


def test_an_alarm_returns_while_it_is_suppressed_by_design(plant: Plant) -> None:
    plant.read(0, "VOLTAGE_LOW")
    plant.read(5, "VOLTAGE_LOW")
    plant.read(6, disabled=["VOLTAGE_LOW"])
    assert told(plant.read(16, disabled=["VOLTAGE_LOW"])) == [
        ("VOLTAGE_LOW", "RETURNED", "UNACK", "RTN_UNACK", "BY_DESIGN", False)
    ]
    assert told(plant.read(17)) == [("VOLTAGE_LOW", "UNSUPPRESSED", "RTN_UNACK", "RTN_UNACK", "NONE", False)]


def test_where_bad_quality_hides_what_enables_an_alarm_it_stays_as_enabled_as_it_was(plant: Plant) -> None:
    plant.read(0, "VOLTAGE_LOW")
    plant.read(5, "VOLTAGE_LOW")
    assert plant.read(6, unknown=["VOLTAGE_LOW"], disabled=["VOLTAGE_LOW"]) == []


@pytest.mark.parametrize("row", BY_READINGS, ids=lambda row: row["alarm_id"])
def test_every_row_of_the_database_is_raised_and_cleared_after_its_delays(row: dict[str, Any]) -> None:
    plant, name = Plant(), row["alarm_id"]
    on, off = row["on_delay_s"], row["off_delay_s"]
    begins = 1 + row["settle_s"]
    plant.read(0)
    events = plant.read(1, name) + plant.read(begins, name) + plant.read(begins + on, name)
    assert [(one.alarm_id, one.event, one.annunciated, one.time) for one in events] == [
        (name, "RAISED", True, START + round((begins + on) * 1e6))
    ]
    assert [one.generator_id for one in events] == ["G1" if row["scope"] == "set" else None]
    ends = begins + on + 1
    events = plant.read(ends) + plant.read(ends + off)
    assert [(one.alarm_id, one.event, one.time) for one in events] == [
        (name, "RETURNED", START + round((ends + off) * 1e6))
    ]


def test_a_trip_mutes_the_other_alarms_of_its_set_for_sixty_seconds(plant: Plant) -> None:
    plant.read(0, "COOLANT_HIGH", "OIL_LOW")
    plant.read(15, "COOLANT_HIGH", "OIL_LOW")
    assert told(plant.read(16, "COOLANT_HIGH", "OIL_LOW", "DEVICE_TRIP")) == [
        ("DEVICE_TRIP", "RAISED", "NORMAL", "UNACK", "NONE", True),
        ("COOLANT_HIGH", "SUPPRESSED", "UNACK", "UNACK", "BY_DESIGN", False),
    ]
    assert told(plant.read(20, "COOLANT_HIGH", "OIL_LOW", "DEVICE_TRIP")) == [
        ("OIL_LOW", "RAISED", "NORMAL", "UNACK", "BY_DESIGN", False)
    ]
    assert plant.read(75.999999, "COOLANT_HIGH", "OIL_LOW", "DEVICE_TRIP") == []
    assert told(plant.read(76, "COOLANT_HIGH", "OIL_LOW", "DEVICE_TRIP")) == [
        ("COOLANT_HIGH", "UNSUPPRESSED", "UNACK", "UNACK", "NONE", True),
        ("OIL_LOW", "UNSUPPRESSED", "UNACK", "UNACK", "NONE", True),
    ]


def test_a_trip_mutes_no_other_set_and_no_alarm_of_the_site(plant: Plant) -> None:
    plant.read(0, "DEVICE_TRIP", of="G1")
    plant.read(0, "COOLANT_HIGH", "FREQUENCY_LOW", of="G2")
    plant.read(10, "COOLANT_HIGH", "FREQUENCY_LOW", of="G2")
    found = plant.read(15, "COOLANT_HIGH", "FREQUENCY_LOW", of="G2")
    assert {one.alarm_id for one in found} <= {"COOLANT_HIGH", "FREQUENCY_LOW"}


def test_an_overcrank_raises_one_alarm_and_is_journalled_as_the_devices_own(plant: Plant) -> None:
    plant.read(0)
    found = plant.read(1, "FAIL_TO_START", device=["OVERCRANK", "LOW_VOLTAGE"])
    assert told(found) == [
        ("DEVICE_LOW_VOLTAGE", "JOURNALLED", "NORMAL", "NORMAL", "NONE", False),
        ("DEVICE_OVERCRANK", "JOURNALLED", "NORMAL", "NORMAL", "NONE", False),
        ("FAIL_TO_START", "RAISED", "NORMAL", "UNACK", "NONE", True),
    ]
    assert plant.read(2, "FAIL_TO_START", device=["OVERCRANK", "LOW_VOLTAGE"]) == []
    [gone] = plant.read(3, "FAIL_TO_START", device=["OVERCRANK"])
    assert (gone.alarm_id, gone.number, gone.measured) == ("DEVICE_LOW_VOLTAGE", 2, 0.0)
    for one in (*found, gone):
        published.check("alarm", one.value())


@pytest.mark.parametrize("how", [{"historical": True}, {"outcome": "late"}, {"outcome": "skewed"}])
def test_what_comes_too_late_is_journalled_and_calls_nobody(plant: Plant, how: dict[str, Any]) -> None:
    plant.read(0)
    for second in range(1, 31):
        assert plant.read(second, "FUEL_CRITICAL", **how) == []
    found = plant.read(31, "FUEL_CRITICAL", **how)
    assert told(found) == [("FUEL_CRITICAL", "JOURNALLED", "NORMAL", "NORMAL", "NONE", False)]
    assert plant.read(32, "FUEL_CRITICAL", **how) == []
    assert plant.read(100) == []


def test_a_reading_older_than_the_newest_of_its_set_changes_no_state(plant: Plant) -> None:
    plant.read(100)
    assert told(plant.read(99, "DEVICE_TRIP")) == [("DEVICE_TRIP", "JOURNALLED", "NORMAL", "NORMAL", "NONE", False)]
    assert told(plant.read(100, "DEVICE_TRIP")) == [("DEVICE_TRIP", "RAISED", "NORMAL", "UNACK", "NONE", True)]


def test_streams_and_sets_have_alarms_of_their_own(plant: Plant) -> None:
    plant.read(100, "LOW_FUEL")
    plant.read(0, "LOW_FUEL", stream="run-2")
    assert [one.stream_id for one in plant.read(60, "LOW_FUEL", stream="run-2")] == ["run-2"]
    assert plant.read(101, "LOW_FUEL", of="G2") == []
    assert [one.generator_id for one in plant.read(160, "LOW_FUEL")] == ["G1"]


def test_the_masks_have_a_bit_for_every_row() -> None:
    assert len(ROWS) == len(set(ROWS)) <= 63

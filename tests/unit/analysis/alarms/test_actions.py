"""What operators do: read strictly, applied once, told why not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms.actions import SIZE_LIMIT, Action, Refusal, parse
from contracts import published
from contracts.errors import ContractError
from tests.unit.analysis.alarms.conftest import START, Plant, told

GOOD: dict[str, Any] = {
    "id": "a1",
    "stream_id": "run-1",
    "site": "plant",
    "generator_id": "G1",
    "alarm_id": "LOW_FUEL",
    "action": "ACKNOWLEDGE",
    "transition": 3,
    "by": "ann",
    "reason": "",
    "until": None,
    "time": "2026-01-01T00:00:01.5Z",
}
SHELVE = {"action": "SHELVE", "transition": None, "until": "2026-01-01T08:00:00Z", "reason": "refuelling"}


def test_an_action_is_read_from_its_record() -> None:
    assert parse(json.dumps(GOOD).encode()) == Action(
        "a1", "run-1", "plant", "G1", "LOW_FUEL", "ACKNOWLEDGE", 3, "ann", "", None, START + 1_500_000
    )
    shelve = parse(json.dumps(GOOD | SHELVE).encode())
    assert isinstance(shelve, Action)
    assert shelve.until == START + 8 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("value", "field", "rule"),
    [
        (None, "", "must be JSON of at most 4096 bytes"),
        (b" " * (SIZE_LIMIT + 1), "", "must be JSON of at most 4096 bytes"),
        (b"", "", "must be JSON in UTF-8 with each name once"),
        (b"\xff", "", "must be JSON in UTF-8 with each name once"),
        (b'{"id": 1, "id": 1}', "", "must be JSON in UTF-8 with each name once"),
        (b"[" * 4000, "", "must be JSON in UTF-8 with each name once"),
        (b"[NaN]", "", "must be JSON in UTF-8 with each name once"),
        (b"[]", "", "must be an object"),
        (b"{}", "id", "must be given"),
    ],
)
def test_what_is_no_object_is_refused(value: bytes | None, field: str, rule: str) -> None:
    refusal = parse(value)
    assert isinstance(refusal, Refusal)
    assert (refusal.field, refusal.rule) == (field, rule)
    assert len(refusal.value) <= 200


CHANGES: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    (SHELVE, None),
    ({"alarm_id": "FREQUENCY_LOW", "generator_id": None}, None),
    ({"action": "UNSHELVE", "transition": None}, None),
    ({"action": "OUT_OF_SERVICE", "transition": None, "reason": "work"}, None),
    ({"action": "IN_SERVICE", "transition": None}, None),
    ({"id": ""}, "id"),
    ({"id": "a" * 65}, "id"),
    ({"id": "a b"}, "id"),
    ({"id": "a\n"}, "id"),
    ({"id": None}, "id"),
    ({"stream_id": "-"}, "stream_id"),
    ({"stream_id": None}, "stream_id"),
    ({"site": 1}, "site"),
    ({"generator_id": "a/b"}, "generator_id"),
    ({"generator_id": None}, "generator_id"),
    ({"alarm_id": "FREQUENCY_LOW"}, "generator_id"),
    ({"alarm_id": "NO_SUCH"}, "alarm_id"),
    ({"alarm_id": []}, "alarm_id"),
    ({"action": "acknowledge"}, "action"),
    ({"action": {}}, "action"),
    ({"by": ""}, "by"),
    ({"by": "a\x00"}, "by"),
    ({"by": "a" * 65}, "by"),
    ({"reason": None}, "reason"),
    ({"reason": "a" * 201}, "reason"),
    (SHELVE | {"reason": ""}, "reason"),
    ({"action": "OUT_OF_SERVICE", "transition": None}, "reason"),
    ({"transition": None}, "transition"),
    ({"transition": 0}, "transition"),
    ({"transition": True}, "transition"),
    ({"transition": 1.5}, "transition"),
    ({"transition": 2**53}, "transition"),
    (SHELVE | {"transition": 1}, "transition"),
    ({"until": "2026-01-01T08:00:00Z"}, "until"),
    (SHELVE | {"until": None}, "until"),
    (SHELVE | {"until": "2026-01-01"}, "until"),
    (SHELVE | {"until": "2026-02-30T00:00:00Z"}, "until"),
    (SHELVE | {"until": "2026-01-01T08:00:00Z\n"}, "until"),
    (SHELVE | {"until": "2026-01-01T08:00:00+00:00"}, "until"),
    ({"time": 1}, "time"),
    ({"extra": 1}, "extra"),
]


@pytest.mark.parametrize(("change", "field"), CHANGES, ids=str)
def test_the_reader_and_the_contract_refuse_the_same_actions_and_the_reader_names_the_field(
    change: dict[str, Any], field: str | None
) -> None:
    document = GOOD | change
    found = parse(json.dumps(document).encode())
    assert (found.field if isinstance(found, Refusal) else None) == field
    if field is None:
        published.check("operator_action", document)
    else:
        with pytest.raises(ContractError):
            published.check("operator_action", document)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(value: bytes) -> None:
    assert isinstance(parse(value), Refusal)


@pytest.fixture
def low(plant: Plant) -> Plant:
    """LOW_FUEL is UNACK since the 60th second, by transition 1."""
    plant.read(0, "LOW_FUEL")
    plant.read(60, "LOW_FUEL")
    return plant


def test_an_action_is_applied_once_by_its_id(low: Plant) -> None:
    assert len(low.act("ACKNOWLEDGE", transition=1, id="x")) == 1
    assert low.act("ACKNOWLEDGE", transition=1, id="x") == []


@pytest.mark.parametrize(
    ("action", "how"),
    [
        ("ACKNOWLEDGE", {"transition": 1}),
        ("SHELVE", {"until": 3600}),
        ("OUT_OF_SERVICE", {}),
    ],
)
def test_an_action_under_another_id_changes_nothing_that_is_so_already(
    low: Plant, action: str, how: dict[str, Any]
) -> None:
    assert len(low.act(action, **how)) == 1
    assert low.act(action, **how) == []


@pytest.mark.parametrize("action", ["UNSHELVE", "IN_SERVICE"])
def test_nothing_is_undone_that_was_not_done(low: Plant, action: str) -> None:
    assert low.act(action) == []


def test_an_acknowledgement_of_an_older_annunciation_has_no_effect_and_is_told(low: Plant) -> None:
    low.read(61)
    low.read(121)
    low.read(122, "LOW_FUEL")
    assert [one.number for one in low.read(182, "LOW_FUEL")] == [3]
    [refused] = low.act("ACKNOWLEDGE", transition=2)
    assert told([refused]) == [("LOW_FUEL", "REFUSED", "UNACK", "UNACK", "NONE", False)]
    assert refused.reason == "ACKNOWLEDGE: transition 2 is older than the last annunciation, 3"
    published.check("alarm", refused.value())
    assert [one.event for one in low.act("ACKNOWLEDGE", transition=3)] == ["ACKNOWLEDGED"]


def test_an_acknowledgement_of_what_has_not_happened_is_refused(low: Plant) -> None:
    [refused] = low.act("ACKNOWLEDGE", transition=2)
    assert refused.reason == "ACKNOWLEDGE: transition 2 has not happened, the last is 1"


def test_an_action_on_what_has_never_been_heard_is_refused_and_remembered_nowhere(low: Plant) -> None:
    before = low.machine.dump()
    [refused] = low.act("ACKNOWLEDGE", of="G9", transition=1)
    assert (refused.number, refused.event, refused.generator_id) == (0, "REFUSED", "G9")
    published.check("alarm", refused.value())
    assert low.machine.dump() == before


def test_a_shelved_alarm_moves_on_in_silence_and_calls_when_its_time_is_over(plant: Plant) -> None:
    plant.read(0)
    [shelved] = plant.act("SHELVE", until=3600)
    assert told([shelved]) == [("LOW_FUEL", "SHELVED", "NORMAL", "NORMAL", "SHELVED", False)]
    assert (shelved.by, shelved.reason) == ("ann", "checked")
    assert shelved.value()["until"] == "2026-01-01T01:00:00.000000Z"
    plant.read(1, "LOW_FUEL")
    assert told(plant.read(61, "LOW_FUEL")) == [("LOW_FUEL", "RAISED", "NORMAL", "UNACK", "SHELVED", False)]
    assert plant.read(3599.999999, "LOW_FUEL") == []
    assert told(plant.read(3600, "LOW_FUEL")) == [("LOW_FUEL", "UNSHELVED", "UNACK", "UNACK", "NONE", True)]


@pytest.mark.parametrize("until", [60, 60 + 8 * 3600 + 0.000001])
def test_shelving_into_the_past_or_for_longer_than_eight_hours_is_refused(low: Plant, until: float) -> None:
    [refused] = low.act("SHELVE", until=until)
    assert refused.reason == "SHELVE: until must be after the newest reading, by at most 8 h"


def test_shelving_for_eight_hours_is_not_refused(low: Plant) -> None:
    assert [one.event for one in low.act("SHELVE", until=60 + 8 * 3600)] == ["SHELVED"]


def test_what_is_unshelved_while_unacknowledged_calls_and_needs_that_to_be_seen(low: Plant) -> None:
    low.act("SHELVE", until=3600)
    assert told(low.act("UNSHELVE")) == [("LOW_FUEL", "UNSHELVED", "UNACK", "UNACK", "NONE", True)]
    assert [one.event for one in low.act("ACKNOWLEDGE", transition=1)] == ["REFUSED"]


def test_an_alarm_out_of_service_moves_on_in_silence_until_it_is_in_service(plant: Plant) -> None:
    plant.read(0, "LOW_FUEL")
    plant.act("OUT_OF_SERVICE")
    plant.act("SHELVE", until=3600)
    assert told(plant.read(60, "LOW_FUEL")) == [("LOW_FUEL", "RAISED", "NORMAL", "UNACK", "OUT_OF_SERVICE", False)]
    assert told(plant.act("IN_SERVICE")) == [("LOW_FUEL", "IN_SERVICE", "UNACK", "UNACK", "SHELVED", False)]
    assert told(plant.act("UNSHELVE")) == [("LOW_FUEL", "UNSHELVED", "UNACK", "UNACK", "NONE", True)]


def test_alarms_of_the_site_and_of_silence_take_actions_too(plant: Plant) -> None:
    plant.read(0)
    plant.read(1)
    assert [one.event for one in plant.act("SHELVE", "LOW_FUEL", until=10)] == ["SHELVED"]
    assert [one.event for one in plant.act("SHELVE", "FREQUENCY_LOW", of=None, until=10)] == ["SHELVED"]
    assert [one.event for one in plant.act("SHELVE", "COMM_LOSS", until=10)] == ["SHELVED"]
    assert [one.event for one in plant.act("SHELVE", "GATEWAY_SILENT", of=None, until=10)] == ["SHELVED"]
    assert {(one.alarm_id, one.event) for one in plant.read(10) + plant.read(11)} == {
        ("LOW_FUEL", "UNSHELVED"),
        ("FREQUENCY_LOW", "UNSHELVED"),
        ("COMM_LOSS", "UNSHELVED"),
        ("GATEWAY_SILENT", "UNSHELVED"),
    }

"""The controls over the run: what each kind of change does, and when."""

from typing import Any

import pytest

from generator import scenarios
from generator.changes import MOST_FAULTS, UnknownFaultError
from generator.controls import Controls
from generator.fault_requests import FaultAnswer, answered
from generator.faults import FaultClass
from generator.simulation import Programme


def fault(id_: str, **request: Any) -> dict[str, Any]:
    return {"fault": {"id": id_, "kind": "link_loss", "generator": "G1", **request}}


def faults(programme: Programme, scan: int) -> list[tuple[str, int, int | None]]:
    return [(known.id, known.start, known.end) for known in programme.at(scan).faults]


def test_a_change_holds_from_its_scan_on() -> None:
    programme = Programme(Controls()).then(5, {"parameters": {"noise": 2.0}}).then(5, {"parameters": {"noise": 3.0}})
    programme = programme.then(9, {"parameters": {"scan_interval_s": 0.25}})
    assert [programme.at(scan).noise for scan in (1, 4, 5, 100)] == [1.0, 1.0, 3.0, 3.0]
    assert [programme.at(scan).scan_interval_us for scan in (8, 9)] == [1_000_000, 250_000]


def test_a_faults_seconds_become_scans_of_the_interval_in_force() -> None:
    programme = Programme(Controls()).then(3, {"parameters": {"scan_interval_s": 0.5}})
    programme = programme.then(3, fault("f", after_s=10.0, duration_s=2.0))
    assert faults(programme, 3) == [("f", 23, 27)]
    assert faults(programme.then(4, fault("g", duration_s=0.001)), 4)[-1] == ("g", 4, 5)


@pytest.mark.parametrize(("kind", "end"), [("breaker_trip", 8), ("gateway_outage", 7 + 7200), ("link_loss", None)])
def test_a_fault_without_a_duration_lasts_as_long_as_its_kind_may(kind: str, end: int | None) -> None:
    assert faults(Programme(Controls()).then(7, fault("f", kind=kind)), 7) == [("f", 7, end)]


def test_a_fault_ends_when_it_is_removed() -> None:
    programme = Programme(Controls()).then(3, fault("f")).then(4, fault("g", after_s=100.0))
    programme = programme.then(9, {"end": "f"}).then(9, {"end": "g"})
    assert faults(programme, 8) == [("f", 3, None), ("g", 104, None)]
    assert faults(programme, 9) == [("f", 3, 9)]
    for id_ in ("f", "g", "h"):
        with pytest.raises(UnknownFaultError, match=f"no fault '{id_}'"):
            programme.then(10, {"end": id_})


def test_faults_that_are_over_make_room() -> None:
    programme = Programme(Controls())
    for number in range(MOST_FAULTS):
        programme = programme.then(1, fault(f"f{number}", duration_s=10.0))
    with pytest.raises(ValueError, match="at most 1000 faults"):
        programme.then(10, fault("more"))
    assert faults(programme.then(11, fault("more")), 11) == [("more", 11, None)]


def test_a_scenarios_steps_come_at_their_times_and_changes_of_other_things_last() -> None:
    programme = Programme(Controls()).then(1, {"scenario": scenarios.steps("ramp", "s")})
    programme = programme.then(100, {"parameters": {"ambient_temperature_c": 41.0}})
    times = (1, 1800, 1801, 3601, 7201)
    assert [programme.at(scan).demand_factor for scan in times] == [0.5, 0.9167, 1.0, 1.5, 1.0]
    assert [programme.at(scan).ambient_temperature_c for scan in (99, 100, 7201)] == [25.0, 41.0, 41.0]


@pytest.mark.parametrize("name", scenarios.names())
def test_a_scenario_is_made_of_known_steps(name: str) -> None:
    assert scenarios.load(name)["description"].endswith(".")
    programme = Programme(Controls()).then(1, {"scenario": scenarios.steps(name, "s")})
    known = programme.at(2**40).faults + programme.at(1).faults
    assert all(isinstance(answered(fault), FaultAnswer) for fault in known)
    assert len({fault.id for fault in programme.at(1).faults}) == len(programme.at(1).faults)


@pytest.mark.parametrize("change", [{}, {"unknown": 1}, {"parameters": {}, "end": "f"}, {"end": 1}])
def test_an_unknown_change_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no change that is known"):
        Programme(Controls()).then(1, change)


def test_every_class_of_faults_can_be_asked_for() -> None:
    for kind in FaultClass:
        request = fault("f", kind=kind.value)
        if kind in {"spike", "bias", "drift", "frozen", "noise", "dropout", "out_of_range", "wire_break"}:
            request["fault"]["measurement"] = "voltage_v"
        assert Programme(Controls()).then(1, request).at(1).faults[0].kind is kind

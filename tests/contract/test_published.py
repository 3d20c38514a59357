"""What leaves the pipeline keeps its contract; for the result topics see also `tests/spark/test_results.py`."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import contracts
from contracts import judge, published, schema, topics
from contracts.attack import corpus, exchanges
from contracts.attack.rules import rules
from contracts.errors import ContractError
from generator.app import create_app
from generator.control_endpoints import Ended, ScenarioAnswer, ScenarioRequest
from generator.fault_requests import AnyFaultRequest, FaultAnswer, Faults
from generator.faults import FaultClass
from generator.fleet import PlantConfig, nameplates
from generator.lines import Damage
from generator.parameters import ParameterAnswer, ParameterChange, Parameters
from generator.problems import Problem
from generator.recording import decide
from generator.settings import Settings
from generator.truth import Label
from generator.truth_endpoints import LedgerAnswer, label_answer
from producer.progress import Mark
from producer.route import Rejected, message

PACKAGE = Path(contracts.__file__).parent
NAMES = sorted(path.name.removesuffix(".v1.json") for path in (PACKAGE / "schemas").glob("*.v1.json"))
ALARMS = schema.alarms()
READING = schema.load("generator_reading")


def test_every_topic_has_a_contract() -> None:
    assert set(published.BY_TOPIC) == {topic.name for topic in topics.TOPICS}
    assert set(published.BY_TOPIC.values()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_contract_is_a_json_schema_that_describes_each_field(name: str) -> None:
    document = schema.document(f"{name}.v1.json")
    jsonschema_rs.meta.validate(document)
    assert document["$id"] == f"urn:scada:{name}:v1"
    silent = [field for field, rule in document["properties"].items() if not rule.get("description", "").endswith(".")]
    assert silent == []


def test_a_value_that_breaks_its_contract_is_refused_with_field_and_rule() -> None:
    with pytest.raises(ContractError, match=r"^line breaks progress: minimum, got -1$"):
        published.check("progress", {"stream_id": "run-1", "line": -1, "offsets": {}, "digest": None})


@pytest.mark.parametrize(
    "mark", [Mark("run-1", 0, {}), Mark("run-1", 7, {"scada.readings.v1-0": 5}, "0123456789abcdef")]
)
def test_the_bridges_mark_keeps_its_contract(mark: Mark) -> None:
    published.check("progress", json.loads(mark.encode()))


@pytest.mark.parametrize("case", [case for case in corpus.lines() if not case.accepted], ids=str)
def test_every_dead_letters_headers_keep_their_contract(case: corpus.Case) -> None:
    with pytest.raises(ContractError) as caught:
        judge.parse(case.data)
    headers = message(Rejected(case.data, 8, caught.value), "run-1").headers
    published.check("dead_letter", {name: value.decode() for name, value in headers})


def test_a_dead_letter_with_a_hostile_reason_keeps_its_contract() -> None:
    reason = ContractError("\ud800" * 10_000, "r" * 10_000, "\ud800" * 10_000)
    headers = message(Rejected(b"", 1, reason), "run-1").headers
    published.check("dead_letter", {name: value.decode() for name, value in headers})


def test_every_nameplate_of_the_fleet_keeps_its_contract() -> None:
    found = nameplates(PlantConfig(stream_id="run-1", seed=1, start=0, generators=25))
    assert len(found) == 25
    for nameplate in found:
        published.check("nameplate", nameplate)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("parameters", Parameters),
        ("parameter_change", ParameterChange),
        ("parameter_answer", ParameterAnswer),
        ("fault", FaultAnswer),
        ("faults", Faults),
        ("fault_end", Ended),
        ("scenario_request", ScenarioRequest),
        ("scenario_answer", ScenarioAnswer),
        ("ledger", LedgerAnswer),
        ("problem", Problem),
    ],
)
def test_the_models_of_the_control_api_have_the_rules_of_their_contracts(name: str, model: type[BaseModel]) -> None:
    assert rules(model.model_json_schema(mode="serialization")) == rules(schema.document(f"{name}.v1.json"))


def test_every_operation_of_the_control_api_has_its_contracts() -> None:
    """The stream and the nameplates have theirs as `itemSchema`; what operators ask has none."""
    documented = {
        (method.upper(), path)
        for path, operations in create_app(Settings()).openapi()["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/generator/")
        and any("application/json" in answer.get("content", {}) for answer in operation["responses"].values())
    }
    assert documented == set(published.BY_OPERATION)
    named = {name for operation in published.BY_OPERATION.values() for name in (operation.request, operation.answer)}
    assert named - {None} <= set(NAMES)


REQUESTS: dict[str, TypeAdapter[Any]] = {
    "parameter_change": TypeAdapter(ParameterChange),
    "fault_request": TypeAdapter(AnyFaultRequest),
    "scenario_request": TypeAdapter(ScenarioRequest),
}


def is_accepted_by_all(name: str, document: Any) -> bool:
    """The verdict of the contract and the model, which must be one."""
    verdicts = set()
    for judge_, refusal in ((REQUESTS[name].validate_python, ValidationError), (checked(name), ContractError)):
        try:
            judge_(document)
        except refusal:
            verdicts.add(False)
        else:
            verdicts.add(True)
    [verdict] = verdicts
    return verdict


def checked(name: str) -> Callable[[Any], None]:
    return lambda document: published.check(name, document)


@pytest.mark.parametrize(
    ("name", "document", "is_good"),
    [
        ("parameter_change", {"id": "a:1.b_c-d", "noise": 0}, True),
        ("parameter_change", {"id": "a" * 64, "speed": "unpaced", "scan_interval_s": 0.1}, True),
        ("parameter_change", {"id": "a", "speed": 100_000, "deadband": 100.0, "longest_silence_s": 3600}, True),
        ("parameter_change", {"id": "a"}, False),
        ("parameter_change", {"noise": 1, "deadband": 1}, False),
        ("parameter_change", {"id": "a" * 65, "noise": 0}, False),
        ("parameter_change", {"id": "a\n", "noise": 0}, False),
        ("parameter_change", {"id": "a/end", "noise": 0}, False),
        ("parameter_change", {"id": 1, "noise": 0}, False),
        ("parameter_change", {"id": "a", "noise": None}, False),
        ("parameter_change", {"id": "a", "noise": "1"}, False),
        ("parameter_change", {"id": "a", "noise": True}, False),
        ("parameter_change", {"id": "a", "noise": 1, "seed": 1}, False),
        ("parameter_change", {"id": "a", "speed": 0}, False),
        ("parameter_change", {"id": "a", "speed": "paced"}, False),
        ("parameter_change", {"id": "a", "scan_interval_s": 10**400}, False),
        ("parameter_change", [], False),
        ("scenario_request", {"id": "a", "name": "ramp"}, True),
        ("scenario_request", {"id": "a", "name": "Ramp"}, False),
        ("scenario_request", {"id": "a", "name": ["ramp"]}, False),
        ("scenario_request", {"id": "a"}, False),
        ("scenario_request", {"id": "a", "name": "ramp", "after_s": 1}, False),
        ("fault_request", {"id": "a", "kind": "link_loss", "generator": "G1"}, True),
        ("fault_request", {"id": "a", "kind": "link_loss", "generator": "G10000", "after_s": 0}, True),
        ("fault_request", {"id": "a", "kind": "link_loss"}, False),
        ("fault_request", {"id": "a", "generator": "G1"}, False),
        ("fault_request", {"kind": "link_loss", "generator": "G1"}, False),
        ("fault_request", {"id": "a", "kind": "LINK_LOSS", "generator": "G1"}, False),
        ("fault_request", {"id": "a", "kind": "malformed_lines", "generator": "G1"}, False),
        ("fault_request", {"id": "a", "kind": "link_loss", "generator": "G0"}, False),
        ("fault_request", {"id": "a", "kind": "link_loss", "generator": "G1", "after_s": -1}, False),
        ("fault_request", {"id": "a", "kind": "link_loss", "generator": "G1", "after_s": 2_592_001}, False),
        ("fault_request", {"id": "a", "kind": "link_loss", "generator": "G1", "measurement": None}, False),
        ("fault_request", {"id": "a", "kind": "frozen", "generator": "G1", "measurement": "energy_kwh"}, False),
        ("fault_request", None, False),
    ],
)
def test_the_contract_and_the_model_of_a_request_accept_the_same(name: str, document: Any, is_good: bool) -> None:
    assert is_accepted_by_all(name, document) == is_good


OPEN = (0.001, 2_592_000)
FAULTS: dict[str, tuple[bool, tuple[float, float] | None, tuple[float, float] | None]] = {
    "spike": (True, (-1e6, 1e6), None),
    "bias": (True, (-1e6, 1e6), OPEN),
    "drift": (True, (-1e6, 1e6), OPEN),
    "frozen": (True, None, OPEN),
    "noise": (True, (1.5, 20), OPEN),
    "dropout": (True, None, OPEN),
    "out_of_range": (True, None, OPEN),
    "wire_break": (True, None, OPEN),
    "fuel_leak": (False, (0.5, 500), OPEN),
    "cooling_failure": (False, (0.05, 1), OPEN),
    "lubrication_failure": (False, (0.05, 1), OPEN),
    "lubrication_wear": (False, (0.5, 100), OPEN),
    "governor_hunting": (False, (0.02, 0.1), OPEN),
    "avr_failure": (False, (-1, 1), OPEN),
    "injector_loss": (False, (0.02, 0.2), OPEN),
    "breaker_trip": (False, None, None),
    "fail_to_start": (False, None, OPEN),
    "left_out_of_auto": (False, None, OPEN),
    "link_loss": (False, None, OPEN),
    "gateway_outage": (False, None, (0.001, 7200)),
    "gateway_restart": (False, None, (0.001, 600)),
    "late_delivery": (False, (1, 3600), OPEN),
    "out_of_order": (False, (1, 600), OPEN),
    "clock_skew": (False, (-600, 600), OPEN),
    "clock_step": (False, (-86_400, 86_400), OPEN),
}
"""By class: whether it is an instrument's, and the bounds of magnitude and duration; None where there is none."""


def test_the_table_of_faults_has_every_class() -> None:
    assert list(FAULTS) == list(FaultClass)


@pytest.mark.parametrize("kind", FAULTS)
def test_the_contract_and_the_model_of_a_fault_accept_the_same(kind: str) -> None:
    has_measurement, magnitude, duration = FAULTS[kind]
    without = {"id": "a", "kind": kind, "generator": "G1"}
    given = without | {"measurement": "voltage_v"}
    good, bad = (given, without) if has_measurement else (without, given)
    assert is_accepted_by_all("fault_request", good)
    assert not is_accepted_by_all("fault_request", bad)
    for name, bounds in (("magnitude", magnitude), ("duration_s", duration)):
        least, most = bounds or (1, 1)
        for value in (least, most):
            assert is_accepted_by_all("fault_request", good | {name: value}) == (bounds is not None)
        outside: tuple[Any, ...] = (0, least - 0.001, most + 0.001, None, "1")
        for value in outside:
            assert not is_accepted_by_all("fault_request", good | {name: value})


@pytest.mark.parametrize(
    "changes",
    [
        {"stream": None},
        {"stream": {"stream_id": "run-1"}},
        {"control_log": {}},
        {"control_log": [{"id": "a", "scan": 0, "change": {"end": "b"}}]},
        {"control_log": [{"id": "a/start", "scan": 1, "change": {"end": "b"}}]},
        {"control_log": [{"id": "a", "scan": 1, "change": {}}]},
        {"control_log": [{"id": "a", "scan": 1, "change": {"end": "b", "parameters": {"noise": 1}}}]},
        {"control_log": [{"id": "a", "scan": 1, "change": {"parameters": {"speed": 1}}}]},
        {"control_log": [{"id": "a", "scan": 1, "change": {"fault": {"id": "a", "kind": "spike"}}}]},
        {"control_log": [{"id": "a", "scan": 1, "change": {"scenario": [{"parameters": {"noise": 1}}]}}]},
        {"seed": 1},
    ],
    ids=str,
)
def test_a_recording_that_breaks_its_contract_is_refused(changes: dict[str, Any]) -> None:
    identity = decide(Settings(stream_id="run-1"), datetime(2026, 3, 1, tzinfo=UTC))
    recording = {"stream": asdict(identity), "control_log": [{"id": "a/end", "scan": 1, "change": {"end": "a"}}]}
    published.check("recording", recording)
    with pytest.raises(ContractError):
        published.check("recording", recording | changes)


EXCHANGE = exchanges.Exchange(
    "POST", "/generator/scenarios", b'{"id":"a","name":"ramp"}', 409, exchanges.PROBLEM, b'{"title":"","detail":""}'
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "record breaks problem: required"),
        ({"answer": b'{"title":"","detail":"","status":404}'}, "status must be 409, as the answer's, got 404"),
        ({"media_type": "application/json"}, "must be application/problem"),
        ({"status": 201, "answer": b'{"id":"a","scan":0,"description":""}'}, "scan breaks scenario_answer: minimum"),
        ({"body": b"{}", "answer": b'{"title":"","detail":"","status":409}'}, "breaks scenario_request: required"),
        ({"status": 422, "answer": b'{"title":"","detail":"","status":422}'}, "is refused and keeps scenario_request"),
    ],
)
def test_an_exchange_that_breaks_a_contract_is_found(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        exchanges.judge(replace(EXCHANGE, **changes))


def test_the_paths_of_operations_are_recognised() -> None:
    for path in ("/generator/faults/s:1", "/generator/faults/{id}"):
        assert exchanges.operation_of("DELETE", path) == published.Operation(None, "fault_end")
    assert exchanges.operation_of("DELETE", "/generator/faults") is None


def test_labels_know_every_class_of_faults() -> None:
    assert schema.document("label.v1.json")["properties"]["kind"]["enum"] == [*FaultClass, *Damage]


@pytest.mark.parametrize("kind", [*FaultClass, *Damage])
@pytest.mark.parametrize(
    ("magnitude", "unit", "end_us", "observable_from_us"),
    [(None, None, None, None), (-2.5, "%/h", 1_767_225_607_000_001, 1_767_225_600_500_000)],
)
def test_every_label_keeps_its_contract(
    kind: FaultClass | Damage,
    magnitude: float | None,
    unit: str | None,
    end_us: int | None,
    observable_from_us: int | None,
) -> None:
    told = Label(
        id="a:1",
        kind=kind,
        origin=None if isinstance(kind, Damage) else "G1",
        affected=("G1", "G10"),
        measurements=("voltage_v", "state", "fault_alarms", "source_time", "server_time"),
        magnitude=magnitude,
        unit=unit,
        start_us=1_767_225_600_000_000,
        end_us=end_us,
        observable_from_us=observable_from_us,
    )
    published.check("label", label_answer(told).model_dump(mode="json"))


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm["alarm_id"])
def test_every_row_of_the_alarm_database_keeps_its_contract(alarm: dict[str, Any]) -> None:
    published.check("alarm_definition", alarm)


def test_alarms_are_unique_and_their_limits_can_be_reached() -> None:
    assert len({alarm["alarm_id"] for alarm in ALARMS}) == len(ALARMS)
    for alarm in ALARMS:
        match alarm:
            case {"type": "HIGH" | "LOW", "limit": limit, "deadband": deadband, "measurement": measurement}:
                field = READING[measurement]
                assert field.minimum is not None
                assert field.maximum is not None
                assert field.minimum < limit - deadband < limit + deadband < field.maximum
            case {"type": "DISCRETE", "symbols": symbols, "measurement": measurement, "limit": None}:
                assert symbols
                assert set(symbols) <= set(READING[measurement].symbols)
            case {"type": kind}:
                assert kind == "SILENCE"


def test_the_alarms_are_those_of_the_plant() -> None:
    found = {alarm["alarm_id"]: (alarm["limit"], alarm["on_delay_s"], alarm["priority"]) for alarm in ALARMS}
    assert found == {
        "LOW_FUEL": (25, 60, "low"),
        "FUEL_CRITICAL": (10, 30, "medium"),
        "VOLTAGE_LOW": (207, 5, "high"),
        "VOLTAGE_HIGH": (253, 5, "high"),
        "FREQUENCY_LOW": (48.5, 5, "high"),
        "FREQUENCY_HIGH": (51.5, 5, "high"),
        "COOLANT_HIGH": (100, 10, "medium"),
        "OIL_LOW": (220, 5, "high"),
        "OVERLOAD": (150, 300, "low"),
        "PREHEAT_LOW": (32, 300, "low"),
        "DEVICE_TRIP": (None, 0, "high"),
        "FAIL_TO_START": (None, 0, "medium"),
        "NOT_IN_AUTO": (None, 600, "low"),
        "COMM_LOSS": (3, 30, "medium"),
        "GATEWAY_SILENT": (3, 30, "high"),
    }

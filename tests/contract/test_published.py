"""What leaves the pipeline keeps its contract; for the result topics see also `tests/spark/test_results.py`."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import contracts
from contracts import judge, published, schema, topics
from contracts.attack import corpus
from contracts.attack.rules import rules
from contracts.errors import ContractError
from generator.fault_requests import FaultAnswer
from generator.faults import FaultClass
from generator.fleet import PlantConfig, nameplates
from generator.lines import Damage
from generator.parameters import Parameters
from generator.truth import Label
from generator.truth_endpoints import label_answer
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


@pytest.mark.parametrize(("name", "model"), [("parameters", Parameters), ("fault", FaultAnswer)])
def test_the_control_api_answers_by_its_contract(name: str, model: Any) -> None:
    answered = rules(model.model_json_schema(mode="serialization"))
    assert answered == rules(schema.document(f"{name}.v1.json"))


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
    }

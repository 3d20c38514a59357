"""The generator's HTTP interface, asked in-process: cursors, formats, parameters and errors."""

import json
import resource
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from contracts import published, schema
from contracts.attack import exchanges
from contracts.errors import ContractError
from contracts.judge import parse
from generator import scenarios
from generator.app import create_app
from generator.aside import MOST_WAITING
from generator.control_log import MOST_ENTRIES, Entry
from generator.lines import Damage
from generator.settings import Settings

BASE_URL = "http://127.0.0.1:8000"
SITE = {
    "stream_id": "run-1",
    "seed": 7,
    "start": "2026-03-01T00:00:00Z",
    "speed": "unpaced",
    "buffer_bytes": 2**20,  # which the look-ahead is a part of: a change is in force soon after what has been read
}


def client_of(**settings: Any) -> TestClient:
    """A client that judges every answer, whatever the test asks for, by the contracts of the control API."""
    client = TestClient(create_app(Settings.model_validate(SITE | settings)), base_url=BASE_URL)
    client.event_hooks = {"response": [keeps_its_contracts]}
    return client


def keeps_its_contracts(answer: Any) -> None:
    asked = answer.request
    exchanges.judge(
        exchanges.Exchange(
            asked.method,
            asked.url.path,
            asked.read(),
            answer.status_code,
            answer.headers["content-type"],
            answer.read(),
        )
    )


def wait_until_ready(client: TestClient) -> None:
    """Ask until it says so; the test's own timeout is the deadline."""
    while client.get("/readyz").status_code != 200:
        pass


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_of() as client:
        wait_until_ready(client)
        lines_of(client, limit=40)  # unpaced, the head is where somebody has read
        yield client


def lines_of(client: TestClient, **query: Any) -> list[bytes]:
    answer = client.get("/generator/stream", params=query)
    assert answer.status_code == 200, answer.text
    return [line for line in answer.content.split(b"\n") if line]


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    return problem


def test_every_line_is_a_reading_of_the_contract(client: TestClient) -> None:
    readings = [parse(line) for line in lines_of(client, limit=100)]
    assert [reading.generator_id for reading in readings[:10]] == [f"G{number}" for number in range(1, 11)]
    assert {reading.stream_id for reading in readings} == {"run-1"}
    assert [reading.seq for reading in readings if reading.generator_id == "G3"] == list(range(10))


@pytest.mark.parametrize("cursor", [0, 1, 9, 10, 511, 512, 513, 1999])
def test_after_a_cursor_comes_exactly_the_suffix(client: TestClient, cursor: int) -> None:
    whole = lines_of(client, limit=2000)
    assert lines_of(client, after=cursor, limit=2000 - cursor) == whole[cursor:]


def test_the_stream_is_a_function_of_its_settings(client: TestClient) -> None:
    with client_of() as again, client_of(seed=8) as other:
        wait_until_ready(again)
        wait_until_ready(other)
        assert lines_of(again, limit=500) == lines_of(client, limit=500)
        assert lines_of(other, limit=500) != lines_of(client, limit=500)


def test_what_has_left_the_buffer_is_simulated_anew() -> None:
    with client_of() as client:
        wait_until_ready(client)
        whole = lines_of(client, limit=10_000)
        assert lines_of(client, after=4_321, limit=1_000) == whole[4_321:5_321]
        assert "scada_generator_replays_total 1.0" in client.get("/metrics").text
        digest = sha256(whole[4_320]).hexdigest()[:16]
        assert lines_of(client, after=4_321, limit=1_000, digest=digest) == whole[4_321:5_321]


def test_events_carry_line_numbers_and_the_same_lines(client: TestClient) -> None:
    answer = client.get("/generator/stream", params={"after": 7, "limit": 3}, headers={"accept": "text/event-stream"})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line.decode() for line in lines_of(client, after=7, limit=3)]
    assert answer.text == "".join(f"id: {number}\ndata: {line}\n\n" for number, line in enumerate(lines, start=8))


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "application/jsonl"])
def test_the_preferred_name_of_ndjson_is_used(client: TestClient, media_type: str) -> None:
    answer = client.get("/generator/stream", params={"limit": 1}, headers={"accept": media_type})
    assert answer.headers["content-type"] == media_type


def test_the_answer_names_the_run_and_the_cursor(client: TestClient) -> None:
    answer = client.get("/generator/stream", params={"limit": 1, "after": 4})
    assert (answer.headers["stream-id"], answer.headers["stream-after"]) == ("run-1", "4")


def test_a_last_event_id_counts_before_the_query(client: TestClient) -> None:
    answer = client.get("/generator/stream", params={"limit": 1, "after": 4}, headers={"last-event-id": "6"})
    assert answer.headers["stream-after"] == "6"
    assert answer.content.splitlines() == lines_of(client, after=6, limit=1)


def test_a_digest_proves_the_stream(client: TestClient) -> None:
    whole = lines_of(client, limit=31)
    digest = sha256(whole[29]).hexdigest()[:16]
    assert lines_of(client, after=30, limit=1, digest=digest) == whole[30:]
    for cursor in (0, 29):
        problem_of(client.get("/generator/stream", params={"after": cursor, "limit": 1, "digest": digest}), 409)


def test_a_cursor_beyond_the_head_is_not_satisfiable(client: TestClient) -> None:
    problem_of(client.get("/generator/stream", params={"after": 2**40, "limit": 1}), 416)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "-1"}, "query.after"),
        ({"after": "x"}, "query.after"),
        ({"after": str(2**53)}, "query.after"),
        ({"limit": "0"}, "query.limit"),
        ({"limit": "100000001"}, "query.limit"),
        ({"digest": "xyz"}, "query.digest"),
    ],
)
def test_a_wrong_query_is_refused_by_name(client: TestClient, query: dict[str, str], field: str) -> None:
    problem = problem_of(client.get("/generator/stream", params=query), 422)
    assert [violation["field"] for violation in problem["violations"]] == [field]


@pytest.mark.parametrize("path", ["/generator/stream", "/generator/labels", "/generator/ledger"])
def test_a_parameter_of_the_query_is_given_once(client: TestClient, path: str) -> None:
    """Of several the framework would take the last, and leave out the others without a word."""
    problem = problem_of(client.get(path, params=[("upto", "1"), ("limit", "1"), ("limit", "x"), ("upto", "1")]), 422)
    assert [(each["field"], each["value"]) for each in problem["violations"]] == [
        ("query.upto", "['1', '1']"),
        ("query.limit", "['1', 'x']"),
    ]


def test_a_wrong_last_event_id_is_refused(client: TestClient) -> None:
    problem_of(client.get("/generator/stream", headers={"last-event-id": "abc"}), 422)


def test_a_format_that_is_not_offered_is_not_acceptable(client: TestClient) -> None:
    problem_of(client.get("/generator/stream", headers={"accept": "application/xml"}), 406)


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    problem_of(client.get("/nothing"), 404)
    refusal = client.put("/generator/parameters")
    problem_of(refusal, 405)
    assert refusal.headers["allow"] == "GET, PATCH"


def test_parameters_are_read_and_changed(client: TestClient) -> None:
    before = client.get("/generator/parameters").json()
    assert before["speed"] == "unpaced"
    assert before["scan_interval_s"] == 1.0
    answer = client.patch("/generator/parameters", json={"id": "warm", "ambient_temperature_c": 41.5})
    assert answer.status_code == 200
    assert answer.json()["parameters"] == before | {"ambient_temperature_c": 41.5}
    assert client.get("/generator/parameters").json() == before | {"ambient_temperature_c": 41.5}


def test_a_change_leaves_every_line_that_could_have_been_read(client: TestClient) -> None:
    before = lines_of(client, limit=3000)
    answer = client.patch("/generator/parameters", json={"id": "slow", "scan_interval_s": 2.0}).json()
    assert lines_of(client, limit=3000) == before
    first = 10 * (answer["scan"] - 1)
    times = [parse(line).source_time for line in lines_of(client, after=first - 20, limit=40)[::10]]
    assert [(later - earlier).total_seconds() for earlier, later in pairwise(times)] == [1, 2, 2]


def test_a_change_is_made_once_by_its_id(client: TestClient) -> None:
    change = {"id": "c1", "ambient_temperature_c": 10.0}
    first = client.patch("/generator/parameters", json=change).json()
    lines_of(client, limit=5000)
    client.patch("/generator/parameters", json={"id": "c2", "ambient_temperature_c": 30.0})
    again = client.patch("/generator/parameters", json=change).json()
    assert again["scan"] == first["scan"]
    assert client.get("/generator/parameters").json()["ambient_temperature_c"] == 30.0
    problem_of(client.patch("/generator/parameters", json=change | {"ambient_temperature_c": 11.0}), 409)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ambient_temperature_c": 20.0}, "body.id"),
        ({"id": "c"}, "body"),
        ({"id": "", "ambient_temperature_c": 20.0}, "body.id"),
        ({"id": "c", "ambient_temperature_c": 99.0}, "body.ambient_temperature_c"),
        ({"id": "c", "ambient_temperature_c": "20"}, "body.ambient_temperature_c"),
        ({"id": "c", "ambient_temperature_c": None}, "body.ambient_temperature_c"),
        ({"id": "c", "scan_interval_s": 0}, "body.scan_interval_s"),
        ({"id": "c", "unknown": 1}, "body.unknown"),
    ],
)
def test_a_wrong_change_is_refused_by_name(client: TestClient, body: dict[str, Any], field: str) -> None:
    before = client.get("/generator/parameters").json()
    problem = problem_of(client.patch("/generator/parameters", json=body), 422)
    assert [violation["field"] for violation in problem["violations"]] == [field]
    assert client.get("/generator/parameters").json() == before


def test_a_body_is_json_and_bounded(client: TestClient) -> None:
    change = json.dumps({"id": "c", "ambient_temperature_c": 20.0})
    json_type = {"content-type": "application/json"}
    problem_of(client.patch("/generator/parameters", content=change), 415)
    problem_of(client.patch("/generator/parameters", content=change + " " * 65_536, headers=json_type), 413)
    problem_of(client.patch("/generator/parameters", content=b"{", headers=json_type), 422)
    problem_of(client.patch("/generator/parameters", content=b'{"id":"\xff"}', headers=json_type), 400)


def test_the_control_endpoints_answer_under_their_own_host_names_only(client: TestClient) -> None:
    problem_of(client.get("/generator/parameters", headers={"host": "evil.example"}), 421)
    problem_of(client.patch("/generator/parameters", json={"id": "c", "noise": 1.0}, headers={"host": "evil"}), 421)


def test_the_control_endpoints_ask_for_the_token() -> None:
    token = "correct horse battery staple"  # noqa: S105  a test's
    with client_of(control_token=token) as client:
        wait_until_ready(client)
        problem_of(client.get("/generator/parameters"), 401)
        good = client.get("/generator/parameters", headers={"authorization": f"Bearer {token}"})
        assert good.status_code == 200
        assert lines_of(client, limit=1)


def test_a_fault_shows_in_the_readings_from_its_start_to_its_end(client: TestClient) -> None:
    healthy = lines_of(client, limit=3000)
    fault = {
        "id": "f1",
        "kind": "dropout",
        "generator": "G3",
        "measurement": "voltage_v",
        "after_s": 5,
        "duration_s": 3,
    }
    answer = client.post("/generator/faults", json=fault)
    assert answer.status_code == 201, answer.text
    injected = answer.json()
    assert injected["end"] - injected["start"] == 3
    assert client.get("/generator/faults").json() == {"faults": [injected]}
    assert lines_of(client, limit=3000) == healthy
    readings = [parse(line) for line in lines_of(client, limit=10 * (injected["end"] + 5))]
    bad = [reading.seq + 1 for reading in readings if reading.quality.get("voltage_v") == "BadSensorFailure"]
    assert bad == list(range(injected["start"], injected["end"]))
    assert {reading.generator_id for reading in readings if "voltage_v" in reading.quality} == {"G3"}


def test_a_fault_is_injected_once_and_removed_once(client: TestClient) -> None:
    fault = {"id": "f1", "kind": "link_loss", "generator": "G2"}
    first = client.post("/generator/faults", json=fault).json()
    lines_of(client, limit=3000)
    assert client.post("/generator/faults", json=fault).json() == first
    problem_of(client.post("/generator/faults", json=fault | {"generator": "G4"}), 409)
    removed = client.delete("/generator/faults/f1").json()
    assert removed["end"] > first["start"]
    assert client.delete("/generator/faults/f1").json() == removed
    lines_of(client, limit=10 * removed["end"])
    assert client.get("/generator/faults").json() == {"faults": []}
    problem_of(client.delete("/generator/faults/f2"), 404)


def test_a_fault_that_is_removed_before_it_begins_never_was(client: TestClient) -> None:
    with client_of() as healthy:
        wait_until_ready(healthy)
        fault = {"id": "f", "kind": "link_loss", "generator": "G2", "after_s": 60}
        start = client.post("/generator/faults", json=fault).json()["start"]
        client.delete("/generator/faults/f")
        assert lines_of(client, limit=10 * start + 100) == lines_of(healthy, limit=10 * start + 100)


def test_a_fault_that_was_removed_at_once_has_the_same_answer_again(client: TestClient) -> None:
    fault = {"id": "f", "kind": "link_loss", "generator": "G2"}
    first = client.post("/generator/faults", json=fault).json()
    assert client.delete("/generator/faults/f").json() == {"id": "f", "end": first["start"]}
    assert client.post("/generator/faults", json=fault).json() == first
    assert client.get("/generator/faults").json() == {"faults": []}


def test_no_two_faults_have_the_same_id(client: TestClient) -> None:
    """Those of a scenario are named after it, and labels and removals know a fault by its id."""
    fault = {"id": "s:2", "kind": "link_loss", "generator": "G2"}
    assert client.post("/generator/faults", json=fault).status_code == 201
    problem_of(client.post("/generator/scenarios", json={"id": "s", "name": "alarm_storm"}), 409)
    assert [known["id"] for known in client.get("/generator/faults").json()["faults"]] == ["s:2"]
    assert client.post("/generator/scenarios", json={"id": "t", "name": "alarm_storm"}).status_code == 201
    client.delete("/generator/faults/t:2")
    problem_of(client.post("/generator/faults", json=fault | {"id": "t:2"}), 409)


def test_the_faults_of_a_scenario_with_the_longest_id_can_be_seen_and_removed(client: TestClient) -> None:
    request = {"id": "s" * 61, "name": "black_start"}
    problem_of(client.post("/generator/scenarios", json=request | {"id": "s" * 62}), 422)
    assert client.post("/generator/scenarios", json=request).status_code == 201
    names = [fault["id"] for fault in client.get("/generator/faults").json()["faults"]]
    assert names == [f"{request['id']}:{number}" for number in range(1, 12)]
    assert client.delete(f"/generator/faults/{names[-1]}").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "field"),
    [
        ({"kind": "nonsense", "generator": "G1"}, 422, "body"),
        ({"kind": "bias", "generator": "G1"}, 422, "body.bias.measurement"),
        ({"kind": "bias", "generator": "G1", "measurement": "state"}, 422, "body.bias.measurement"),
        ({"kind": "link_loss", "generator": "G1", "magnitude": 1.0}, 422, "body.link_loss.magnitude"),
        ({"kind": "fuel_leak", "generator": "G1", "magnitude": 9999.0}, 422, "body.fuel_leak.magnitude"),
        ({"kind": "clock_step", "generator": "G1", "magnitude": 0}, 422, "body.clock_step.magnitude"),
        ({"kind": "gateway_outage", "generator": "G1", "duration_s": 7201}, 422, "body.gateway_outage.duration_s"),
        ({"kind": "breaker_trip", "generator": "G1", "duration_s": 1}, 422, "body.breaker_trip.duration_s"),
        ({"kind": "link_loss", "generator": "G11"}, 404, None),
    ],
)
def test_a_wrong_fault_is_refused_by_name(
    client: TestClient, fault: dict[str, Any], status: int, field: str | None
) -> None:
    problem = problem_of(client.post("/generator/faults", json={"id": "f"} | fault), status)
    assert [violation["field"] for violation in problem.get("violations", [])] == ([field] if field else [])
    assert client.get("/generator/faults").json() == {"faults": []}


@pytest.mark.parametrize("name", scenarios.names())
def test_every_scenario_begins_and_its_stream_keeps_the_contract(client: TestClient, name: str) -> None:
    answer = client.post("/generator/scenarios", json={"id": "s", "name": name})
    assert answer.status_code == 201, answer.text
    assert client.post("/generator/scenarios", json={"id": "s", "name": name}).json() == answer.json()
    lines = lines_of(client, limit=3_000)
    assert all(parse(line) for line in lines)
    with client_of() as ordinary:
        wait_until_ready(ordinary)
        assert lines_of(ordinary, limit=3_000) != lines


def test_a_recording_repeats_the_stream(client: TestClient, tmp_path: Path) -> None:
    client.post("/generator/scenarios", json={"id": "s", "name": "communication_outage"})
    lines_of(client, limit=3_000)
    client.patch("/generator/parameters", json={"id": "p", "scan_interval_s": 0.5, "demand_factor": 1.2})
    client.post("/generator/faults", json={"id": "f", "kind": "breaker_trip", "generator": "G1", "after_s": 20})
    whole = lines_of(client, limit=10_000)
    recording = tmp_path / "recording.json"
    recording.write_bytes(client.get("/generator/recording").content)
    repeated = create_app(Settings.model_validate({"replay": recording, "speed": "unpaced"}))
    with TestClient(repeated, base_url=BASE_URL) as again:
        wait_until_ready(again)
        assert lines_of(again, limit=10_000) == whole
        assert again.get("/generator/recording").json() == json.loads(recording.read_bytes())


def test_a_change_that_the_disk_has_no_room_for_is_refused_until_there_is(tmp_path: Path) -> None:
    with client_of(state_dir=tmp_path) as client:
        wait_until_ready(client)
        client.post("/generator/scenarios", json={"id": "s", "name": "sensor_rot"})  # the largest file there is
        before = client.get("/generator/recording").json()
        change = {"id": "c", "ambient_temperature_c": 10.0}
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = (tmp_path / "control-log.ndjson").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, hard))
        try:
            for _ in range(2):
                problem = problem_of(client.patch("/generator/parameters", json=change), 507)
                assert "File too large" in problem["detail"]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert client.get("/generator/recording").json() == before
        assert client.patch("/generator/parameters", json=change).status_code == 200
        kept = client.get("/generator/recording").json()
        assert [entry["id"] for entry in kept["control_log"]] == ["s", "c"]
    with client_of(state_dir=tmp_path) as client:
        wait_until_ready(client)
        assert client.get("/generator/recording").json() == kept


def test_a_fault_can_be_ended_when_the_control_log_is_full(tmp_path: Path) -> None:
    changes = [Entry(f"c{number}", 1, {"parameters": {"noise": 1.0}}) for number in range(MOST_ENTRIES - 1)]
    fault = Entry("f", 1, {"fault": {"id": "f", "kind": "link_loss", "generator": "G2"}})
    (tmp_path / "control-log.ndjson").write_bytes(b"".join(entry.line() for entry in (*changes, fault)))
    with client_of(state_dir=tmp_path) as client:
        wait_until_ready(client)
        lines_of(client, limit=40)
        full = problem_of(client.patch("/generator/parameters", json={"id": "c", "noise": 2.0}), 507)
        assert "20000 changes" in full["detail"]
        assert client.delete("/generator/faults/f").status_code == 200
        assert client.get("/generator/faults").json() == {"faults": []}


def test_labels_tell_the_truth_of_each_fault_that_has_begun(client: TestClient) -> None:
    dropout = {"id": "f1", "kind": "dropout", "generator": "G3", "measurement": "voltage_v", "duration_s": 3}
    start = client.post("/generator/faults", json=dropout | {"after_s": 5}).json()["start"]
    client.post("/generator/faults", json={"id": "f2", "kind": "link_loss", "generator": "G1", "after_s": 80_000})
    readings = [parse(line) for line in lines_of(client, limit=10 * (start + 20))]
    times = {reading.seq + 1: reading.source_time for reading in readings if reading.generator_id == "G3"}
    assert client.get("/generator/labels").json() == {
        "labels": [
            {
                "id": "f1",
                "kind": "dropout",
                "origin": "G3",
                "affected": ["G3"],
                "measurements": ["voltage_v"],
                "magnitude": None,
                "unit": None,
                "start": times[start].strftime("%Y-%m-%dT%H:%M:%SZ"),
                "end": times[start + 3].strftime("%Y-%m-%dT%H:%M:%SZ"),
                "observable_from": times[start].strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        ]
    }
    assert client.get("/generator/labels", params={"after": 1}).json() == {"labels": []}


def counted(lines: list[bytes]) -> tuple[Counter[str], Counter[tuple[str, int, str]]]:
    """What a reader finds in lines: outcomes, and valid lines and duplicates by set and lateness."""
    outcomes: Counter[str] = Counter()
    lateness: Counter[tuple[str, int, str]] = Counter()
    seen = set()
    for line in lines:
        try:
            json.loads(line)
        except ValueError:
            outcomes["malformed"] += 1
            continue
        try:
            reading = parse(line)
        except ContractError:
            outcomes["invalid"] += 1
            continue
        outcome = "duplicates" if (reading.generator_id, reading.seq) in seen else "valid"
        seen.add((reading.generator_id, reading.seq))
        late_s = (reading.server_time - reading.source_time) // timedelta(seconds=1)
        outcomes[outcome] += 1
        lateness[reading.generator_id, late_s, outcome] += 1
    return outcomes, lateness


def test_the_ledger_is_what_a_reader_finds() -> None:
    with client_of(damage=0.2) as client:
        wait_until_ready(client)
        late = {"id": "late", "kind": "late_delivery", "generator": "G3", "magnitude": 4.0, "duration_s": 60}
        assert client.post("/generator/faults", json=late).status_code == 201
        whole = lines_of(client, limit=3_000)
        for upto in (3_000, 0, 1, 1_777, 1_778, 2_500):
            answer = client.get("/generator/ledger", params={"upto": upto}).json()
            outcomes, lateness = counted(whole[:upto])
            assert {name: answer[name] for name in ("valid", "duplicates", "invalid", "malformed")} == {
                name: outcomes[name] for name in ("valid", "duplicates", "invalid", "malformed")
            }
            told = {
                (row["generator_id"], row["late_s"], outcome): row[outcome]
                for row in answer["lateness"]
                for outcome in ("valid", "duplicates")
                if row[outcome]
            }
            assert told == lateness
        problem_of(client.get("/generator/ledger", params={"upto": 2**40}), 416)
        problem_of(client.get("/generator/ledger"), 422)


def test_damage_on_the_wire_is_labelled_beside_a_fault_of_any_name() -> None:
    with client_of(damage=0.2) as client:
        wait_until_ready(client)
        fault = {"id": "wire:malformed_lines", "kind": "link_loss", "generator": "G1"}
        start = client.post("/generator/faults", json=fault).json()["start"]
        lines_of(client, limit=10 * start + 100)
        labels = client.get("/generator/labels").json()["labels"]
        for label in labels:
            published.check("label", label)
        assert [label["id"] for label in labels] == [*(f"wire/{damage}" for damage in Damage), "wire:malformed_lines"]
        assert all(label["observable_from"] for label in labels)
        for damage in Damage:
            named = client.patch("/generator/parameters", json={"id": f"wire/{damage}", "noise": 1.0})
            problem_of(named, 422)


def test_who_asks_for_the_ledger_does_not_wait_for_labels() -> None:
    async def stays() -> bool:
        return False

    app, release = create_app(Settings.model_validate(SITE)), Event()
    with TestClient(app, base_url=BASE_URL) as client:
        wait_until_ready(client)
        lines_of(client, limit=40)
        assert client.portal
        ask = app.state.hub.labels.ask
        waiting = [client.portal.start_task_soon(ask, lambda _: release.wait(), stays) for _ in range(MOST_WAITING)]
        try:
            assert client.get("/generator/ledger", params={"upto": 10}).json()["valid"] == 10
            refusal = client.get("/generator/labels")
            problem_of(refusal, 503)
            assert refusal.headers["retry-after"] == "5"
        finally:
            release.set()
        assert all(one.result() for one in waiting)
        assert client.get("/generator/labels").json() == {"labels": []}


def test_speed_is_no_part_of_the_stream(client: TestClient) -> None:
    whole = lines_of(client, limit=300)
    assert (
        client.patch("/generator/parameters", json={"id": "s", "speed": 1000.0}).json()["parameters"]["speed"] == 1000
    )
    assert lines_of(client, limit=300) == whole
    with client_of(speed=50_000.0) as paced:
        wait_until_ready(paced)
        assert lines_of(paced, limit=300) == whole


def test_probes_and_metrics_answer(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    lines_of(client, limit=10)  # 40 have been read before
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert 'scada_generator_lines_sent_total{media_type="application/x-ndjson"} 50.0' in metrics.text


def test_nameplates_tell_what_does_not_change_about_the_sets(client: TestClient) -> None:
    answer = client.get("/generator/nameplates")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["stream-id"] == "run-1"
    nameplates = [json.loads(line) for line in answer.content.splitlines()]
    assert [nameplate["generator_id"] for nameplate in nameplates] == [f"G{number}" for number in range(1, 11)]
    for nameplate in nameplates:
        published.check("nameplate", nameplate)


def test_the_documented_nameplate_is_the_contracts(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    content = document["paths"]["/generator/nameplates"]["get"]["responses"]["200"]["content"]
    assert content == {"application/x-ndjson": {"itemSchema": {"$ref": "#/components/schemas/Nameplate"}}}
    documented = document["components"]["schemas"]["Nameplate"]
    assert documented["required"] == schema.document("nameplate.v1.json")["required"]
    assert documented["properties"]["site"]["$ref"] == "#/components/schemas/Nameplate/$defs/identifier"


def test_the_documented_item_is_the_contracts_record(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.2.0"
    content = document["paths"]["/generator/stream"]["get"]["responses"]["200"]["content"]
    reading = {"$ref": "#/components/schemas/GeneratorReading"}
    assert content["application/x-ndjson"]["itemSchema"] == content["application/jsonl"]["itemSchema"] == reading
    assert content["text/event-stream"]["itemSchema"]["properties"]["data"]["contentSchema"] == reading
    assert "GeneratorReading" in document["components"]["schemas"]

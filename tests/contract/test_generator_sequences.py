"""Sequences of changes and streams against the generator under uvicorn, drawn at random: each change does what its
answer says, every line up to it and past it keeps the contract, and the cursor runs on through both representations.

How many sequences are drawn is the hypothesis profile's business (`contracts/attack/pytest_plugin.py`).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from itertools import takewhile
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts import schema
from contracts.attack import exchanges
from contracts.judge import parse
from generator.representation import MediaType
from generator.settings import Settings

SETTINGS = Settings.model_validate(
    {
        "stream_id": "sequence",
        "start": "2026-03-01T00:00:00Z",
        "speed": "unpaced",
        "generators": 12,  # in two sites
        "buffer_bytes": 2**20,  # which the look-ahead is a part of: a change is in force soon after what has been read
        "heartbeat_s": 1,
    }
)
START = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
WITNESS = "G12"
"""A set that no fault touches, in a site of its own: its source times are those of the plant's scans."""
HEARTBEATS = 60
"""Heartbeats in a row that a stream is given up after."""
SEQUENCES = settings(
    max_examples=min(settings().max_examples // 5, 2_000),
    stateful_step_count=12,
    deadline=None,
    # Each sequence starts a plant: shrinking one would outlast the test's own time, and they are short as it is.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.too_slow],
)

Serve = Callable[[Settings], AbstractContextManager[str]]
Asked = tuple[str, str, dict[str, Any] | None]
"""A request: method, path and body."""
Change = tuple[str, Asked]
"""A change by its id in the control log: the client's, or of the end of a fault the fault's with `/end`."""

PARAMETERS_PATH = "/generator/parameters"
FAULTS = "/generator/faults"
SCENARIO = "/generator/scenarios"
RECORDING = "/generator/recording"

IDS = st.sampled_from(["a", "a:1", "b", "b:2"]) | st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,60}\Z")
"""Names, of which some come again, and some are those that a scenario gives its faults."""


def number(name: str) -> st.SearchStrategy[float]:
    bounds = schema.document("parameter_change.v1.json")["properties"][name]
    return st.floats(bounds["minimum"], bounds["maximum"])


PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "scan_interval_s": st.integers(100, 60_000).map(lambda ms: ms / 1000),
        "ambient_temperature_c": number("ambient_temperature_c"),
        "demand_factor": number("demand_factor"),
        "noise": number("noise"),
        "deadband": number("deadband"),
        "longest_silence_s": st.integers(1, 120),
    },
).filter(bool)
"""Parameters with which lines come soon enough to wait for them."""

CLASSES = st.sampled_from(
    [
        {"kind": "link_loss"},
        {"kind": "gateway_outage"},
        {"kind": "late_delivery", "magnitude": 30},
        {"kind": "out_of_order"},
        {"kind": "clock_step", "magnitude": -3600},
        {"kind": "frozen", "measurement": "voltage_v"},
        {"kind": "noise", "measurement": "frequency_hz", "magnitude": 20},
        {"kind": "fuel_leak", "magnitude": 500},
        {"kind": "fail_to_start"},
    ]
)
TIMES = st.fixed_dictionaries({}, optional={"after_s": st.floats(0, 30), "duration_s": st.floats(0.001, 600)})
SCENARIOS = st.sampled_from(schema.document("scenario_request.v1.json")["properties"]["name"]["enum"])


class Sequence(RuleBasedStateMachine):
    """A client that changes a plant of its own, reads on, and knows from the answers what must come."""

    changes: Bundle[Change] = Bundle("changes")

    def __init__(self) -> None:
        super().__init__()
        self.plant = ExitStack()
        self.address = self.plant.enter_context(self.serve(SETTINGS))
        self.accepted: dict[str, tuple[Asked, dict[str, Any]]] = {}
        self.faults: set[str] = set()
        self.open: set[str] = set()
        self.cursor, self.last = 0, b""
        self.scan, self.time = 0, START
        self.interval, self.intervals = timedelta(seconds=1), dict[int, timedelta]()
        self.due = 1

    def serve(self, settings: Settings) -> AbstractContextManager[str]:
        raise NotImplementedError

    def teardown(self) -> None:
        self.plant.close()

    def ask(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """The status and the answer; both sides of the exchange are as their contracts say."""
        method, path, body = asked
        content = b"" if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        with closing(HTTPConnection(self.address, timeout=60)) as connection:
            connection.request(method, path, content, headers)
            with connection.getresponse() as answer:
                media_type = answer.headers["Content-Type"]
                exchange = exchanges.Exchange(method, path, content, answer.status, media_type, answer.read())
        exchanges.judge(exchange)
        return exchange.status, json.loads(exchange.answer)

    def get(self, path: str) -> dict[str, Any]:
        status, answer = self.ask(("GET", path, None))
        assert status == HTTPStatus.OK
        return answer

    def change(self, change: Change) -> Change:
        """Ask for a change: what was accepted has the same answer again, what is refused changes nothing."""
        id_, asked = change
        before = self.get(RECORDING)
        status, answer = self.ask(asked)
        after = self.get(RECORDING)
        assert status in self.expected(change)
        if status >= HTTPStatus.BAD_REQUEST:
            assert after == before
        elif id_ in self.accepted:
            assert after == before
            assert answer | {"parameters": None} == self.accepted[id_][1] | {"parameters": None}
        else:
            self.accepted[id_] = asked, answer
            assert after["control_log"][:-1] == before["control_log"]
            self.note(after["control_log"][-1], id_, answer)
        return change

    def expected(self, change: Change) -> set[int]:
        """The statuses that the answer to a change may have."""
        id_, asked = change
        method, path, body = asked
        success: set[int] = {HTTPStatus.CREATED if method == "POST" else HTTPStatus.OK}
        if id_ in self.accepted:
            return success if self.accepted[id_][0] == asked else {HTTPStatus.CONFLICT}
        match method, path, body:
            case "DELETE", _, _ if path.rpartition("/")[2] not in self.faults:
                return {HTTPStatus.NOT_FOUND}
            case "DELETE", _, _ if path.rpartition("/")[2] not in self.open:  # it may have ended by itself
                return {*success, HTTPStatus.NOT_FOUND}
            case _, "/generator/faults", {"id": name} if name in self.faults:
                return {HTTPStatus.CONFLICT}
            case _, "/generator/scenarios", {"id": name} if any(known.startswith(f"{name}:") for known in self.faults):
                return {*success, HTTPStatus.CONFLICT}
        return success

    def note(self, entry: dict[str, Any], id_: str, answer: dict[str, Any]) -> None:
        """Expect what a change brings, from a scan on that cannot have been read."""
        scan = entry["scan"]
        assert entry["id"] == id_
        assert scan > self.scan
        assert answer.get("start", scan) >= scan
        assert scan == answer.get("scan", scan)
        match entry["change"]:
            case {"parameters": values}:
                told = answer["parameters"]
                # The demand goes on changing where the ramp has begun.
                assert [name for name in values if name != "demand_factor" and told[name] != values[name]] == []
                if "scan_interval_s" in values:
                    self.intervals[scan] = timedelta(seconds=values["scan_interval_s"])
            case {"end": _}:
                assert answer["end"] == scan
            case {"fault": fault}:
                self.name_faults([fault])
                self.open |= {answer["id"]} if answer["end"] is None else set()
            case {"scenario": steps}:
                self.name_faults([step["fault"] for step in steps if "fault" in step])
        self.due = max(self.due, answer.get("start", scan))

    def name_faults(self, faults: list[dict[str, Any]]) -> None:
        names = {fault["id"] for fault in faults}
        assert len(names) == len(faults)
        assert not names & self.faults
        self.faults |= names
        listed = [fault["id"] for fault in self.get(FAULTS)["faults"]]
        assert len(set(listed)) == len(listed)
        assert set(listed) <= self.faults

    @rule(target=changes, id_=IDS, values=PARAMETERS)
    def change_parameters(self, id_: str, values: dict[str, Any]) -> Change:
        return self.change((id_, ("PATCH", PARAMETERS_PATH, {"id": id_, **values})))

    @rule(target=changes, id_=IDS, site=st.integers(1, 10), class_=CLASSES, times=TIMES)
    def inject_a_fault(self, id_: str, site: int, class_: dict[str, Any], times: dict[str, Any]) -> Change:
        return self.change((id_, ("POST", FAULTS, {"id": id_, "generator": f"G{site}", **class_, **times})))

    @rule(target=changes, id_=IDS, name=SCENARIOS)
    def begin_a_scenario(self, id_: str, name: str) -> Change:
        return self.change((id_, ("POST", SCENARIO, {"id": id_, "name": name})))

    @rule(target=changes, change=changes, suffix=st.sampled_from(["", ":1", ":2"]))
    def end_a_fault(self, change: Change, suffix: str) -> Change:
        name = change[0].removesuffix("/end") + suffix
        return self.change((f"{name}/end", ("DELETE", f"{FAULTS}/{name}", None)))

    @rule(change=changes)
    def repeat(self, change: Change) -> None:
        self.change(change)

    @rule(change=changes, values=PARAMETERS)
    def take_the_id_of_another(self, change: Change, values: dict[str, Any]) -> None:
        id_ = change[0].removesuffix("/end")
        self.change((id_, ("PATCH", PARAMETERS_PATH, {"id": id_, **values})))

    @rule(id_=IDS, speed=st.sampled_from(["unpaced", 2_000, 20_000]))
    def change_the_pace(self, id_: str, speed: str | int) -> None:
        before = self.get(RECORDING)
        status, answer = self.ask(("PATCH", PARAMETERS_PATH, {"id": id_, "speed": speed}))
        assert (status, answer["parameters"]["speed"]) == (HTTPStatus.OK, speed)
        assert self.get(RECORDING) == before

    @rule(media_type=st.sampled_from([MediaType.NDJSON, MediaType.EVENTS]))
    def read_past_the_last_change(self, media_type: MediaType) -> None:
        query = f"after={self.cursor}"
        if self.cursor:
            query += f"&digest={sha256(self.last).hexdigest()[:16]}"
        with closing(HTTPConnection(self.address, timeout=60)) as connection:
            connection.request("GET", f"/generator/stream?{query}", headers={"Accept": media_type})
            with connection.getresponse() as stream:
                assert (stream.status, stream.headers["Stream-After"]) == (HTTPStatus.OK, str(self.cursor))
                for number, line in numbered(stream, media_type, self.cursor):
                    assert number == self.cursor + 1
                    self.take(number, line)
                    if self.scan > self.due:
                        break

    def take(self, number: int, line: bytes) -> None:
        reading = parse(line)
        self.cursor, self.last = number, line
        if reading.generator_id == WITNESS:
            while self.time < reading.source_time:
                self.scan += 1
                self.interval = self.intervals.get(self.scan, self.interval)
                self.time += self.interval
            assert reading.source_time == self.time


def numbered(stream: HTTPResponse, media_type: MediaType, cursor: int) -> Iterator[tuple[int, bytes]]:
    """The lines of a stream with their numbers: of events as they say, of NDJSON counted from the cursor on."""
    heartbeats = 0
    while heartbeats < HEARTBEATS:
        first = stream.readline()
        if media_type is MediaType.EVENTS:
            rest = list(takewhile(lambda line: line != b"\n", iter(stream.readline, b"")))
            if first == b": heartbeat\n":
                assert rest == []
                heartbeats += 1
                continue
            [data] = rest
            assert first.startswith(b"id: ")
            assert data.startswith(b"data: ")
            heartbeats, cursor, line = 0, int(first[4:]), data[6:]
        elif first == b"\n":
            heartbeats += 1
            continue
        else:
            heartbeats, cursor, line = 0, cursor + 1, first
        assert line.endswith(b"\n")
        yield cursor, line[:-1]
    raise AssertionError(f"nothing but heartbeats after line {cursor}")


def test_any_sequence_of_changes_and_streams_keeps_the_contracts(serve: Serve) -> None:
    class Served(Sequence):
        def serve(self, settings: Settings) -> AbstractContextManager[str]:
            return serve(settings)

    run_state_machine_as_test(Served, settings=SEQUENCES)

"""``python -m producer`` between a real HTTP server and a real broker."""

import json
import signal
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from contracts import avro, judge, topics
from generator.fleet import PlantConfig, nameplate_lines
from pipeline.tail import tail

Read = Callable[[str], list[Any]]
Lines = Callable[[int], list[bytes]]
Eventually = Callable[[Callable[[], bool]], None]


def mark(read: Read) -> int:
    """Line of the newest low mark of the server's stream."""
    marks = read(topics.PROGRESS)
    return int(json.loads(marks[-1].value)["line"]) if marks else -1


def numbers(read: Read) -> list[int]:
    """Line numbers that are in the log, sorted."""
    records = read(topics.READINGS) + read(topics.DEAD_LETTERS)
    return sorted(int(dict(record.headers)["line"]) for record in records)


def test_every_line_arrives_as_a_reading_or_as_a_dead_letter(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines = lines(1000)
    bridge = start()
    eventually(lambda: mark(read) == 1000)
    assert bridge.end() == 0

    expected = dict(enumerate(server.lines, start=1))
    stream = server.stream_id.encode()
    readings = read(topics.READINGS)
    for record in readings:
        number = int(dict(record.headers)["line"])
        assert record.headers == [("stream", stream), ("line", b"%d" % number)]
        assert avro.decode(record.value) == judge.parse(expected.pop(number))
        assert record.key == b"G%d" % (number % 10)
    for record in read(topics.DEAD_LETTERS):
        headers = dict(record.headers)
        assert record.key is None
        assert record.value == expected.pop(int(headers["line"]))
        assert list(headers) == ["stream", "line", "field", "rule", "value"]
        assert headers["stream"] == stream
        assert headers["rule"].startswith(b"must be")
    assert expected == {}


def test_readings_of_a_site_lie_in_one_partition_in_the_order_of_their_lines(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines = lines(1000)
    bridge = start()
    eventually(lambda: mark(read) == 1000)
    assert bridge.end() == 0
    order: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in read(topics.READINGS):
        order[avro.decode(record.value).site, record.partition].append(int(dict(record.headers)["line"]))
    # CRC-32 of the names, modulo four: 2173770834, 412634600, 1872723326, 4059818205, 2264717387.
    assert set(order) == {("S1", 2), ("S2", 0), ("S3", 2), ("S4", 1), ("S5", 3)}
    assert all(numbers == sorted(numbers) for numbers in order.values())


def test_nameplates_arrive_keyed_by_their_generator(
    server: Any, start: Callable[..., Any], kafka: str, read: Read, eventually: Eventually
) -> None:
    server.lines = [b"{}"]
    server.nameplates = nameplate_lines(PlantConfig("s", 1, 0, 12)).splitlines()
    bridge = start()
    eventually(lambda: mark(read) == 1)
    assert bridge.end() == 0
    found = [json.loads(line) for line in tail(kafka, topics.NAMEPLATE, 12, is_endless=False, stopping=lambda: False)]
    assert [record["key"] for record in found] == [f"G{number}" for number in range(1, 13)]
    assert [record["value"] for record in found] == [json.loads(line) for line in server.nameplates]


def test_the_low_mark_proves_its_line_and_says_where_to_look_behind_it(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines = lines(300)
    bridge = start()
    eventually(lambda: mark(read) == 300)
    assert bridge.end() == 0
    newest = read(topics.PROGRESS)[-1]
    content = json.loads(newest.value)
    assert newest.key == server.stream_id.encode()
    assert content["stream_id"] == server.stream_id
    beyond: Counter[str] = Counter()
    for record in read(topics.READINGS) + read(topics.DEAD_LETTERS):
        beyond[f"{record.topic}-{record.partition}"] = max(
            beyond[f"{record.topic}-{record.partition}"], record.offset + 1
        )
    assert content["offsets"] == content["offsets"] | dict(beyond)
    assert len(content["offsets"]) == 5


def test_a_connection_that_breaks_in_the_middle_of_a_line_costs_nothing(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines = lines(900)
    server.cuts = [100_000, 1, 50_037]
    bridge = start()
    eventually(lambda: mark(read) == 900)
    assert bridge.end() == 0
    assert numbers(read) == list(range(1, 901))
    assert len(bridge.events("stream_taken_up")) == 1
    after = [int(query["after"]) for query in server.asked]
    assert 0 == after[0] < after[1] == after[2] < after[3] < 900
    assert "digest" not in server.asked[0]
    assert "digest" in server.asked[1]


def test_sigterm_in_full_flow_leaves_everything_acknowledged(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines, server.pause_s = lines(60_000), 0.01
    bridge = start()
    eventually(lambda: mark(read) > 0)
    assert bridge.end(signal.SIGTERM) == 0
    assert numbers(read) == list(range(1, mark(read) + 1))
    assert mark(read) == bridge.events("stream_left")[-1]["line"] < 60_000


def test_after_kill_9_exactly_what_is_missing_is_sent(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines, server.pause_s = lines(60_000), 0.01
    bridges = []
    for _ in range(3):
        reached = mark(read)
        bridges.append(start())
        eventually(lambda reached=reached: mark(read) > max(reached, 0))  # type: ignore[misc]  # mypy cannot infer it
        bridges[-1].end(signal.SIGKILL)
    bridges.append(start())
    eventually(lambda: mark(read) == 60_000)
    assert bridges[-1].end(signal.SIGINT) == 0
    assert sum(bridge.events("stream_taken_up")[0]["present"] for bridge in bridges) > 0
    assert numbers(read) == list(range(1, 60_001))


def test_a_source_with_another_history_under_the_same_name_ends_the_bridge_with_a_reason(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines = lines(100)
    bridge = start()
    eventually(lambda: mark(read) == 100)
    assert bridge.end() == 0
    server.lines[99] = b"something else"
    for status in (409, 416):
        bridge = start()
        assert bridge.wait() == 2
        error = bridge.errors.read_text()
        assert error.count("\n") == 1
        assert f"answered {status} for what follows line 100" in error
        server.lines = server.lines[:50]
    assert numbers(read) == list(range(1, 101))


def test_a_source_that_restarts_under_a_new_name_is_followed_from_its_first_line(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.lines = lines(100)
    server.cuts = [60_000]
    bridge = start()
    eventually(lambda: len(server.asked) == 2)
    first, server.cuts = server.stream_id, [1]
    eventually(lambda: mark(read) == 100)
    server.stream_id, server.lines = first + "-again", lines(70)
    server.is_closing.set()
    eventually(lambda: mark(read) == 70)
    assert bridge.end() == 0
    assert numbers(read) == list(range(1, 71))
    server.stream_id = first
    assert numbers(read) == list(range(1, 101))


def test_a_source_that_is_not_there_yet_is_waited_for(
    server: Any, start: Callable[..., Any], read: Read, lines: Lines, eventually: Eventually
) -> None:
    server.status = 503
    server.lines = lines(20)
    bridge = start()
    eventually(lambda: len(bridge.events("source_lost")) >= 2)
    server.status = None
    eventually(lambda: mark(read) == 20)
    assert bridge.end() == 0


def test_what_is_no_stream_ends_the_bridge_with_a_reason(server: Any, start: Callable[..., Any]) -> None:
    server.status = 404
    bridge = start()
    assert bridge.wait() == 2
    assert "is it the URL of a stream?" in bridge.errors.read_text()


def test_wrong_settings_end_the_bridge_with_a_reason(start: Callable[..., Any]) -> None:
    bridge = start("--max-lines", "0")
    assert bridge.wait() == 2
    assert bridge.errors.read_text() == "producer: max_lines: Input should be greater than or equal to 1\n"

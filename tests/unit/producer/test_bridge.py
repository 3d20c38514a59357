"""The loop against lists: a source that breaks off anywhere, a log that fails anywhere, a clock of its own."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contracts import topics
from generator.fleet import PlantConfig, nameplate_lines
from producer.bridge import Bridge, LogLostError, SourceConflictError, SourceLostError
from producer.delivery import Limits
from producer.partition import partition_of
from producer.progress import Mark
from producer.recovery import Recovery, recover
from producer.route import Message

NAMEPLATES = nameplate_lines(PlantConfig("s", 1, 0, 3)).splitlines()
PARTITIONS = ("readings-0", "readings-1", "readings-2", "dead-letters-0")
MOST_PARTITIONS = 5
SITES = ("north", "south", "south", "east", "west")


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class Position:
    topic: str
    partition: int
    offset: int


@dataclass
class Receipt:
    is_done: bool = False
    value: Position | None = None
    exception: BaseException | None = None


@dataclass
class Chance:
    """Draws, and faults until there have been enough of them."""

    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - nothing secret
    faults: int = 0

    def strikes(self, rate: float) -> bool:
        struck = self.faults > 0 and self.random.random() < rate
        self.faults -= struck
        return struck

    def up_to(self, most: int) -> int:
        return self.random.randint(0, most) if self.faults else most


@dataclass
class Topics:
    """What outlives every client: messages per partition, and marks."""

    logs: dict[str, list[Message]] = field(default_factory=lambda: {name: [] for name in PARTITIONS})
    marks: list[Mark] = field(default_factory=list)
    nameplates: list[Message] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def append(self, partition: str, content: Message | Mark) -> Position:
        topic, _, number = partition.rpartition("-")
        self.order.append(partition)
        if isinstance(content, Mark):
            self.marks.append(content)
            return Position(topic, int(number), len(self.marks) - 1)
        if partition == "nameplate-0":
            self.nameplates.append(content)
            return Position(topic, int(number), len(self.nameplates) - 1)
        self.logs[partition].append(content)
        return Position(topic, int(number), len(self.logs[partition]) - 1)

    @property
    def readings(self) -> list[str]:
        """Partitions of the readings."""
        return [name for name in self.logs if name.startswith("readings-")]

    def grow(self) -> None:
        """The readings get one partition more."""
        self.logs[f"readings-{len(self.readings)}"] = []

    def lines(self, stream_id: str = "s") -> list[int]:
        """Numbers of the stream's lines that are there, sorted."""
        headers = [dict(message.headers) for log in self.logs.values() for message in log]
        return sorted(int(each["line"]) for each in headers if each["stream"] == stream_id.encode())


class Client:
    """A client instance: each message is unsent, then appended, then acknowledged, in the order of its partition."""

    def __init__(self, topics: Topics, chance: Chance, limit: int) -> None:
        self.topics = topics
        self.chance = chance
        self.limit = limit
        self.unsent: dict[str, deque[tuple[Message | Mark, Receipt]]] = defaultdict(deque)
        self.appended: dict[str, deque[tuple[Position, Receipt]]] = defaultdict(deque)
        self.is_frozen = False

    def recover(self, stream_id: str) -> Recovery:
        ends = {name: len(log) for name, log in self.topics.logs.items()}
        marks = [mark for mark in self.topics.marks if mark.stream_id == stream_id]
        if not marks:
            self.topics.marks.append(Mark(stream_id, 0, ends))
            return recover(self.topics.marks[-1], [], ends)
        found = (m.headers for name, log in self.topics.logs.items() for m in log[marks[-1].offsets.get(name, 0) :])
        return recover(marks[-1], found, ends)

    def send(self, message: Message) -> Receipt:
        if message.topic == topics.NAMEPLATE:
            return self._begin("nameplate-0", message)
        site, partitions = message.site, self.topics.readings
        receipt = self._begin(partitions[partition_of(site, len(partitions))] if site else "dead-letters-0", message)
        in_flight = [queue for name, queue in self.unsent.items() if name in self.topics.logs]
        assert sum(map(len, in_flight)) <= self.limit
        return receipt

    def record(self, mark: Mark) -> Receipt:
        return self._begin("progress-0", mark)

    def _begin(self, partition: str, content: Message | Mark) -> Receipt:
        receipt = Receipt()
        self.unsent[partition].append((content, receipt))
        return receipt

    def work(self) -> None:
        if len(self.topics.readings) < MOST_PARTITIONS and self.chance.strikes(0.01):
            self.topics.grow()
        self.is_frozen = self.is_frozen or self.chance.strikes(0.01)
        if self.is_frozen:
            return
        for partition, queue in sorted(self.unsent.items(), key=lambda _: self.chance.random.random()):
            self._append(partition, self.chance.up_to(len(queue)))
            if self.chance.strikes(0.02):
                self._fail(partition)
            waiting = self.appended[partition]
            for _ in range(self.chance.up_to(len(waiting))):
                position, receipt = waiting.popleft()
                receipt.value, receipt.is_done = position, True

    def die(self) -> None:
        """What is under way still arrives or does not."""
        for partition, queue in self.unsent.items():
            self._append(partition, self.chance.random.randint(0, len(queue)))

    def _append(self, partition: str, count: int) -> None:
        for _ in range(count):
            content, receipt = self.unsent[partition].popleft()
            self.appended[partition].append((self.topics.append(partition, content), receipt))

    def _fail(self, partition: str) -> None:
        """A batch fails, whether it was appended or not; the client goes on with later ones."""
        receipts = [receipt for _, receipt in [*self.appended.pop(partition, ()), *self.unsent[partition]]]
        self.unsent[partition].clear()
        for receipt in receipts:
            receipt.exception, receipt.is_done = TimeoutError("delivery timed out"), True


class Source:
    """A stream of given lines that breaks off anywhere, heartbeats included, and falls silent at its end."""

    def __init__(self, lines: list[bytes], chance: Chance, name: str = "s") -> None:
        self.lines = lines
        self.chance = chance
        self.name = name
        self.static = NAMEPLATES
        self.is_read_out = False
        self.cursors: list[int] = []

    def stream_id(self) -> str:
        if self.chance.strikes(0.2):
            raise SourceLostError("connection refused")
        return self.name

    @contextmanager
    def nameplates(self) -> Iterator["Told"]:
        if self.chance.strikes(0.2):
            raise SourceLostError("connection refused")
        yield Told(self.name, self.static)

    @contextmanager
    def open(self, after: int, digest: str | None) -> Iterator["Reader"]:
        self.cursors.append(after)
        if after > len(self.lines):
            raise SourceConflictError("416")
        if after and digest != hashlib.sha256(self.lines[after - 1]).hexdigest()[:16]:
            raise SourceConflictError("409")
        yield Reader(self, after)


@dataclass
class Told:
    """The nameplates of a stream, in two pieces."""

    stream_id: str
    lines: list[bytes]

    def __iter__(self) -> Iterator[bytes]:
        data = b"".join(line + b"\n" for line in self.lines)
        yield data[: len(data) // 2]
        yield b""
        yield data[len(data) // 2 :]


class Reader:
    def __init__(self, source: Source, after: int) -> None:
        self.source = source
        self.stream_id = source.name
        self.data = b"\n" + b"\n\n".join([*source.lines[after:], b""])

    def __iter__(self) -> Iterator[bytes]:
        chance = self.source.chance
        edges = sorted(chance.random.randint(0, len(self.data)) for _ in range(len(self.data) // 2000))
        for begin, end in pairwise([0, *edges, len(self.data)]):
            yield self.data[begin:end]
            if chance.strikes(0.05):
                raise SourceLostError("broke off")
            if chance.strikes(0.05):
                return
            yield b""
        self.source.is_read_out = True
        while True:
            yield b""


def break_off(source: Source, connections: int) -> None:
    """Let so many of the source's next connections break off after three pieces."""
    original, breaks = source.open, iter([True] * connections)

    class Fragile(Reader):
        def __iter__(self) -> Iterator[bytes]:
            pieces = super().__iter__()
            yield from islice(pieces, 3)
            if next(breaks, False):
                raise SourceLostError("broke off")
            yield from pieces

    @contextmanager
    def fragile(after: int, digest: str | None) -> Iterator[Reader]:
        with original(after, digest):
            yield Fragile(source, after)

    source.open = fragile  # type: ignore[method-assign]  # a fault of this run only


class World:
    """A source, a log and the time; `run` is the life of one process."""

    def __init__(self, source: Source, chance: Chance, limits: Limits) -> None:
        self.source = source
        self.chance = chance
        self.limits = limits
        self.topics = Topics()
        self.client: Client | None = None
        self.now = 0.0
        self.is_told_to_stop: Callable[[], bool] = lambda: False

    def run(self) -> bool:
        bridge = Bridge(
            self.source,
            self._connect,
            self.limits,
            stopping=lambda: self.source.is_read_out or self.is_told_to_stop(),
            clock=self._clock,
            sleep=self._sleep,
        )
        return bridge.run()

    @contextmanager
    def _connect(self) -> Iterator[Client]:
        if self.chance.strikes(0.2):
            raise LogLostError("connection refused")
        self.client = Client(self.topics, self.chance, self.limits.lines)
        try:
            yield self.client
        finally:
            self.client.die()
            self.client = None

    def _clock(self) -> float:
        self.now += 0.05
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.chance.strikes(0.02):
            raise KilledError
        if self.client:
            self.client.work()


@pytest.fixture(scope="session")
def world(valid_line: Callable[..., bytes]) -> Callable[..., World]:
    def make(count: int, chance: Chance | None = None, limit: int = 6) -> World:
        chance = chance or Chance()
        lines = [
            b'{"damaged":%d' % seq
            if chance.random.random() < 0.2
            else valid_line(f"G{seq % 5}", seq, site=SITES[seq % 5])
            for seq in range(count)
        ]
        return World(Source(lines, chance), chance, Limits(limit, 100_000, 30.0))

    return make


ALL = st.builds(Chance, st.randoms(use_true_random=True), st.integers(0, 30))


@given(ALL, st.integers(0, 60), st.integers(1, 8))
def test_every_line_is_in_the_log_exactly_once_whatever_fails(
    world: Callable[..., World], chance: Chance, count: int, limit: int
) -> None:
    """The source breaks off, the log refuses, freezes, fails and grows, the process is killed.

    Nothing is lost or doubled.
    """
    life = world(count, chance, limit)
    while True:
        try:
            if life.run():
                break
        except KilledError:
            pass
        life.source.is_read_out = False
    assert life.topics.lines() == list(range(1, count + 1))
    assert life.topics.marks[-1].line == count


@given(ALL, st.integers(1, 40))
def test_no_line_beyond_a_mark_lies_below_its_offsets(world: Callable[..., World], chance: Chance, count: int) -> None:
    life = world(count, chance)
    while True:
        try:
            if life.run():
                break
        except KilledError:
            pass
        life.source.is_read_out = False
    for mark in life.topics.marks:
        for name, log in life.topics.logs.items():
            assert all(int(dict(m.headers)["line"]) <= mark.line for m in log[: mark.offsets.get(name, 0)])


def test_readings_of_a_site_lie_in_one_partition_in_the_order_of_their_lines(world: Callable[..., World]) -> None:
    life = world(60)
    assert life.run()
    lines: dict[str, list[int]] = defaultdict(list)
    for name in life.topics.readings:
        for message in life.topics.logs[name]:
            lines[f"{message.site} in {name}"].append(int(dict(message.headers)["line"]))
    assert set(lines) == {"north in readings-0", "south in readings-1", "east in readings-1", "west in readings-2"}
    assert all(numbers == sorted(numbers) for numbers in lines.values())


@given(st.randoms(use_true_random=True))
def test_the_nameplates_of_the_sets_are_in_the_log_before_their_first_reading(
    world: Callable[..., World], random: Random
) -> None:
    life = world(20, Chance(random))
    assert life.run()
    assert life.topics.order[:3] == ["nameplate-0"] * 3
    assert [message.key for message in life.topics.nameplates] == [b"G1", b"G2", b"G3"]


def test_nameplates_that_may_not_be_in_the_log_are_written_again_by_another_instance(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = world(20)
    work, failures = Client.work, iter([True])

    def failing(client: Client) -> None:
        if next(failures, False):
            client._fail("nameplate-0")
        work(client)

    monkeypatch.setattr(Client, "work", failing)
    with capture_logs() as logs:
        assert life.run()
    assert [entry["reason"] for entry in logs if entry["event"] == "log_lost"] == ["delivery timed out"]
    assert [message.key for message in life.topics.nameplates] == [b"G1", b"G2", b"G3"]
    assert life.topics.order[:3] == ["nameplate-0"] * 3
    assert life.topics.lines() == list(range(1, 21))


class Endless(Told):
    """Nameplates that never come to their end."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" "


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (Told("t", NAMEPLATES), "they are those of stream t"),
        (Told("s", [*NAMEPLATES, NAMEPLATES[0]]), "there are more than 3"),
        (Endless("s", []), "they were not told within 30 s"),
    ],
    ids=["of another stream", "too many", "endless"],
)
def test_nameplates_that_a_source_does_not_tell_hold_up_no_readings_and_are_asked_for_at_the_next_connection(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, told: Told, reason: str
) -> None:
    monkeypatch.setattr("producer.bridge.MOST_NAMEPLATES", 3)
    life = world(20)
    answers = iter([told])

    @contextmanager
    def nameplates() -> Iterator[Told]:
        yield next(answers, Told("s", NAMEPLATES))

    life.source.nameplates = nameplates  # type: ignore[method-assign]  # a fault of this run only
    break_off(life.source, connections=1)
    with capture_logs() as logs:
        assert life.run()
    [missing] = [entry for entry in logs if entry["event"] == "nameplates_missing"]
    assert missing["reason"] == reason
    assert missing["log_level"] == "warning"
    assert {message.key for message in life.topics.nameplates[-3:]} == {b"G1", b"G2", b"G3"}
    assert life.topics.lines() == list(range(1, 21))


def test_a_nameplate_that_breaks_its_contract_is_told_and_holds_up_nothing(world: Callable[..., World]) -> None:
    life = world(20)
    life.source.static = [NAMEPLATES[0], b'{"generator_id":"G2"}', NAMEPLATES[2]]
    with capture_logs() as logs:
        assert life.run()
    assert [message.key for message in life.topics.nameplates] == [b"G1", b"G3"]
    [told] = [entry for entry in logs if entry["event"] == "nameplate_rejected"]
    assert told["log_level"] == "error"
    assert "nameplate: required" in told["reason"]
    assert life.topics.lines() == list(range(1, 21))


def test_readings_and_dead_letters_go_to_their_topics_in_order(world: Callable[..., World]) -> None:
    life = world(200)
    assert life.run()
    for name, log in life.topics.logs.items():
        numbers = [int(dict(message.headers)["line"]) for message in log]
        assert numbers == sorted(numbers)
        is_damaged = [life.source.lines[number - 1].startswith(b'{"damaged') for number in numbers]
        assert set(is_damaged) == {name == "dead-letters-0"}


def test_a_lost_source_is_resumed_behind_the_last_line_without_asking_the_log_again(
    world: Callable[..., World],
) -> None:
    life = world(100, limit=1000)
    break_off(life.source, connections=2)
    with capture_logs() as logs:
        assert life.run()
    assert [entry["event"] for entry in logs].count("stream_taken_up") == 1
    assert 0 == life.source.cursors[0] < life.source.cursors[1] < life.source.cursors[2] < 100
    assert life.topics.lines() == list(range(1, 101))


def test_a_source_with_another_history_under_the_same_name_is_refused(world: Callable[..., World]) -> None:
    life = world(10)
    assert life.run()
    life.source.lines[9] = b"something else"
    life.source.is_read_out = False
    with pytest.raises(SourceConflictError, match="409"):
        life.run()
    life.source.lines = life.source.lines[:5]
    with pytest.raises(SourceConflictError, match="416"):
        life.run()
    assert life.topics.lines() == list(range(1, 11))


@pytest.mark.parametrize("remaining", [3, 20], ids=["shorter", "longer"])
def test_a_stream_under_a_new_name_begins_at_its_own_mark(world: Callable[..., World], remaining: int) -> None:
    """The source restarts in mid-run: with fewer lines it answers 416 first, with other lines 409."""
    life = world(10)
    renamed = world(remaining)

    class Restarting(Reader):
        def __iter__(self) -> Iterator[bytes]:
            yield self.data
            life.source.name, life.source.lines = "t", renamed.source.lines

    @contextmanager
    def restarting(after: int, digest: str | None) -> Iterator[Reader]:
        with original(after, digest) as reader:
            yield Restarting(life.source, after) if reader.stream_id == "s" else reader

    original = life.source.open
    life.source.open = restarting  # type: ignore[method-assign]  # a fault of this run only
    assert life.run()
    assert life.topics.lines("s") == list(range(1, 11))
    assert life.topics.lines("t") == list(range(1, remaining + 1))
    assert {mark.stream_id: mark.line for mark in life.topics.marks} == {"s": 10, "t": remaining}


def test_told_to_stop_it_takes_no_more_and_leaves_a_mark_at_the_last_line_taken(world: Callable[..., World]) -> None:
    life = world(1000)
    life.is_told_to_stop = lambda: len(life.topics.lines()) >= 50
    assert life.run()
    taken = life.topics.lines()
    assert 50 <= len(taken) <= 50 + life.limits.lines
    assert life.topics.marks[-1].line == taken[-1] == len(taken)


def test_told_to_stop_while_the_log_is_frozen_it_says_that_not_all_is_acknowledged(
    world: Callable[..., World],
) -> None:
    life = world(100)

    def freeze() -> bool:
        if life.client and life.topics.lines():
            life.client.is_frozen = True
        return life.now > 10

    life.is_told_to_stop = freeze
    assert not life.run()


def test_its_status_tells_stream_line_rate_rejected_and_in_flight(world: Callable[..., World]) -> None:
    life = world(500)
    with capture_logs() as logs:
        assert life.run()
    status = [entry for entry in logs if entry["event"] == "progress"]
    assert status
    assert set(status[0]) == {"event", "log_level", "stream", "line", "rate", "rejected", "in_flight"}
    lines = [entry["line"] for entry in status]
    assert lines == sorted(lines)
    assert all(0 <= entry["in_flight"] <= life.limits.lines for entry in status)

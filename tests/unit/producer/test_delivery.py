from dataclasses import dataclass, field

import pytest

from producer.delivery import Delivery, Limits
from producer.lines import Line
from producer.progress import Mark
from producer.recovery import Recovery
from producer.route import Message
from producer.window import OutcomeUnknownError


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
class ListLog:
    """A log that acknowledges when it is told to."""

    messages: list[Message] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    now: float = 100.0

    def recover(self, stream_id: str) -> Recovery:
        return Recovery(Mark(stream_id, 0, {}), frozenset(), {})

    def send(self, message: Message) -> Receipt:
        self.messages.append(message)
        return self._receipt()

    def record(self, mark: Mark) -> Receipt:
        self.marks.append(mark)
        return self._receipt()

    def _receipt(self) -> Receipt:
        self.receipts.append(Receipt())
        return self.receipts[-1]

    def acknowledge(self) -> None:
        for offset, receipt in enumerate(self.receipts):
            receipt.value, receipt.is_done = Position("t", 0, offset), True


def begin(log: ListLog) -> Delivery:
    return Delivery(log, log.recover("s"), Limits(lines=100, bytes=50, seconds=30), clock=lambda: log.now)


def test_a_mark_is_written_once_a_second_if_something_moved() -> None:
    log = ListLog()
    delivery = begin(log)
    for tick in range(50):
        if tick < 30:
            delivery.take(Line(tick + 1, b"x"))
        log.acknowledge()
        log.now += 0.125
        delivery.settle()
    assert [mark.line for mark in log.marks] == [8, 16, 24, 30]


def test_closing_the_last_mark_is_written_at_once_but_not_before_all_is_acknowledged() -> None:
    log = ListLog()
    delivery = begin(log)
    delivery.take(Line(1, b"x"))
    delivery.settle(closing=True)
    assert log.marks == []
    log.acknowledge()
    delivery.settle(closing=True)
    assert [mark.line for mark in log.marks] == [1]
    settled = [delivery.is_settled]
    log.acknowledge()
    delivery.settle(closing=True)
    settled.append(delivery.is_settled)
    assert settled == [False, True]


def test_bytes_in_flight_are_bounded_too() -> None:
    log = ListLog()
    delivery = begin(log)
    full = []
    for number, size in [(1, 49), (2, 1)]:
        delivery.take(Line(number, b"x" * size))
        full.append(delivery.is_full)
    log.acknowledge()
    delivery.settle()
    assert [*full, delivery.is_full] == [False, True, False]


def test_an_instance_that_acknowledges_nothing_for_too_long_is_given_up() -> None:
    log = ListLog()
    delivery = begin(log)
    log.now += 1000
    delivery.settle()
    delivery.take(Line(1, b"x"))
    log.now += 30
    delivery.settle()
    log.now += 1
    with pytest.raises(OutcomeUnknownError, match="for 30 s"):
        delivery.settle()


def test_a_mark_that_is_never_acknowledged_gives_the_instance_up_though_lines_are() -> None:
    log = ListLog()
    delivery = begin(log)

    def deliver(number: int) -> None:
        delivery.take(Line(number, b"x"))
        receipt = log.receipts[-1]
        receipt.value, receipt.is_done = Position("t", 0, number), True
        log.now += 1
        delivery.settle()

    for number in range(1, 32):
        deliver(number)
    with pytest.raises(OutcomeUnknownError, match="for 30 s"):
        deliver(32)
    assert [mark.line for mark in log.marks] == [1]

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.lines import Line
from producer.progress import Mark
from producer.recovery import Recovery
from producer.window import OutcomeUnknownError, Window


@dataclass
class Position:
    offset: int
    topic: str = "readings"
    partition: int = 0


@dataclass
class Receipt:
    is_done: bool = False
    value: Position | None = None
    exception: BaseException | None = None


@dataclass
class Sent:
    """A line with its receipt, as the broker would acknowledge it."""

    line: Line
    position: Position
    receipt: Receipt = field(default_factory=Receipt)

    def acknowledge(self) -> None:
        self.receipt.value, self.receipt.is_done = self.position, True


def line(number: int) -> Line:
    return Line(number, b"line %d" % number)


def begin(after: int = 0, present: frozenset[int] = frozenset(), ends: dict[str, int] | None = None) -> Window:
    return Window(Recovery(Mark("s", after, {"readings-0": 3}), present, ends or {"readings-0": 7}))


@given(st.integers(1, 30).flatmap(lambda count: st.permutations(range(1, count + 1))))
def test_whatever_the_order_of_acknowledgements_the_mark_is_below_the_first_missing_one(order: list[int]) -> None:
    window = begin()
    sent = [Sent(line(number), Position(offset=100 + number)) for number in range(1, len(order) + 1)]
    for each in sent:
        window.add(each.line, each.receipt)
    done: set[int] = set()
    for number in order:
        sent[number - 1].acknowledge()
        done.add(number)
        window.advance()
        expected = next(n for n in range(len(order) + 1) if n + 1 not in done)
        assert window.line == window.mark.line == expected
        assert len(window) == len(order) - expected
        assert window.bytes == sum(len(each.line.content) for each in sent[expected:])


def test_a_mark_proves_its_line_and_says_where_to_look_behind_it() -> None:
    window = begin(ends={"readings-0": 7, "readings-1": 9, "dead-letters-0": 2})
    for number, position in [(1, Position(7)), (2, Position(9, partition=1)), (3, Position(8))]:
        window.add(line(number), Receipt(is_done=True, value=position))
    window.add(line(4), Receipt())
    assert window.advance() == 3
    assert window.mark == Mark("s", 3, {"readings-0": 9, "readings-1": 10, "dead-letters-0": 2}, line(3).digest)


def test_the_mark_of_a_fresh_start_is_the_one_that_was_found() -> None:
    window = begin(after=12)
    assert window.advance() == 0
    assert window.mark == Mark("s", 12, {"readings-0": 3})


def test_offsets_stay_below_lines_that_an_earlier_instance_left() -> None:
    """Line 3 lies at offset 5 already; a mark at line 2 that said 8 would make the next start send it again."""
    window = begin(present=frozenset({1, 3}))
    window.add(line(1), None)
    window.add(line(2), Receipt(is_done=True, value=Position(7)))
    window.advance()
    assert window.mark.line == 2
    assert window.mark.offsets == {"readings-0": 3}
    window.add(line(3), None)
    window.advance()
    assert window.mark == Mark("s", 3, {"readings-0": 8}, line(3).digest)


def test_a_failed_message_is_an_unknown_outcome_and_stops_the_mark() -> None:
    window = begin()
    window.add(line(1), Receipt(is_done=True, value=Position(7)))
    window.add(line(2), Receipt(is_done=True, exception=TimeoutError("too late")))
    window.add(line(3), Receipt(is_done=True, value=Position(9)))
    with pytest.raises(OutcomeUnknownError, match="too late"):
        window.advance()
    assert window.line == 1

"""Generated records through every judge that needs no Spark; `tests/spark/test_corpus.py` has the fifth."""

import pytest
from hypothesis import given

from contracts.attack import hostile, judges

pytest_plugins = ("contracts.attack.pytest_plugin",)

# 100,000 inputs in the nightly run take a quarter of an hour.
pytestmark = pytest.mark.timeout(3600)


@hostile.budget()
@given(line=hostile.lines())
def test_all_judges_say_the_same_of_a_line(line: hostile.Input, seen: judges.Seen) -> None:
    reason = judges.line(line.data, line.hostility, seen)
    assert line.accepted in {None, reason is None}, reason


@hostile.budget()
@given(value=hostile.values())
def test_all_judges_say_the_same_of_a_value(value: hostile.Input, seen: judges.Seen) -> None:
    reason = judges.value(value.data, value.hostility, seen)
    assert value.accepted in {None, reason is None}, reason

"""The written cases through every judge that needs no Spark; `tests/spark/test_corpus.py` has the fifth."""

from collections import Counter

import pytest

from contracts.attack import corpus, judges
from contracts.attack.corpus import Case

pytest_plugins = ("contracts.attack.pytest_plugin",)


@pytest.mark.parametrize("case", corpus.lines(), ids=str)
def test_every_judge_says_of_a_line_what_is_written(case: Case, seen: judges.Seen) -> None:
    reason = judges.line(case.data, case.hostility, seen)
    assert (reason is None) == case.accepted, reason
    if reason:
        assert reason.field == case.field
        assert reason.rule.startswith(case.rule)


@pytest.mark.parametrize("case", corpus.values(), ids=str)
def test_avro_says_of_a_value_what_is_written(case: Case, seen: judges.Seen) -> None:
    reason = judges.value(case.data, case.hostility, seen)
    assert (reason is None) == case.accepted, reason
    if reason:
        assert reason.field == case.field
        assert reason.rule.startswith(case.rule)


def test_the_corpus_is_as_large_as_it_claims() -> None:
    by_hand = [case for case in (*corpus.lines(), *corpus.values()) if not case.hostility.startswith("every field")]
    assert len(by_hand) >= 400
    assert len({case.hostility for case in by_hand}) >= 65


def test_no_case_is_there_twice() -> None:
    by_hand = [case.data for case in corpus.lines() if not case.hostility.startswith("every field")]
    for cases in (by_hand, [case.data for case in corpus.values()]):
        assert [data for data, count in Counter(cases).items() if count > 1] == []


def test_every_class_that_rejects_says_why() -> None:
    assert [str(case) for case in (*corpus.lines(), *corpus.values()) if case.field and not case.rule] == []

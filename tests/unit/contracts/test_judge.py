import json
from typing import Any

import pytest

from contracts import judge, schema, wire
from contracts.attack import corpus
from contracts.errors import ContractError

CLAUSES = {
    "must be given",
    "is not a field of the contract",
    "must be string",
    "must be integer or null",
    "must be at least 0",
    "must be at most 400",
    "must have a length of at least 1",
    "must have a length of at most 64",
    "must match ^[A-Za-z0-9][A-Za-z0-9._-]*$",
    "must be a valid date-time",
    "must be one of OFF, MANUAL, AUTO or null",
    "must be one of PERIODIC, SPONTANEOUS, INTERROGATED",
    "must not name anything twice",
    "may name measurements only",
    "must be null with a Bad quality",
    "may be null only with a Bad quality",
}


def test_a_canonical_line_is_accepted_by_the_fast_judge_alone() -> None:
    reading = judge.fast(corpus.base())
    assert reading is not None
    assert reading == judge.reference(corpus.base())
    assert wire.encode(reading) == corpus.base()


@pytest.mark.parametrize("case", [case for case in corpus.lines() if not case.accepted], ids=str)
def test_the_fast_judge_accepts_nothing_that_is_to_be_rejected(case: corpus.Case) -> None:
    assert judge.fast(case.data) is None


def test_the_fast_judge_leaves_other_forms_of_a_valid_record_to_the_reference(record: dict[str, Any]) -> None:
    spaced = json.dumps(record).encode()
    assert judge.fast(spaced) is None
    assert judge.parse(spaced) == judge.fast(corpus.base())


def test_every_clause_of_the_rules_is_said_for_some_case() -> None:
    said = set()
    for case in corpus.lines():
        try:
            judge.parse(case.data)
        except ContractError as error:
            said.add(error.rule)
    assert said >= CLAUSES


def test_of_several_broken_rules_the_structural_one_is_named(record: dict[str, Any]) -> None:
    broken = record | {"voltage_v": None, "seq": "seven"}
    with pytest.raises(ContractError, match=r"^seq must be integer, got 'seven'$"):
        judge.parse(json.dumps(broken).encode())


def test_integers_written_as_doubles_become_integers(record: dict[str, Any]) -> None:
    reading = judge.parse(json.dumps(record | {"seq": 7.0, "start_count": None} | _bad("start_count")).encode())
    assert isinstance(reading.seq, int)
    assert reading.start_count is None


def _bad(name: str) -> dict[str, Any]:
    assert name in schema.load("generator_reading").measurements
    return {"quality": {name: "BadOutOfService"}}

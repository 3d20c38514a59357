"""The fifth judge: Spark's decoding and validity predicate, on every case that can reach a topic."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame

from analysis.records import judge
from contracts import schema
from contracts.attack import boundaries, hostile, judges, mutants, scratch

pytest_plugins = ("contracts.attack.pytest_plugin",)

BATCH = 10_000

Records = Callable[[Sequence[bytes]], DataFrame]


def verdicts(judged: DataFrame) -> list[tuple[str, str] | None]:
    """What Spark says of each record: field and rule that it breaks, or None."""
    rows = judged.orderBy("offset").select("violation").collect()
    return [row.violation and (row.violation.field, row.violation.rule) for row in rows]


@pytest.mark.timeout(300)
def test_spark_says_of_every_case_what_is_written(records: Records, seen: judges.Seen) -> None:
    wrong = []
    found = verdicts(judge.judge(records([value for _, value in boundaries.VALUES])))
    for (case, _), verdict in zip(boundaries.VALUES, found, strict=True):
        seen["Spark", case.hostility] += 1
        # Of damage, one judge names the place and another the record as a whole; two places must be the same.
        places = {case.field.partition(".")[0], verdict[0].partition(".")[0] if verdict else ""} - {""}
        if case.accepted != (verdict is None) or len(places) > 1:
            wrong.append((str(case), case.field, verdict))
    assert wrong == []


def first_wrong(values: DataFrame) -> str | None:
    """What the corpus says of the analysis that is importable: its first wrong verdict, or why none of it starts."""
    try:
        judged = importlib.import_module("analysis.records.judge").judge(values)
    except (KeyError, ValueError) as error:
        return f"does not start: {error}"
    except AnalysisException as error:
        return f"does not start: {error.getCondition()}"
    found = zip(boundaries.VALUES, verdicts(judged), strict=True)
    return next((str(case) for (case, _), verdict in found if case.accepted != (verdict is None)), None)


@pytest.mark.timeout(7200)
def test_every_mutant_of_the_contract_is_caught_as_the_table_of_the_docs_says(records: Records, tmp_path: Path) -> None:
    """One mutant of each operator by default, every mutant where the profile of the run asks for more."""
    scratch.copy(tmp_path)
    values = records([value for _, value in boundaries.VALUES]).cache()
    contract = schema.load("generator_reading")
    chosen = mutants.mutants if hostile.inputs() > hostile.DEFAULT_INPUTS else mutants.one_of_each
    caught = {}
    for mutant in chosen(contract):
        scratch.mutate(tmp_path, mutant)
        with scratch.imported(tmp_path):
            caught[str(mutant)] = first_wrong(values)
    assert [mutant for mutant, witness in caught.items() if witness is None] == []
    shown = {name: row["Spark"] for name, row in mutants.table().items()}
    assert {name: caught[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("analysis/records/validity.py", "value > field.maximum", "F.lit(False)"),
        ("analysis/records/validity.py", "is_null & ~is_bad", "F.lit(False)"),
        ("analysis/records/decode.py", ".when(~is_canonical, ", ".when(F.lit(False), "),
    ],
    ids=["bounds", "null without Bad", "canonical form"],
)
def test_a_blinded_judge_fails_the_run(records: Records, tmp_path: Path, path: str, old: str, new: str) -> None:
    scratch.copy(tmp_path)
    scratch.replace(tmp_path, path, old, new)
    with scratch.imported(tmp_path):
        assert first_wrong(records([value for _, value in boundaries.VALUES])) is not None


@pytest.mark.timeout(3600)
def test_spark_says_of_generated_values_what_avros_judge_says(records: Records, seen: judges.Seen) -> None:
    """One job judges many values, because a job has its cost; so nothing shrinks, but the value is in the message."""
    generated: list[hostile.Input] = []

    @hostile.budget()
    @given(value=hostile.values())
    def collect(value: hostile.Input) -> None:
        generated.append(value)

    collect()
    wrong = []
    for start in range(0, len(generated), BATCH):
        batch = generated[start : start + BATCH]
        for value, verdict in zip(batch, verdicts(judge.judge(records([value.data for value in batch]))), strict=True):
            seen["Spark", value.hostility] += 1
            reason = judges.value(value.data, value.hostility, seen)
            if (reason is None) != (verdict is None):
                wrong.append((value, reason, verdict))
    assert wrong == []

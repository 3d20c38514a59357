"""Change one rule of the contract, and each boundary turns red; Spark's part is in `tests/spark/test_corpus.py`."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts import render, schema
from contracts.attack import mutants, scratch
from contracts.attack.boundaries import BOUNDARIES
from contracts.attack.mutants import Mutant

CONTRACT = schema.load("generator_reading")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scratch")
    scratch.copy(root)
    return root


def judged(mutant: Mutant, copy: Path) -> dict[str, str | None]:
    """What catches a mutant at each boundary, None where nothing does."""
    scratch.mutate(copy, mutant)
    with scratch.imported(copy):
        return {name: boundary() for name, boundary in BOUNDARIES.items()}


@pytest.fixture(scope="module")
def caught(copy: Path) -> dict[str, dict[str, str | None]]:
    return {str(mutant): judged(mutant, copy) for mutant in mutants.mutants(CONTRACT)}


def survivors(caught: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    return [f"{mutant} at {name}" for mutant, row in caught.items() for name, witness in row.items() if witness is None]


def test_the_contract_itself_is_green(tmp_path: Path) -> None:
    scratch.copy(tmp_path)
    with scratch.imported(tmp_path):
        assert {name: boundary() for name, boundary in BOUNDARIES.items()} == dict.fromkeys(BOUNDARIES)


@pytest.mark.timeout(300)
def test_every_mutant_is_caught_at_every_boundary(caught: dict[str, dict[str, str | None]]) -> None:
    assert len(caught) > 300
    assert survivors(caught) == []


@pytest.mark.timeout(300)
def test_the_table_of_the_docs_says_what_catches_each_operator(caught: dict[str, dict[str, str | None]]) -> None:
    found = {str(mutant): caught[str(mutant)] for mutant in mutants.one_of_each(CONTRACT)}
    assert found == {name: {key: row[key] for key in BOUNDARIES} for name, row in mutants.table().items()}


def test_a_boundary_that_does_not_read_the_contract_fails_the_run() -> None:
    """As blind as can be: what the bridge says of the real contract, whatever is made of it."""
    [mutant] = [mutant for mutant in mutants.mutants(CONTRACT) if str(mutant) == "drop a field: seq"]
    blind = {str(mutant): {"bridge": BOUNDARIES["bridge"]()}}
    assert survivors(blind) == ["drop a field: seq at bridge"]


BLINDFOLDS = {
    "the reference judge finds no errors": ("stream", "contracts/judge.py", "    if errors:\n", "    if False:\n"),
    "the fast judge forgets the rules that msgspec does not know": (
        "bridge",
        "contracts/judge.py",
        "wire.encode(reading) != line or not _keeps_unstructural_rules(reading)",
        "wire.encode(reading) != line",
    ),
    "the fast judge does not compare the bytes": (
        "bridge",
        "contracts/judge.py",
        "wire.encode(reading) != line or not _keeps_unstructural_rules(reading)",
        "not _keeps_unstructural_rules(reading)",
    ),
    "Avro's reader does not compare the bytes": ("topic", "contracts/avro.py", "canonical != value", "False"),
    "Avro's reader forgets the rules": (
        "topic",
        "contracts/avro.py",
        "judge.parse(msgspec.json.encode(fields))",
        "judge.Reading(**fields)",
    ),
    "the model forgets a bound": ("OpenAPI", "contracts/model.py", "Field(ge=0, le=2500)", "Field(ge=0)"),
}


@pytest.mark.parametrize("blindfold", BLINDFOLDS)
def test_a_blinded_judge_fails_the_run(blindfold: str, tmp_path: Path) -> None:
    boundary, path, old, new = BLINDFOLDS[blindfold]
    scratch.copy(tmp_path)
    scratch.replace(tmp_path, path, old, new)
    with scratch.imported(tmp_path):
        assert BOUNDARIES[boundary]() is not None


def test_milliseconds_in_the_rendered_avro_schema_are_stale_and_caught_at_the_topic(tmp_path: Path) -> None:
    """The fingerprint does not know of logical types, so a registry would let it pass."""
    scratch.copy(tmp_path)
    avsc = "contracts/schemas/generator_reading.v1.avsc"
    text = (tmp_path / avsc).read_text("utf-8")
    (tmp_path / avsc).write_text(text.replace("timestamp-micros", "timestamp-millis"), "utf-8")
    assert [path.name for path, _ in render.stale(tmp_path)] == ["generator_reading.v1.avsc"]
    with scratch.imported(tmp_path):
        assert BOUNDARIES["topic"]() == "canonical: a running set, all Good"

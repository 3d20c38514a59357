import json
from pathlib import Path
from typing import Any

import fastavro
import jsonschema_rs
import pytest
from fastavro.read import SchemaResolutionError

from contracts import __main__ as command
from contracts import compat, framing
from contracts.attack import edits
from contracts.attack.evolutions import Evolution, evolutions

TABLE = list(evolutions())
SCHEMAS = sorted((command.ROOT / "contracts" / "schemas").glob("*.v1.json"))


@pytest.mark.parametrize("evolution", TABLE, ids=str)
def test_the_verdict_is_the_one_of_the_table(evolution: Evolution) -> None:
    verdict = compat.compare(evolution.old, evolution.new)
    assert (verdict.backward, verdict.forward) == (evolution.backward, evolution.forward), str(verdict)


@pytest.mark.parametrize("evolution", TABLE, ids=str)
def test_the_reason_is_given(evolution: Evolution) -> None:
    text = str(compat.compare(evolution.old, evolution.new))
    assert [reason for reason in evolution.because if reason not in text] == [], text


@pytest.mark.parametrize("evolution", TABLE, ids=str)
def test_no_reason_is_given_twice_or_where_there_is_none(evolution: Evolution) -> None:
    verdict = compat.compare(evolution.old, evolution.new)
    for reasons in (verdict.against_backward, verdict.against_forward):
        assert len(set(reasons)) == len(reasons)
    assert bool(evolution.because) == (not verdict.full)


def test_the_table_is_as_large_as_it_claims() -> None:
    assert len({str(evolution) for evolution in TABLE}) == len(TABLE) >= 50


SAMPLES: dict[str, Any] = {"int": 1, "long": 1, "float": 1.0, "double": 1.5, "string": "a", "bytes": b"a"}


PRIMITIVE = [row for row in TABLE if isinstance(row.old, str) and isinstance(row.new, str)]


@pytest.mark.parametrize("evolution", PRIMITIVE, ids=str)
def test_fastavro_resolves_primitives_as_the_table_says(evolution: Evolution, tmp_path: Path) -> None:
    def resolves(writer: str, reader: str) -> bool:
        path = tmp_path / "value.avro"
        with path.open("wb") as file:
            fastavro.schemaless_writer(file, writer, SAMPLES[writer])
        try:
            with path.open("rb") as file:
                fastavro.schemaless_reader(file, writer, reader)
        except SchemaResolutionError:
            return False
        return True

    found = (resolves(evolution.old, evolution.new), resolves(evolution.new, evolution.old))
    assert found == (evolution.backward, evolution.forward)


def test_units_logical_types_and_ranges_are_where_resolution_alone_would_say_yes() -> None:
    missed = {row.description for row in TABLE if row.missed and row.missed != (row.backward, row.forward)}
    assert missed == {
        "a unit is changed",
        "a unit is given to what had none",
        "a unit within an object is changed",
        "microseconds become milliseconds",
        "a number becomes a time",
        "a range is widened",
        "a range is narrowed",
    }


@pytest.mark.parametrize("evolution", [row for row in TABLE if row.missed and row.language == "Avro"], ids=str)
def test_fastavro_lets_pass_what_the_table_says_is_missed(evolution: Evolution) -> None:
    """Both versions have the same canonical form, which is all that resolution and fingerprints look at."""
    assert evolution.missed == (True, True)
    assert framing.canonical_form(evolution.old) == framing.canonical_form(evolution.new)


def test_the_command_says_no_to_milliseconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [evolution] = [row for row in TABLE if str(row) == "Avro: microseconds become milliseconds"]
    old, new = tmp_path / "old.avsc", tmp_path / "new.avsc"
    old.write_text(json.dumps(evolution.old))
    new.write_text(json.dumps(evolution.new))
    assert command.main(["compat", str(old), str(new)]) == 1
    assert capsys.readouterr().out == (
        "backward: no\n"
        "  the value: is timestamp-micros, and the reader takes it for timestamp-millis\n"
        "forward: no\n"
        "  the value: is timestamp-millis, and the reader takes it for timestamp-micros\n"
        "full: no\n"
    )


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_command_says_yes_to_the_same_schema(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["compat", str(path), str(path)]) == 0
    assert capsys.readouterr().out == "backward: yes\nforward: yes\nfull: yes\n"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_every_contract_can_be_compared_with_one_that_has_a_rule_more(path: Path) -> None:
    old = json.loads(path.read_text("utf-8"))
    verdict = compat.compare(old, edits.edited(old, edits.put("maxProperties", 1)))
    assert (verdict.backward, verdict.forward) == (False, True), str(verdict)


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_the_command_says_what_is_wrong_with_a_file(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, missing = tmp_path / "a.json", tmp_path / "b.json"
    path.write_text(text)
    assert command.main(["compat", str(path), str(missing)]) == 2
    assert str(missing) in capsys.readouterr().err


def test_a_json_schema_and_an_avro_schema_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="one of them is a JSON Schema"):
        compat.compare({"properties": {}}, "string")


def test_inclusion_of_what_cannot_be_decided_counts_as_no() -> None:
    """Were it not so, a change of pattern would pass for compatible."""
    narrow, wide = ({"type": "string", "pattern": pattern} for pattern in ("^[a-z]+$", "^[a-z_]+$"))
    mine, theirs = (jsonschema_rs.canonicalize(rule) for rule in (wide, narrow))
    assert mine.covers(theirs) is not jsonschema_rs.canonical.Containment.NO
    frame = {"required": [], "additionalProperties": False}
    verdict = compat.compare(frame | {"properties": {"x": narrow}}, frame | {"properties": {"x": wide}})
    assert not verdict.backward

import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from contracts import __main__ as command
from contracts import page, schema
from contracts.reading import Reading
from contracts.schema import Kind

CONTRACT = schema.load("generator_reading")


def test_what_is_rendered_is_fresh() -> None:
    assert command.main(["check"]) == 0


@pytest.mark.parametrize("name", ["generator_reading.v1.avsc", "generator_reading.v1.spark.json"])
def test_a_stale_rendering_is_found_and_named(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(command.ROOT / "contracts", tmp_path / "contracts")
    stale = tmp_path / "contracts" / "schemas" / name
    stale.write_text(stale.read_text("utf-8").replace("source_time", "sampled_at"), "utf-8")
    assert command.main(["check"], tmp_path) == 1
    errors = capsys.readouterr().err
    assert f"contracts/schemas/{name}: stale" in errors
    assert "python -m contracts render" in errors


def test_a_stale_page_of_the_docs_is_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(command.ROOT / "contracts", tmp_path / "contracts")
    (tmp_path / "docs").mkdir()
    text = (command.ROOT / "docs" / "contract.md").read_text("utf-8")
    (tmp_path / "docs" / "contract.md").write_text(text.replace("| `seq` |", "| `number` |"), "utf-8")
    assert command.main(["check"], tmp_path) == 1
    assert "docs/contract.md: stale" in capsys.readouterr().err
    assert command.main(["render"], tmp_path) == 0
    assert (tmp_path / "docs" / "contract.md").read_text("utf-8") == text


def test_the_page_of_the_docs_tells_of_every_contract() -> None:
    schemas = (path.name for path in (command.ROOT / "contracts" / "schemas").glob("*.v1.json"))
    assert {name.removesuffix(".v1.json") for name in schemas} == {"generator_reading", "nameplate", *page.OTHERS}


def test_every_term_has_its_source_and_every_symbol_its_meaning_and_no_other_has() -> None:
    fields = [*CONTRACT.fields, *schema.load("nameplate").fields]
    assert set(page.terms()["source"]) == {field.name for field in fields}
    symbols = {field.definition: set(field.symbols) for field in fields if field.symbols}
    assert {name: set(meanings) for name, meanings in page.terms()["symbol"].items()} == symbols


def test_the_avro_schema_says_what_fastavro_can_read() -> None:
    fastavro.parse_schema(schema.document("generator_reading.v1.avsc"))


def test_the_typed_record_has_the_contracts_fields_in_order() -> None:
    assert Reading.__struct_fields__ == tuple(field.name for field in CONTRACT.fields)


@pytest.mark.parametrize("field", CONTRACT.fields, ids=lambda field: field.name)
def test_the_typed_record_refuses_null_exactly_where_the_contract_does(
    field: schema.Field, record: dict[str, Any]
) -> None:
    expected = nullcontext() if field.nullable else pytest.raises(msgspec.ValidationError)
    with expected:
        msgspec.convert(record | {field.name: None}, Reading)


def test_the_avro_schema_is_null_first_exactly_where_the_contract_allows_null() -> None:
    fields = schema.document("generator_reading.v1.avsc")["fields"]
    unions = {field["name"] for field in fields if isinstance(field["type"], list) and field["type"][0] == "null"}
    assert unions == set(CONTRACT.measurements)


def test_the_spark_schema_has_the_types_that_design_names() -> None:
    fields = {field["name"]: field for field in schema.document("generator_reading.v1.spark.json")["fields"]}
    assert fields["source_time"]["type"] == "timestamp"
    assert fields["seq"]["type"] == "long"
    assert fields["voltage_v"]["type"] == "double"
    assert fields["voltage_v"]["metadata"]["unit"] == "V"
    assert fields["quality"]["type"]["type"] == "map"
    assert {name for name, field in fields.items() if field["nullable"]} == set(CONTRACT.measurements)


def test_every_measurement_that_is_a_quantity_has_a_unit() -> None:
    numbers = [field for field in CONTRACT.fields if field.kind is Kind.NUMBER]
    assert [field.name for field in numbers if not field.unit] == []


@pytest.mark.parametrize("name", ["generator_reading", "nameplate"])
def test_every_field_is_described(name: str) -> None:
    assert [field.name for field in schema.load(name).fields if not field.description] == []


def test_the_same_unit_has_the_same_code_in_every_contract() -> None:
    contracts = (schema.load(name) for name in ("generator_reading", "nameplate"))
    units = {field.unit for contract in contracts for field in contract.fields if field.unit}
    assert len({code for code, _ in units}) == len({symbol for _, symbol in units}) == len(units)


NUMBER = {"type": "number", "minimum": 0, "maximum": 1}
FRAME = {"type": "object", "properties": {"x": NUMBER}, "required": ["x"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"required": []}, "what required says"),
        ({"additionalProperties": True}, "what additionalProperties says"),
        ({"minProperties": 3}, "what minProperties says"),
        ({"allOf": [{"required": ["x"]}]}, "what allOf says"),
        ({"properties": {"x": {"type": "array", "items": {"type": "string"}}}}, "x: no rendering is known"),
        ({"properties": {"x": NUMBER | {"multipleOf": 2}}}, "x: no rendering is known"),
        ({"properties": {"x": NUMBER | {"exclusiveMinimum": 0}}}, "x: no rendering is known"),
        ({"properties": {"x": {"type": "string", "format": "date-time", "pattern": ""}}}, "x: no rendering is known"),
        ({"properties": {"x_kw": NUMBER}, "required": ["x_kw"]}, "the unit must be"),
    ],
)
def test_a_rule_that_the_judges_would_not_know_of_is_refused(changes: dict[str, Any], message: str) -> None:
    assert schema.read("x", 1, FRAME).fields[0].maximum == 1
    with pytest.raises(ValueError, match=message):
        schema.read("x", 1, FRAME | changes)

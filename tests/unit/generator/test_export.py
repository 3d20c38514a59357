"""Exported data sets: the stream, its labels and the nameplates as files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from contracts import published
from contracts.errors import ContractError
from contracts.judge import parse
from generator.export import main
from generator.lines import Damage


def exported(out: Path, *arguments: str) -> Path:
    assert main(["--hours", "0.1", "--lead-in", "0.02", *arguments, str(out)]) == 0
    return out


def test_a_scenario_is_exported_with_its_truth(tmp_path: Path) -> None:
    out = exported(tmp_path, "--scenario", "alarm_storm")
    readings = [parse(line) for line in (out / "readings.ndjson").read_bytes().splitlines()]
    assert {reading.generator_id for reading in readings} == {f"G{number}" for number in range(1, 11)}
    assert max(reading.seq for reading in readings) == 359
    labels = [json.loads(line) for line in (out / "labels.ndjson").read_bytes().splitlines()]
    for label in labels:
        published.check("label", label)
    assert [label["id"] for label in labels] == [f"scenario:{number}" for number in range(1, 11)]
    assert labels[0]["start"] == "2026-01-01T00:01:13Z"
    nameplates = [json.loads(line) for line in (out / "nameplates.ndjson").read_bytes().splitlines()]
    for nameplate in nameplates:
        published.check("nameplate", nameplate)
    assert len(nameplates) == 10


def test_damage_on_the_wire_is_exported_with_its_labels(tmp_path: Path) -> None:
    out = exported(tmp_path, "--damage", "0.1")
    lines = (out / "readings.ndjson").read_bytes().splitlines()
    damaged = 0
    for line in lines:
        try:
            parse(line)
        except ContractError:
            damaged += 1
    assert damaged / len(lines) == pytest.approx(0.075, rel=0.2)  # a quarter of the damage are valid lines, repeated
    labels = [json.loads(line) for line in (out / "labels.ndjson").read_bytes().splitlines()]
    for label in labels:
        published.check("label", label)
    assert [(label["kind"], label["magnitude"]) for label in labels] == [(damage, 0.025) for damage in Damage]
    assert all(label["observable_from"] for label in labels)


def test_damaged_lines_have_no_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--damage", "0.1", "--format", "parquet", str(tmp_path / "out")])
    assert "--damage" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_same_arguments_give_the_same_files(tmp_path: Path) -> None:
    one = exported(tmp_path / "one", "--scenario", "black_start")
    two = exported(tmp_path / "two", "--scenario", "black_start")
    for file in one.iterdir():
        assert file.read_bytes() == (two / file.name).read_bytes()


def test_parquet_holds_the_same_as_ndjson(tmp_path: Path) -> None:
    lines = exported(tmp_path / "lines", "--scenario", "communication_outage")
    columns = exported(tmp_path / "columns", "--scenario", "communication_outage", "--format", "parquet")
    rows = parquet.read_table(columns / "readings.parquet").to_pylist(maps_as_pydicts="strict")
    readings = [parse(line) for line in (lines / "readings.ndjson").read_bytes().splitlines()]
    assert rows == [{name: getattr(reading, name) for name in reading.__struct_fields__} for reading in readings]
    for name in ("labels", "nameplates"):
        told = [json.loads(line) for line in (lines / f"{name}.ndjson").read_bytes().splitlines()]
        assert parquet.read_table(columns / f"{name}.parquet").to_pylist() == told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hours", "0"], "must be above 0"),
        (["--generators", "0"], "generators"),
        (["--scenario", "unknown"], "invalid choice"),
        (["--start", "yesterday"], "start"),
        (["--damage", "1.5"], "damage"),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, str(tmp_path)])
    assert message in capsys.readouterr().err


def test_a_directory_that_is_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "something").write_text("of mine", encoding="ascii")
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path)])
    assert "is not empty" in capsys.readouterr().err


def test_nothing_is_imported_while_it_runs(tmp_path: Path) -> None:
    """An import on the way may swallow Ctrl-C: extension modules ignore errors while they set themselves up."""
    program = (
        "import sys; from generator.export import main; known = set(sys.modules); main(sys.argv[1:]); "
        "late = sorted(set(sys.modules) - known); assert late == [], late"
    )
    arguments = ["--hours", "0.02", "--lead-in", "0.001", "--scenario", "sensor_rot", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

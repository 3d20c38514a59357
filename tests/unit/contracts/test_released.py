import shutil
from pathlib import Path

import pytest

from contracts import __main__ as command
from contracts import released


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(command.ROOT / "contracts", tmp_path / "contracts")
    shutil.copytree(command.ROOT / "docs", tmp_path / "docs")
    return tmp_path


def test_released_contracts_are_as_they_were_released() -> None:
    assert list(released.changed(command.ROOT)) == []


def test_a_changed_released_contract_fails_the_check(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tree / "contracts" / "schemas" / "generator_reading.v1.json"
    path.write_bytes(path.read_bytes() + b"\n")
    assert command.main(["check"], tree) == 1
    assert "generator_reading.v1.json: is released and was changed" in capsys.readouterr().err


def test_a_released_contract_that_is_gone_is_found(tree: Path) -> None:
    path = tree / "contracts" / "schemas" / "generator_reading.v1.avsc"
    path.unlink()
    assert list(released.changed(tree)) == [path]

"""The renderer of uv's constraints from the lock."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

LOCK = """\
alpha==1.0 ; sys_platform == 'darwin' or sys_platform == 'linux' \\
    --hash=sha256:00
    # via beta
beta==2.1.post0 \\
    --hash=sha256:11 \\
    --hash=sha256:22
"""
PROJECT = """\
[tool.uv]
constraint-dependencies = [
    "alpha==0.9",
]
other = 1
"""


@pytest.fixture(scope="module")
def pins() -> ModuleType:
    path = Path(__file__).parents[3] / "tools" / "pins.py"
    spec = importlib.util.spec_from_file_location("pins", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pins_keep_their_environment_markers(pins: ModuleType) -> None:
    assert pins.locked(LOCK) == ["alpha==1.0 ; sys_platform == 'darwin' or sys_platform == 'linux'", "beta==2.1.post0"]


def test_rendering_replaces_the_constraints_and_nothing_else(pins: ModuleType) -> None:
    rendered = pins.render(LOCK, PROJECT)
    assert pins.constrained(rendered) == pins.locked(LOCK)
    assert rendered.endswith("]\nother = 1\n")
    assert pins.render(LOCK, rendered) == rendered

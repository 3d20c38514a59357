"""A copy of the source tree with a mutated contract, rendered and imported in place of the real one."""

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from contracts import render, schema
from contracts.attack import edits
from contracts.attack.mutants import Mutant

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("contracts", "producer", "analysis")
"""The packages that read the contract at the boundaries; the generator's boundary is its OpenAPI document."""
SOURCE: Final = "generator_reading.v1.json"


def copy(root: Path) -> None:
    """Copy the packages to an empty directory."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))


def mutate(root: Path, mutant: Mutant) -> None:
    """Make the change in the copy and render the copy's schemas and typed record from it.

    A mutant that the reader of schemas has no word for cannot be rendered: the renderings stay, and nothing starts.
    """
    document = edits.edited(schema.document(SOURCE), mutant.edit)
    (root / "contracts" / "schemas" / SOURCE).write_text(json.dumps(document), "utf-8")
    with suppress(ValueError):
        for path, text in render.stale(root):
            path.write_text(text, "utf-8")


def replace(root: Path, path: str, old: str, new: str) -> None:
    """Change a file of the copy.

    Raises:
        ValueError: what is to be replaced is not there once.
    """
    text = (root / path).read_text("utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{path}: {old!r} is there {text.count(old)} times")
    (root / path).write_text(text.replace(old, new), "utf-8")


@contextmanager
def imported(root: Path) -> Iterator[None]:
    """Within it, an import of the packages imports the copy; outside, everything is as before.

    No bytecode is kept: it is told to be stale by the second of the source's time and by its size, and a mutant of the
    same second often has the same size.
    """
    real = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES}
    for name in real:
        del sys.modules[name]
    writes_no_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_no_bytecode
        sys.path.remove(str(root))
        for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
            del sys.modules[name]
        sys.modules.update(real)
        importlib.invalidate_caches()

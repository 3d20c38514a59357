"""Render what follows from the JSON Schemas, check that it is fresh, and compare versions."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from contracts import compat, page, released, render

ROOT: Final = Path(__file__).parents[1]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line, on the source tree below ``root``; the exit code is 1 when the answer is no."""
    parser = argparse.ArgumentParser(prog="python -m contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("render", help="write the schemas, the typed record and the tables of the docs")
    commands.add_parser("check", help="fail if one of them is stale or a released schema was changed")
    versions = commands.add_parser("compat", help="say whether two versions of a schema can live together")
    versions.add_argument("old", type=Path, help="a record's JSON Schema, or an Avro schema")
    versions.add_argument("new", type=Path, help="another version of it")
    options = parser.parse_args(arguments)
    match options.command:
        case "render":
            return _render(root)
        case "check":
            return _check(root)
    return _compat(options.old, options.new)


def _stale(root: Path) -> list[tuple[Path, str]]:
    text = page.page()
    path = root / page.PATH
    return render.stale(root) + ([] if path.exists() and path.read_text("utf-8") == text else [(path, text)])


def _render(root: Path) -> int:
    for path, text in _stale(root):
        path.write_text(text, "utf-8")
        sys.stderr.write(f"{path.relative_to(root)}: rendered\n")
    return 0


def _check(root: Path) -> int:
    stale = [f"{path.relative_to(root)}: stale" for path, _ in _stale(root)]
    if stale:
        stale.append(f"render them anew: {render.COMMAND}")
    changed = [f"{path.relative_to(root)}: is released and was changed" for path in released.changed(root)]
    if changed:
        changed.append("a released contract stays as it is: give the change a new version")
    sys.stderr.writelines(f"{line}\n" for line in stale + changed)
    return int(bool(stale or changed))


def _compat(old: Path, new: Path) -> int:
    try:
        verdict = compat.compare(*(json.loads(path.read_text("utf-8")) for path in (old, new)))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{old}, {new}: {error}\n")
        return 2
    sys.stdout.write(f"{verdict}\n")
    return int(not verdict.full)


if __name__ == "__main__":
    sys.exit(main())

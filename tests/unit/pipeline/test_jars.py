"""Locked jars: what is used is what was locked, whole, or nothing. A script plays Ivy's part."""

import hashlib
import threading
from pathlib import Path

import pytest

from pipeline import jars, versions
from pipeline.errors import PipelineError
from pipeline.jars import Jar, Lock
from pipeline.java import Java

ONE, TWO = Jar("org.one", "one", "1.0"), Jar("org.two", "two_2.13", "2.0-1")
LOCK = Lock("things", {jar: hashlib.sha256(jar.name.encode()).hexdigest() for jar in (ONE, TWO)})
NO_JAVA = Java(Path("/nonexistent"), 17)


def _silent(_done: int, _wanted: int) -> None:
    pass


def _java(folder: Path, script: str) -> Java:
    """A Java that runs a shell script; ``$target`` is the folder that Ivy is asked to fill."""
    executable = folder / "java" / "bin" / "java"
    executable.parent.mkdir(parents=True)
    last = 'for argument do target=$(dirname "$argument"); done; mkdir -p "$target"'
    executable.write_text(f"#!/bin/sh\n{last}\n{script}\n")
    executable.chmod(0o755)
    return Java(executable.parent.parent, 17)


WHOLE = (
    'echo "[SUCCESSFUL ] one"; printf one > "$target/one-1.0.jar"; '
    'echo "[SUCCESSFUL ] two"; printf two_2.13 > "$target/two_2.13-2.0-1.jar"; echo run >> "$0.runs"'
)


def test_a_lock_reads_back_as_it_is_written() -> None:
    assert Lock.parse("things", f"# a comment\n\n{LOCK}") == LOCK


@pytest.mark.parametrize(("name", "packages"), [("kafka", versions.KAFKA_PACKAGES), ("spark", versions.SPARK_PACKAGES)])
def test_the_committed_locks_are_of_the_versions_named(name: str, packages: tuple[str, ...]) -> None:
    lock = jars.load(name)
    assert {Jar.parse(package) for package in packages} <= set(lock.sha256)
    assert all(len(digest) == 64 for digest in lock.sha256.values())


def test_the_log4j_binding_is_of_the_log4j_that_kafka_brings() -> None:
    locked = {jar.name: jar.version for jar in jars.load("kafka").sha256}
    assert locked["log4j-slf4j-impl"] == locked["log4j-core"] == locked["log4j-api"]


def test_a_whole_cache_is_used_without_java_or_network(tmp_path: Path) -> None:
    folder = tmp_path / LOCK.folder_name
    folder.mkdir()
    for jar in LOCK.sha256:
        (folder / jar.file_name).write_text(jar.name)
    assert jars.fetch(LOCK, tmp_path, NO_JAVA, _silent) == [folder / "one-1.0.jar", folder / "two_2.13-2.0-1.jar"]


def test_a_download_is_verified_reported_and_kept(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    java = _java(tmp_path, WHOLE)
    files = jars.fetch(LOCK, tmp_path / "cache", java, lambda done, wanted: seen.append((done, wanted)))
    assert [file.read_text() for file in files] == ["one", "two_2.13"]
    assert seen[-1] == (2, 2)
    assert {entry.name for entry in (tmp_path / "cache").iterdir()} == {LOCK.folder_name, "things.lock"}


def test_a_damaged_cache_is_downloaded_anew(tmp_path: Path) -> None:
    java = _java(tmp_path, WHOLE)
    torn, _ = jars.fetch(LOCK, tmp_path / "cache", java, _silent)
    torn.write_text("on")
    whole, _ = jars.fetch(LOCK, tmp_path / "cache", java, _silent)
    assert whole.read_text() == "one"


def test_what_is_not_what_was_locked_is_refused_and_not_kept(tmp_path: Path) -> None:
    java = _java(tmp_path, WHOLE.replace("printf one ", "printf ONE "))
    with pytest.raises(PipelineError, match=r"not what was locked by SHA-256: one-1\.0\.jar"):
        jars.fetch(LOCK, tmp_path / "cache", java, _silent)
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["things.lock"]


def test_a_download_that_fails_says_why_and_what_to_do(tmp_path: Path) -> None:
    java = _java(tmp_path, "echo 'java.net.UnknownHostException: no such host'; exit 1")
    with pytest.raises(PipelineError, match=r"could not be downloaded \(java\.net\.UnknownHostException.*network"):
        jars.fetch(LOCK, tmp_path / "cache", java, _silent)


def test_a_download_can_be_ended(tmp_path: Path) -> None:
    """The script would go on for longer than this test may take."""

    def stop(_done: int, _wanted: int) -> None:
        raise KeyboardInterrupt

    java = _java(tmp_path, "echo first; exec sleep 600")
    with pytest.raises(KeyboardInterrupt):
        jars.fetch(LOCK, tmp_path / "cache", java, stop)
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["things.lock"]


def test_two_at_once_download_once(tmp_path: Path) -> None:
    java = _java(tmp_path, WHOLE)
    both = [threading.Thread(target=jars.fetch, args=(LOCK, tmp_path / "cache", java, _silent)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert (tmp_path / "java/bin/java.runs").read_text() == "run\n"


def test_a_cache_that_cannot_be_written_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PipelineError, match="SCADA_CACHE_DIR"):
        jars.fetch(LOCK, tmp_path / "file" / "cache", NO_JAVA, _silent)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"SCADA_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/scada-pipeline")),
        ({}, Path.home() / ".cache/scada-pipeline"),
    ],
)
def test_the_cache_is_where_the_environment_says(environment: dict[str, str], folder: Path) -> None:
    assert jars.cache_folder(environment) == folder

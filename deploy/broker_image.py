"""Build a Docker image of the broker out of what the embedded broker runs on: for where none can be pulled.

    python deploy/broker_image.py [TAG]

The image is a Java runtime, the C libraries that it and Kafka's compression link to, and the locked jars; it has no
shell. Its storage is formatted. It runs ``kafka.Kafka server.properties`` and takes ``--override`` arguments, of which
it needs ``advertised.listeners``.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pipeline import broker, jars, java, versions
from pipeline.errors import PipelineError

TAG: Final = f"scada-kafka:{versions.KAFKA}"
PORT: Final = 9092
# Linked to by the compression libraries inside the jars, which are unpacked only when they are used.
_BY_COMPRESSION: Final = ("libstdc++.so.6", "libgcc_s.so.1")
_LISTENERS: Final = broker.Listeners(f"0.0.0.0:{PORT}", "127.0.0.1:9093", f"localhost:{PORT}")


def build(tag: str) -> None:
    """Build the image under a tag.

    Raises:
        PipelineError: it cannot be built; the text says why.
    """
    if sys.platform != "linux":
        raise PipelineError("the image is made of this machine's own C library and Java: that takes Linux")
    runtime = java.find(os.environ)
    files = jars.fetch(jars.load("kafka"), jars.cache_folder(os.environ), runtime, lambda _done, _wanted: None)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "root")
        (root / "tmp").mkdir(parents=True)
        shutil.copytree(runtime.home, root / "java", ignore=shutil.ignore_patterns("*.jsa", "src.zip", "jmods"))
        for library in libraries(
            path for path in (root / "java").rglob("*") if path.name == "java" or ".so" in path.name
        ):
            target = root / library.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(library, target)
        (root / "jars").mkdir()
        for file in files:
            shutil.copy2(file, root / "jars")
        _format(root, Path(name), runtime, files)
        archive = Path(name, "root.tar")
        with tarfile.open(archive, "w") as tar:
            tar.add(root, arcname=".")
        _import(archive, tag)


def libraries(binaries: Iterable[Path]) -> set[Path]:
    """The shared libraries, loader included, that binaries need from the system, at the paths they are looked for."""
    found: set[Path] = set()
    for binary in binaries:
        listed = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False).stdout  # noqa: S607 - wherever it is
        found |= {Path(path) for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", listed, re.MULTILINE)}
    beside = {path.parent for path in found}
    found |= {folder / name for folder in beside for name in _BY_COMPRESSION if (folder / name).exists()}
    return {path for path in found if not path.is_relative_to(tempfile.gettempdir())}


def _format(root: Path, work: Path, runtime: java.Java, files: list[Path]) -> None:
    broker.prepare(work / "kafka", _LISTENERS, runtime, files, work / "format.log")
    shutil.copytree(work / "kafka", root / "kafka")
    (root / "kafka" / "server.properties").write_text(broker.properties(_LISTENERS, "/kafka/log"))


def _import(archive: Path, tag: str) -> None:
    entrypoint = '["/java/bin/java","-Xmx512m","-cp","/jars/*","kafka.Kafka","/kafka/server.properties"]'
    changes = ("--change", f"ENTRYPOINT {entrypoint}", "--change", f"EXPOSE {PORT}")
    command = ["docker", "import", *changes, str(archive), tag]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise PipelineError("there is no docker on the PATH") from None
    except subprocess.CalledProcessError as error:
        raise PipelineError(f"docker import failed: {error.stderr.strip()}") from None


if __name__ == "__main__":
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else TAG)
    except PipelineError as error:
        sys.exit(f"broker_image: {error}")

"""The services as processes: how each is started."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyspark

from pipeline.java import QUICK_START, Java
from pipeline.ports import LOOPBACK
from pipeline.supervision import Part

_SPARK_HOME: Final = Path(pyspark.__file__).parent


def generator(environment: Mapping[str, str], port: int, settings: Mapping[str, str], log: Path) -> Part:
    """The generator under uvicorn; ``settings`` are those of `generator.settings`, by name."""
    command = (sys.executable, "-m", "uvicorn", "generator.app:app", "--host", LOOPBACK, "--port", str(port))
    given = {f"SCADA_GENERATOR_{name.upper()}": value for name, value in settings.items()}
    return Part("generator", (*command, "--no-access-log"), log, {**environment, **given})


def producer(environment: Mapping[str, str], source: str, bootstrap_servers: str, log: Path) -> Part:
    """The bridge from the generator's stream to Kafka."""
    command = (sys.executable, "-m", "producer", "--source", source, "--bootstrap-servers", bootstrap_servers)
    return Part("producer", command, log, environment, stop_s=60.0)


def export(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that writes a data set; its arguments are the generator's to read."""
    return sys.executable, "-m", "generator.export", *arguments


@dataclass(frozen=True)
class Spark:
    """What the analysis runs on.

    Attributes:
        java: the Java.
        jars: what it needs beyond PySpark's own jars.
        ui_port: where Spark's user interface listens.
    """

    java: Java
    jars: Sequence[Path]
    ui_port: int


def analysis(environment: Mapping[str, str], spark: Spark, bootstrap_servers: str, folder: Path, log: Path) -> Part:
    """The Spark job in local mode, by the ``spark-submit`` of PySpark.

    Its checkpoints and the historian's files are kept in the folder.

    The jars are those that ``--packages`` would get, but locked and already here; on the class path they are neither
    resolved nor copied again.
    """
    checkpoints, historian = folder / "checkpoints", folder / "historian"
    configuration = {"spark.ui.port": str(spark.ui_port), "spark.driver.memory": "1g"}
    command = (
        str(_SPARK_HOME / "bin" / "spark-submit"),
        *(word for name, value in configuration.items() for word in ("--conf", f"{name}={value}")),
        "--driver-java-options",
        " ".join(QUICK_START),
        "--driver-class-path",
        ":".join(map(str, spark.jars)),
        str(_job()),
        "--bootstrap-servers",
        bootstrap_servers,
        "--checkpoint-dir",
        str(checkpoints),
        "--historian-dir",
        str(historian),
        "--console",
        "events",
    )
    given = {
        "SPARK_HOME": str(_SPARK_HOME),
        "JAVA_HOME": str(spark.java.home_for_spark(folder.parent / "java")),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": LOOPBACK,
    }
    return Part("analysis", command, log, {**environment, **given}, stop_s=60.0)


def _job() -> Path:
    # Found, not imported: the pipeline runs the services and does not know them.
    specification = importlib.util.find_spec("analysis")
    if specification is None or specification.origin is None:
        raise ModuleNotFoundError("analysis is not installed")
    return Path(specification.origin).with_name("job.py")

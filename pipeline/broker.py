"""A real single-node Kafka (KRaft) from its published jars: settings, formatting, command line."""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline import ports
from pipeline.errors import PipelineError
from pipeline.java import QUICK_START, Java
from pipeline.ports import LOOPBACK
from pipeline.supervision import Part, Supervisor, last_lines

HEAP_MB: Final = 512
_FORMAT_S: Final = 60.0
_START_S: Final = 90.0

# One node has one replica of everything. What is kept for groups, transactions and shares is tiny here.
_SETTINGS: Final = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""

_LOGGING: Final = """\
status=error
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName=${sys:scada.log}
appender.file.filePattern=${sys:scada.log}.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d{ISO8601} %-5p %c{1}: %m%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
rootLogger.level=info
rootLogger.appenderRef.file.ref=file
"""


@dataclass(frozen=True)
class Listeners:
    """Where a broker listens.

    Attributes:
        clients: ``host:port`` for clients.
        controller: ``host:port`` for its own controller; nobody else's business.
        advertised: ``host:port`` that clients are told, where it is not that they connect to.
    """

    clients: str
    controller: str
    advertised: str = ""

    @classmethod
    def on_loopback(cls, port: int, controller_port: int) -> "Listeners":
        """Listeners that no other machine reaches."""
        return cls(f"{LOOPBACK}:{port}", f"{LOOPBACK}:{controller_port}")


def properties(listeners: Listeners, log_dir: str) -> str:
    """The broker's ``server.properties``."""
    return (
        f"{_SETTINGS}"
        f"listeners=PLAINTEXT://{listeners.clients},CONTROLLER://{listeners.controller}\n"
        f"advertised.listeners=PLAINTEXT://{listeners.advertised or listeners.clients}\n"
        f"controller.quorum.voters=1@{listeners.controller}\n"
        f"log.dirs={log_dir}\n"
    )


def prepare(folder: Path, listeners: Listeners, java: Java, jars: Sequence[Path], log: Path) -> Part:
    """Write the broker's settings into its folder, format its storage unless that was done, and say how to run it.

    Raises:
        PipelineError: the storage cannot be formatted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    settings, logging, storage = folder / "server.properties", folder / "log4j2.properties", folder / "log"
    # In a properties file a backslash escapes; the path is the only value that could hold one.
    settings.write_text(properties(listeners, str(storage.absolute()).replace("\\", "\\\\")), encoding="utf-8")
    logging.write_text(_LOGGING)
    class_path = ":".join(map(str, jars))
    options = (f"-Xmx{HEAP_MB}m", *QUICK_START, f"-Dlog4j2.configurationFile={logging}", f"-Dscada.log={log}")
    run = (str(java.executable), *options)
    if not (storage / "meta.properties").exists():
        _format((*run, "-cp", class_path, "kafka.tools.StorageTool"), settings, log)
    return Part("kafka", (*run, "-cp", class_path, "kafka.Kafka", str(settings)), log, stop_s=30.0)


def start(supervisor: Supervisor, data_dir: Path, port: int, java: Java, jars: Sequence[Path]) -> str:
    """Start a broker on loopback and wait until it accepts connections; its ``host:port``.

    Raises:
        PipelineError: it does not start.
        Stopped: somebody wishes us to stop.
    """
    log = data_dir / "logs" / "kafka.log"
    listeners = Listeners.on_loopback(port, ports.claim(0, "Kafka's controller", ""))
    supervisor.start(prepare(data_dir / "kafka", listeners, java, jars, log))
    supervisor.wait_until(lambda: ports.accepts(port), _START_S, f"Kafka does not answer; its log is {log}")
    return listeners.clients


def _format(tool: Sequence[str], settings: Path, log: Path) -> None:
    # --ignore-formatted: a format that was cut off has left some of its files.
    command = [*tool, "format", "--ignore-formatted", "--cluster-id", new_cluster_id(), "--config", str(settings)]
    try:
        with log.open("ab") as output:
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=_FORMAT_S, check=True
            )
    except subprocess.SubprocessError as error:
        raise PipelineError(f"Kafka's storage cannot be formatted ({error})\n{last_lines(log)}") from None


def new_cluster_id() -> str:
    """A random identifier as Kafka writes them: 16 bytes in base64 for URLs, the first character no dash."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return new_cluster_id() if text.startswith("-") else text

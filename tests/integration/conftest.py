"""A real broker for the whole session: in a container where a Docker engine answers, else embedded.

``--broker=testcontainers`` and ``--broker=embedded`` insist on the one or the other.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from pipeline import broker, cluster, jars, java, ports, versions
from pipeline.errors import PipelineError
from pipeline.supervision import Supervisor

PUBLISHED_IMAGE = f"apache/kafka:{versions.KAFKA}"
BUILT_IMAGE = f"scada-kafka:{versions.KAFKA}"
BUILD = Path(__file__).parents[2] / "deploy" / "broker_image.py"
PORT = 9092
READY_S = 90.0
USED = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker", choices=("auto", "testcontainers", "embedded"), default="auto", help="where the real broker runs"
    )


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a broker with all topics."""
    kind: str = request.config.getoption("--broker")
    if kind == "auto":
        kind = "testcontainers" if _engine_answers() else "embedded"
    with _container() if kind == "testcontainers" else embedded(tmp_path_factory.mktemp("kafka")) as servers:
        cluster.ensure_topics(servers, replicas=1)
        request.config.stash[USED] = f"{kind}, at {servers}"
        yield servers


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"broker: {config.stash.get(USED, 'none was needed')}")


def _engine_answers() -> bool:
    # In a process of its own: docker-py leaves a socket open where nothing answers.
    question = [sys.executable, "-W", "ignore", "-c", "import docker; docker.from_env()"]
    return subprocess.run(question, stderr=subprocess.DEVNULL, check=False).returncode == 0


class KafkaContainer(DockerContainer):
    """A broker in a container, of the published image or of the one that `deploy/broker_image.py` builds.

    Clients are told the port that they connect to, so it is chosen before the container starts.
    """

    def __init__(self, image: str) -> None:
        super().__init__(image)
        self.port = ports.claim(0, "the broker's container", "")
        self.servers = f"{ports.LOOPBACK}:{self.port}"
        # Published on loopback only, which docker-py can and `with_bind_ports` cannot say.
        self.ports[str(PORT)] = (ports.LOOPBACK, self.port)  # type: ignore[assignment]  # docker-py takes a pair
        listeners = broker.Listeners(f"0.0.0.0:{PORT}", f"{ports.LOOPBACK}:9093", self.servers)
        if image == BUILT_IMAGE:
            self.with_command(f"--override advertised.listeners=PLAINTEXT://{self.servers}")
        else:
            for setting in broker.properties(listeners, "/tmp/kafka-logs").splitlines():  # noqa: S108 - inside the image
                name, value = setting.split("=", 1)
                self.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)


@contextmanager
def _container() -> Iterator[str]:
    # Ryuk, which would remove what a killed session leaves, is an image that cannot be pulled everywhere.
    testcontainers_config.ryuk_disabled = True
    with KafkaContainer(_image()) as container, Supervisor() as waiting:
        waiting.wait_until(lambda: _answers(container.servers), READY_S, "the broker's container does not answer")
        yield container.servers


def _image() -> str:
    """The published image if it is here or can be pulled, else one that is built here."""
    client = docker.from_env()
    try:
        if client.images.list(PUBLISHED_IMAGE) or not client.images.list(BUILT_IMAGE):
            client.images.pull(PUBLISHED_IMAGE)
            return PUBLISHED_IMAGE
    except DockerException:
        subprocess.run([sys.executable, BUILD, BUILT_IMAGE], check=True)
    finally:
        client.close()
    return BUILT_IMAGE


def _answers(servers: str) -> bool:
    try:
        cluster.ensure_topics(servers, topics=())
    except PipelineError:
        return False
    return True


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    runtime = java.find(os.environ)
    files = jars.fetch(jars.load("kafka"), jars.cache_folder(os.environ), runtime, lambda _done, _wanted: None)
    with Supervisor() as supervisor:
        yield broker.start(supervisor, folder, ports.claim(0, "the embedded broker", ""), runtime, files)

"""The whole pipeline on this machine: start in order of readiness, watch, stop in the order of the flow."""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyspark

from pipeline import broker, cluster, jars, java, parts, ports, versions
from pipeline.errors import PipelineError
from pipeline.status import Status
from pipeline.supervision import Stopped, Supervisor
from pipeline.watch import Generator, Watch

PARTS: Final[tuple[str, ...]] = ("kafka", "generator", "producer", "analysis")
STOP_ORDER: Final[tuple[str, ...]] = ("generator", "producer", "analysis", "kafka")
"""What feeds another stops before it."""

_DOWNLOAD_S: Final = 600.0
_START_S: Final = 90.0
_RESULTS_S: Final = 180.0
_SETTLE_S: Final = 60.0
_TICK_S: Final = 0.5
_SPARK_UI: Final = 4040


@dataclass(frozen=True)
class Options:
    """What a run was asked for.

    Attributes:
        data_dir: where stream, log and checkpoints are kept, so that the next run goes on.
        seconds: stop by itself after that many seconds of results; None for never.
        bootstrap_servers: Kafka to use; None for the embedded one.
        kafka_port: where the embedded Kafka listens on loopback; 0 for any free port.
        generator_port: where the generator does.
        generator: settings of the generator that were given, by name.
    """

    data_dir: Path
    seconds: float | None
    bootstrap_servers: str | None
    kafka_port: int
    generator_port: int
    generator: Mapping[str, str]


class Person(Protocol):
    """Whoever has started the pipeline: sees, and may wish it to stop."""

    def show(self, status: Status) -> None:
        """Show a status, in place of the one before."""

    def stopping(self) -> bool:
        """Whether it shall stop, in good order."""

    def hurrying(self) -> bool:
        """Whether it shall stop at once."""


class Up:
    """One run of the whole pipeline.

    Args:
        options: what is asked for.
        environment: variables for the parts.
        person: who sees it.
    """

    def __init__(self, options: Options, environment: Mapping[str, str], person: Person) -> None:
        self._options = options
        self._environment = environment
        self._person = person
        self._data = options.data_dir.absolute()
        self._began = time.monotonic()
        self._ends: float | None = None
        self._states: dict[str, str] = {}
        self._urls: dict[str, str] = {}

    def run(self) -> Status:
        """Run until it is time, or somebody wishes to stop; the last status, with the summary of all generators.

        Raises:
            PipelineError: something is missing, or a part has ended by itself.
        """
        person = self._person
        with locked(self._data) as lock, Supervisor(person.stopping, person.hurrying, [lock]) as supervisor:
            try:
                generator, servers = self._start(supervisor)
                with Watch(generator, servers, self._log("analysis")) as watch:
                    with suppress(Stopped):
                        self._follow(supervisor, watch)
                    return self._drain(supervisor, watch)
            except Stopped:
                return self._status()
            finally:
                for name in STOP_ORDER:
                    supervisor.stop(name)

    def _start(self, supervisor: Supervisor) -> tuple[Generator, str]:
        """Start all parts, each as soon as what it needs is there."""
        options = self._options
        if pyspark.__version__ != versions.SPARK:
            raise PipelineError(
                f"PySpark is {pyspark.__version__}, and the jars for it are of {versions.SPARK}. "
                f"Install pyspark=={versions.SPARK}"
            )
        runtime = java.find(self._environment)
        port = ports.claim(options.generator_port, "the generator", "Give it another by --generator-port")
        url = f"http://{ports.LOOPBACK}:{port}"
        # Spark needs its jars seconds after the broker needs its own: both come at once.
        with ThreadPoolExecutor(max_workers=2) as pool:
            spark_jars = pool.submit(self._fetch, "spark", "analysis", runtime)
            servers = options.bootstrap_servers or self._start_broker(supervisor, pool, runtime)
            cluster_id = cluster.ensure_topics(servers, replicas=-1 if options.bootstrap_servers else 1)
            self._set("kafka", "running")
            generator = Generator(url)
            settings = {"state_dir": str(self._data / "generator"), **options.generator}
            supervisor.start(parts.generator(self._environment, port, settings, self._log("generator")))
            self._set("generator", "starting")
            files = self._result(supervisor, spark_jars)
            ui_port = ports.first_free(_SPARK_UI)
            # Offsets mean something in one cluster only.
            folder = self._data / "analysis" / cluster_id
            spark = parts.Spark(runtime, files, ui_port)
            supervisor.start(parts.analysis(self._environment, spark, servers, folder, self._log("analysis")))
            self._set("analysis", "starting")
        self._await(
            supervisor, generator.is_ready, _START_S, f"the generator is not ready; its log is {self._log('generator')}"
        )
        self._set("generator", "running")
        supervisor.start(parts.producer(self._environment, f"{url}/generator/stream", servers, self._log("producer")))
        self._set("producer", "running")
        self._urls = {
            "stream": f"{url}/generator/stream",
            "control": f"{url}/docs",
            "Spark": f"http://{ports.LOOPBACK}:{ui_port}",
            "Kafka": servers,
        }
        return generator, servers

    def _start_broker(self, supervisor: Supervisor, pool: ThreadPoolExecutor, runtime: java.Java) -> str:
        port = ports.claim(
            self._options.kafka_port,
            "Kafka",
            "Give it another by --kafka-port, or use the Kafka that is there by --bootstrap-servers",
        )
        files = self._result(supervisor, pool.submit(self._fetch, "kafka", "kafka", runtime))
        self._set("kafka", "starting")
        self._show()
        return broker.start(supervisor, self._data, port, runtime, files)

    def _fetch(self, name: str, part: str, runtime: java.Java) -> list[Path]:
        def progress(done: int, wanted: int) -> None:
            if self._person.stopping():
                raise Stopped
            self._set(part, f"downloading {done} of {wanted} jars")

        return jars.fetch(jars.load(name), jars.cache_folder(self._environment), runtime, progress)

    def _result(self, supervisor: Supervisor, future: "Future[list[Path]]") -> list[Path]:
        self._await(supervisor, future.done, _DOWNLOAD_S, "the jars are not all there")
        return future.result()

    def _follow(self, supervisor: Supervisor, watch: Watch) -> None:
        """Watch until the time is over; it begins when the first results of this run are there."""
        deadline = time.monotonic() + _RESULTS_S
        while self._ends is None or time.monotonic() < self._ends:
            supervisor.check()
            watch.ask(_TICK_S)
            if watch.results.is_fresh and self._states["analysis"] != "running":
                self._set("analysis", "running")
                self._ends = time.monotonic() + (self._options.seconds or float("inf"))
            elif self._ends is None and time.monotonic() > deadline:
                raise PipelineError(
                    f"no results after {_RESULTS_S:.0f} s; the logs of all parts are in {self._data / 'logs'}"
                )
            self._show(watch)

    def _drain(self, supervisor: Supervisor, watch: Watch) -> Status:
        """Stop in the order of the flow, each part after it has dealt with what there is."""
        for name in ("generator", "producer"):
            self._set(name, "stopping")
            self._show(watch)
            supervisor.stop(name)
            self._set(name, "stopped")
        self._set("analysis", "finishing")
        deadline = time.monotonic() + _SETTLE_S
        watch.ask(0)
        while supervisor.is_running("analysis") and not watch.is_settled and not self._person.hurrying():
            if time.monotonic() > deadline:
                break
            self._show(watch)
            watch.ask(_TICK_S)
        supervisor.stop("analysis")
        self._set("analysis", "stopped")
        watch.results.catch_up()
        return self._status(watch)

    def _await(self, supervisor: Supervisor, is_so: Callable[[], bool], seconds: float, wish: str) -> None:
        def shown() -> bool:
            self._show()
            return is_so()

        supervisor.wait_until(shown, seconds, wish)

    def _set(self, part: str, state: str) -> None:
        self._states[part] = state

    def _log(self, part: str) -> Path:
        return self._data / "logs" / f"{part}.log"

    def _show(self, watch: Watch | None = None) -> None:
        self._person.show(self._status(watch))

    def _status(self, watch: Watch | None = None) -> Status:
        now = time.monotonic()
        states = {part: self._states[part] for part in PARTS if part in self._states}
        if watch is None:
            return Status(now - self._began, parts=states)
        left = None if self._ends in {None, float("inf")} else max(self._ends - now, 0.0)
        return Status(
            now - self._began,
            left,
            states,
            watch.generator.bus,
            watch.stages(now),
            watch.set_aside,
            watch.results.alarms(watch.generator.stream_id),
            watch.results.summary(watch.generator.stream_id),
            self._urls,
        )


@contextmanager
def locked(data_dir: Path) -> Iterator[int]:
    """The data directory, made if need be, for us alone; the descriptor that holds the lock.

    Raises:
        PipelineError: it cannot be used, or another run uses it.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = (data_dir / "lock").open("w")
    except OSError as error:
        raise PipelineError(f"the data directory cannot be used: {error}. Give another by --data-dir") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PipelineError(
                f"another run uses {data_dir}, or is just ending. Wait for it, or give another by --data-dir"
            ) from None
        yield file.fileno()

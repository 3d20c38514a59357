"""The command line: ``scada``."""

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from pipeline import broker, cluster, jars, java, parts, ports, screen, versions
from pipeline.doctor import examine
from pipeline.errors import PipelineError
from pipeline.status import Status
from pipeline.supervision import Stopped, Supervisor
from pipeline.tail import tail
from pipeline.terminal import Terminal
from pipeline.up import Options, Up, locked

_DATA_DIR: Final = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".scada"),
    show_default=True,
    envvar="SCADA_DATA_DIR",
    help="Where everything is kept; the next run with the same directory goes on.",
)
_LOG_WIDTH: Final = 120
_PORT: Final = click.IntRange(0, 65535)


class _Commands(click.Group):
    """Commands whose errors are one clear message and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PipelineError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="scada-pipeline")
def main() -> None:
    """A diesel power plant streaming into Kafka and Spark."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what it cannot do it raises as well


def _speed(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and value != "unpaced":
        try:
            is_positive = float(value) > 0
        except ValueError:
            is_positive = False
        if not is_positive:
            raise click.BadParameter(f"must be a number above 0, or unpaced, got {value!r}")
    return value


@main.command()
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop by itself, so long after the first results.",
)
@click.option(
    "--generators", type=click.IntRange(min=1), help="Generator sets, in sites of at most ten.  [default: 10]"
)
@click.option("--speed", callback=_speed, help="Simulated seconds per second, or 'unpaced'.  [default: 1]")
@click.option("--seed", type=click.IntRange(min=0), help="What all chance in the plant is drawn from.  [default: 1]")
@_DATA_DIR
@click.option("--bootstrap-servers", metavar="HOST:PORT,…", help="Use this Kafka instead of the embedded one.")
@click.option("--kafka-port", type=_PORT, default=9092, show_default=True, help="Port of Kafka; 0 for any free one.")
@click.option("--generator-port", type=_PORT, default=8000, show_default=True, help="Port of the generator; likewise.")
def up(
    seconds: float | None,
    data_dir: Path,
    bootstrap_servers: str | None,
    kafka_port: int,
    generator_port: int,
    **generator: object,
) -> None:
    """Run the whole pipeline: Kafka, generator, producer and analysis.

    Ctrl-C stops it in the order of the flow, so that nothing is lost; once more stops it at once. What makes the stream
    (--generators, --seed) is decided by the first run in a data directory. Variables SCADA_GENERATOR_… and
    SCADA_PRODUCER_… reach the parts. Logs are in DATA_DIR/logs.
    """
    settings = {name: str(value) for name, value in generator.items() if value is not None}
    options = Options(data_dir, seconds, bootstrap_servers, kafka_port, generator_port, settings)
    console = Console(width=None if sys.stdout.isatty() else _LOG_WIDTH)
    with Terminal(console) as terminal:
        status = Up(options, os.environ, terminal).run()
    if not status.summary:
        return
    console.print(screen.line(status), markup=False, highlight=False, soft_wrap=True)
    console.print(screen.summary_table(status.summary))


@main.command()
@_DATA_DIR
@click.option("--port", type=_PORT, default=9092, show_default=True, help="Port to listen on; 0 for any free one.")
def kafka(data_dir: Path, port: int) -> None:
    """Run Kafka alone: a real single node, on loopback, with all topics."""
    data = data_dir.absolute()
    with Terminal(Console(stderr=True)) as terminal, locked(data) as lock, suppress(Stopped):
        port = ports.claim(port, "Kafka", "Give it another by --port")
        runtime = java.find(os.environ)

        def progress(done: int, wanted: int) -> None:
            if terminal.stopping():
                raise Stopped
            terminal.show(Status(parts={"kafka": f"downloading {done} of {wanted} jars"}))

        files = jars.fetch(jars.load("kafka"), jars.cache_folder(os.environ), runtime, progress)
        with Supervisor(terminal.stopping, terminal.hurrying, [lock]) as supervisor:
            servers = broker.start(supervisor, data, port, runtime, files)
            cluster.ensure_topics(servers, replicas=1)
            terminal.say(f"Kafka {versions.KAFKA} at {servers}, data and logs in {data}; Ctrl-C stops it")
            supervisor.wait_until(lambda: False, float("inf"), "")


@main.command()
@_DATA_DIR
def doctor(data_dir: Path) -> None:
    """Look whether this machine has what a run needs."""
    findings = list(examine(os.environ, data_dir))
    for finding in findings:
        click.echo(f"{'ok     ' if finding.is_well else 'PROBLEM'}  {finding.subject}: {finding.text}")
    if not all(finding.is_well for finding in findings):
        raise click.exceptions.Exit(1)


@main.command("tail")
@click.argument("topic")
@click.option("-n", "--count", type=click.IntRange(0, 100_000), default=10, show_default=True, help="Newest records.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option(
    "--bootstrap-servers", metavar="HOST:PORT,…", default="127.0.0.1:9092", show_default=True, help="Kafka to ask."
)
def show_tail(topic: str, count: int, bootstrap_servers: str, *, follow: bool) -> None:
    """Show a topic's newest records, decoded.

    Each is a line of JSON with key, headers and value.
    """
    with Terminal(Console(stderr=True)) as terminal:
        for line in tail(bootstrap_servers, topic, count, is_endless=follow, stopping=terminal.stopping):
            click.echo(line)


@main.command("export", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def write_export(arguments: tuple[str, ...]) -> None:
    """Write hours of plant operation, faults and their labels as files.

    Needs neither Kafka nor Java.
    """
    command = parts.export(arguments)
    os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted: it becomes the command, signals and all


if __name__ == "__main__":
    sys.exit(main())

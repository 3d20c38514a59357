"""What the job can be told on its command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_LAST_PORT: Final = 65535


@dataclass(frozen=True)
class Settings:
    """Settings of the job.

    Attributes:
        bootstrap_servers: Kafka brokers to begin with, ``host:port``, separated by commas.
        checkpoint_dir: where the queries keep what they have done; a path or URL that Spark can write.
        historian_dir: where the historian's Parquet files are; likewise.
        metrics_port: port on loopback where metrics are served for Prometheus; None for none.
        kafka_options: further settings of the Kafka clients, such as ``security.protocol``. May hold secrets.
        table: whether the console shows the summary as a table instead of an event per batch.
    """

    bootstrap_servers: str
    checkpoint_dir: str
    historian_dir: str
    table: bool
    metrics_port: int | None = None
    kafka_options: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def clients(self) -> dict[str, str]:
        """The settings of Kafka clients."""
        return {"bootstrap.servers": self.bootstrap_servers} | self.kafka_options

    @property
    def kafka(self) -> dict[str, str]:
        """The options of Spark's Kafka sources and sinks."""
        return {f"kafka.{name}": value for name, value in self.clients.items()}


def parse(arguments: Sequence[str], *, on_terminal: bool) -> Settings:
    """The settings that the arguments give.

    Raises:
        SystemExit: with code 2 after one line on standard error, if the arguments are wrong; 0 after ``--help``.
    """
    parser = argparse.ArgumentParser(
        prog="analysis/job.py",
        description="Judge the readings on Kafka; keep their history; tell alarms, health, faults and statistics.",
    )
    parser.add_argument(
        "--bootstrap-servers", default="127.0.0.1:9092", metavar="HOST:PORT,…", help="default: %(default)s"
    )
    parser.add_argument(
        "--checkpoint-dir",
        default=".scada/checkpoints",
        metavar="DIR",
        help="where the queries keep what they have done, so that they go on where they stopped; default: %(default)s",
    )
    parser.add_argument(
        "--historian-dir",
        metavar="DIR",
        help="where readings, outcomes and windows are kept as Parquet files, on the file system of the checkpoints; "
        "default: historian in the checkpoint directory",
    )
    parser.add_argument(
        "--metrics-port", type=_port, metavar="PORT", help="serve metrics for Prometheus on this port of loopback"
    )
    parser.add_argument(
        "--kafka-option",
        action="append",
        default=[],
        type=_option,
        metavar="NAME=VALUE",
        help="a setting of the Kafka clients, such as security.protocol=SSL; may be given often",
    )
    parser.add_argument(
        "--console",
        choices=("table", "events"),
        default="table" if on_terminal else "events",
        help="show the summary of the generators, or one JSON line per batch; default: a table on a terminal",
    )
    given = parser.parse_args(arguments)
    return Settings(
        bootstrap_servers=given.bootstrap_servers,
        checkpoint_dir=given.checkpoint_dir,
        historian_dir=given.historian_dir or f"{given.checkpoint_dir}/historian",
        table=given.console == "table",
        metrics_port=given.metrics_port,
        kafka_options=dict(given.kafka_option),
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"must be a port from 1 to {_LAST_PORT}, got {text!r}")
    return int(text)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, got {name!r}")
    return name, value

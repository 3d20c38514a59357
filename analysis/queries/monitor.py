"""The monitor: Spark reduces each reading to conditions and residuals, the driver steps the machines in log order.

What a batch tells is on Kafka before its snapshot is kept, and its snapshot is kept before Spark commits the batch. A
batch that is repeated begins with the snapshot before it, and so tells the same again under the same keys and numbers.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.alarms import conditions
from analysis.detection import residuals
from analysis.health import columns as signs
from analysis.monitor import Monitor, Nameplate, OperatorAction, Reading, Row, Tick
from analysis.place import Place
from analysis.progress import Tally
from analysis.publisher import Message
from analysis.queries.source import TICKS
from analysis.records import judge
from analysis.storage.snapshots import Snapshots
from contracts import topics

NAME: Final = "monitor"
TOPICS: Final = (topics.NAMEPLATE, topics.OPERATOR_ACTIONS, topics.READINGS)
RECORDS_PER_BATCH: Final = 20_000
"""Bounds a batch that catches up: about what the driver steps in a second."""

Send = Callable[[Iterable[Message]], None]
"""Sends records to Kafka; all are acknowledged when it returns."""

_POSITION: Final = ("topic", "partition", "offset")
_ORDER: Final = {TICKS: 1}
"""Ticks come after the records that were there when they were made; topics in the order of their names."""

_MACHINES: Final[tuple[Callable[[], Mapping[str, Column]], ...]] = (
    conditions.columns,
    signs.columns,
    residuals.columns,
)
_SECOND_US: Final = 1_000_000

_log: Final = logging.getLogger("analysis")


def records(kafka: DataFrame) -> DataFrame:
    """What the machines look at: a row per valid reading, and one per record of the other topics and per tick.

    It belongs into the plan of the stream, which is made once: to build its expressions takes seconds.

    Args:
        kafka: records of `TOPICS`, and ticks.

    Returns:
        ``topic``, ``partition``, ``offset``; ``appended``, Kafka's timestamp in microseconds since 1970; ``other``, the
        value of a record that is no reading; the fields of `Place`; then what each machine needs, in its order.
    """
    is_reading = F.col("topic") == topics.READINGS
    judged = judge.judge(kafka).filter(~is_reading | judge.is_valid())
    times = {name: F.unix_micros(name) for name in ("source_time", "server_time")}
    appended = F.unix_micros("timestamp").alias("appended")
    other = F.when(~is_reading, F.col("value")).alias("other")
    measured = judged.select(*_POSITION, appended, other, "outcome", *judge.measured())
    place = (times.get(name, F.col(name)).alias(name) for name in Place._fields)
    machines = (
        F.struct(*(column.alias(name) for name, column in columns().items())).alias(f"machine_{number}")
        for number, columns in enumerate(_MACHINES)
    )
    return measured.select(*_POSITION, "other", *place, *machines)


def rows(batch: DataFrame) -> list[Row]:
    """The rows of `records` on the driver, in the order of the log."""
    *columns, alarms, health, detection = batch.toArrow().columns
    machines = [_tuples(column) for column in (alarms, health, detection)]
    found = list(zip(*(column.to_pylist() for column in columns), *machines, strict=True))
    found.sort(key=_log_order)
    return list(_typed(found))


def _log_order(row: tuple[Any, ...]) -> tuple[int, str, int, int]:
    topic, partition, offset = row[:3]
    return _ORDER.get(topic, 0), topic, partition or 0, offset


def _tuples(structs: Any) -> list[tuple[Any, ...]]:
    """The structs of an Arrow column as tuples of their fields."""
    fields = structs.combine_chunks().flatten()
    return list(zip(*(field.to_pylist() for field in fields), strict=True))


def _typed(found: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    for topic, _, _, other, *place, alarms, health, detection in found:
        match topic:
            case topics.READINGS:
                yield Reading(Place(*place), alarms, health, detection)
            case topics.OPERATOR_ACTIONS:
                yield OperatorAction(other)
            case topics.NAMEPLATE:
                yield from _nameplate(other)
            case _:
                yield Tick(Place(*place).appended)


def _nameplate(value: bytes | None) -> Iterator[Row]:
    """The nameplate; none where the record is no JSON object, which the bridge never writes."""
    try:
        found = json.loads(value or b"")
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        yield Nameplate(found)
    else:
        _log.warning("%s: a record is no JSON object: %.200r", topics.NAMEPLATE, value)


class Batches:
    """Processes the monitor's batches; to be given to ``foreachBatch``.

    Args:
        snapshots: the query's snapshots.
        send: sends events.
        tally: what the query counts for its events.
    """

    def __init__(self, snapshots: Snapshots, send: Send, tally: Tally) -> None:
        self._snapshots = snapshots
        self._send = send
        self._tally = tally
        self._after: tuple[int, Monitor] | None = None

    def __call__(self, records: DataFrame, batch: int) -> None:
        """Process a batch."""
        monitor = self._before(batch)
        taken = rows(records)
        self._send(
            Message(event.topic, event.key(), json.dumps(event.value(), separators=(",", ":")).encode())
            for event in monitor.take(taken)
        )
        self._tally.state_bytes[NAME] = self._snapshots.commit(batch, monitor.dump())
        self._after = batch, monitor
        appended = [row.place.appended for row in taken if isinstance(row, Reading)]
        if appended:
            self._tally.appended[NAME] = max(appended) / _SECOND_US

    def _before(self, batch: int) -> Monitor:
        """The state that a batch begins with; what a failed attempt has left of it in memory is not used."""
        after, self._after = self._after, None
        if after is not None and after[0] == batch - 1:
            return after[1]
        dumped = self._snapshots.load(batch)
        return Monitor() if dumped is None else Monitor.load(dumped)

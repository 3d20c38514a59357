"""The monitor: Spark reduces each reading to conditions and residuals, the driver steps the machines in log order.

What a batch tells is on Kafka before its snapshot is kept, and its snapshot is kept before Spark commits it. A batch that
is repeated begins with the snapshot before it, and so tells the same again under the same keys and numbers.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from analysis.alarms import conditions
from analysis.detection import residuals
from analysis.health import signs
from analysis.monitor import Event, Monitor, Nameplate, OperatorAction, Reading, Row, Tick
from analysis.place import Place
from analysis.publisher import Message
from analysis.queries.source import TICKS
from analysis.records import judge
from analysis.storage.snapshots import Snapshots
from contracts import topics

TOPICS: Final = (topics.NAMEPLATE, topics.OPERATOR_ACTIONS, topics.READINGS)
RECORDS_PER_BATCH: Final = 20_000
"""Bounds a batch that catches up: what the driver steps in about a second."""

_MACHINES: Final[tuple[Callable[[], dict[str, Column]], ...]] = (
    conditions.columns,
    signs.columns,
    residuals.columns,
)
_LOG_ORDER: Final = ("topic", "partition", "offset")

_log: Final = logging.getLogger("analysis")


def narrow(records: DataFrame) -> DataFrame:
    """What the machines look at: a row per valid reading, and one per record of the other topics and per tick.

    Returns:
        `_LOG_ORDER`; ``appended``, Kafka's timestamp in microseconds; ``value`` of a record that is no reading; ``place``
        and a struct per machine of a reading, null for other records.
    """
    judged = judge.judge(records)
    is_reading = F.col("topic") == topics.READINGS
    is_valid = F.col("outcome") != judge.Outcome.REJECTED.value
    readings = judge.fields(judged.filter(~is_reading | is_valid))
    return readings

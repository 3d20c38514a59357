"""The historian: what became of every record, rows as Parquet, summaries and statistics; a batch at a time.

A batch is a sequence of steps, each of which gives the same result when Spark repeats the batch: the state before it comes
from its snapshot, files have the names that they had, and records of Kafka have their keys.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, Final, Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from analysis import results
from analysis.historian import layout, outcomes, parquet
from analysis.historian.layout import MINUTES, OUTCOMES, READINGS
from analysis.historian.ledger import Judged, Ledger
from analysis.historian.offsets import RULE, Gap, Position
from analysis.historian.publication import Publication
from analysis.historian.recent import Entry
from analysis.historian.times import Closing
from analysis.records import judge
from analysis.storage.files import Files
from analysis.storage.snapshots import Snapshots
from analysis.windows import summary, ten_minutes
from contracts import topics

RECORDS_PER_BATCH: Final = 100_000
"""Bounds a batch that catches up."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Sink(Protocol):
    """Writes records to Kafka: a frame of ``topic``, ``key`` and ``value``."""

    def __call__(self, records: DataFrame) -> None:
        """Write them; all are acknowledged when this returns.

        Raises:
            Exception: some may be written.
        """

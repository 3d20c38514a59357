"""What Spark reports of its batches, as one event each for whoever watches."""

from collections.abc import Mapping
from typing import Any, Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from analysis.records.judge import Outcome

OBSERVATION: Final = "outcomes"
"""Name under which a query observes `counts`."""

_NOT_ACCEPTED: Final = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.ACCEPTED)


def counts() -> tuple[Column, ...]:
    """How many judged records of a batch were not accepted, for each such outcome."""
    return tuple(F.count_if(F.col("outcome") == name).alias(name) for name in _NOT_ACCEPTED)


class Progress:
    """Adds up the reports of all queries.

    Counts of outcomes, duplicates and dropped readings are those since the start of the process; ``records_total`` and
    ``lag`` are places in the log, and so go on where they stopped.
    """

    def __init__(self) -> None:
        self._counts = dict.fromkeys((*_NOT_ACCEPTED, "duplicates", "dropped"), 0)

    def event(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """The event for a query's report, a ``StreamingQueryProgress`` as parsed JSON.

        Returns:
            ``event``, ``query``, ``batch``, ``input_rows``, ``records_total`` (records of the topic that the query has
            processed), ``rejected``, ``late``, ``skewed``, ``duplicates`` (copies that were not counted again),
            ``dropped`` (readings behind the watermark, which should not be), ``lag`` (records behind the end of the
            topic) and ``duration_ms``.
        """
        for name, count in report.get("observedMetrics", {}).get(OBSERVATION, {}).items():
            self._counts[name] += count
        for operator in report["stateOperators"]:
            self._counts["dropped"] += operator["numRowsDroppedByWatermark"]
            self._counts["duplicates"] += operator["customMetrics"].get("numDroppedDuplicateRows", 0)
        done, end = (
            sum(_offsets(source, name) for source in report["sources"]) for name in ("endOffset", "latestOffset")
        )
        return {
            "event": "progress",
            "query": report["name"],
            "batch": report["batchId"],
            "input_rows": report["numInputRows"],
            "records_total": done,
            **self._counts,
            "lag": max(end - done, 0),
            "duration_ms": report["durationMs"].get("triggerExecution", 0),
        }


def _offsets(source: Mapping[str, Any], name: str) -> int:
    """Records of all partitions before the offsets that a report's source gives under that name."""
    return sum(offset for partitions in (source[name] or {}).values() for offset in partitions.values())

"""What the analysis reports of its batches: one event each, for whoever watches."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts import topics


@dataclass
class Tally:
    """What the queries count for the events; each query writes its own part.

    Attributes:
        outcomes: records by outcome, since the query began at its checkpoint's first batch.
        appended: by query, Kafka's timestamp of the newest record that it has processed, in seconds since 1970.
        state_bytes: by query, the size of its newest snapshot.
    """

    outcomes: dict[str, int] = field(default_factory=dict)
    appended: dict[str, float] = field(default_factory=dict)
    state_bytes: dict[str, int] = field(default_factory=dict)


class Progress:
    """Makes an event of each report of Spark.

    Args:
        tally: what the queries count.
        now: the wall clock, in seconds since 1970.
    """

    def __init__(self, tally: Tally, now: Callable[[], float] = time.time) -> None:
        self._tally = tally
        self._now = now

    def event(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """The event for a query's report, a ``StreamingQueryProgress`` as parsed JSON.

        Returns:
            ``event``, ``query``, ``batch``, ``input_rows``, ``records_total`` (offsets of the readings topic that the
            query has processed), ``outcomes`` (records by outcome), ``lag`` (records behind the end of the topic),
            ``lag_s`` (age of the newest record that it has processed, 0 at the end of the topic), ``state_bytes`` (size
            of its newest snapshot) and ``duration_ms``.
        """
        done, end = (
            sum(_offsets(source, name) for source in report["sources"]) for name in ("endOffset", "latestOffset")
        )
        lag = max(end - done, 0)
        newest = self._tally.appended.get(report["name"])
        return {
            "event": "progress",
            "query": report["name"],
            "batch": report["batchId"],
            "input_rows": report["numInputRows"],
            "records_total": done,
            "outcomes": dict(self._tally.outcomes),
            "lag": lag,
            "lag_s": round(max(self._now() - newest, 0.0), 3) if lag and newest is not None else 0.0,
            "state_bytes": self._tally.state_bytes.get(report["name"], 0),
            "duration_ms": report["durationMs"].get("triggerExecution", 0),
        }


def _offsets(source: Mapping[str, Any], name: str) -> int:
    """Records of the readings topic before the offsets that a report's source gives under that name."""
    offsets = source[name]
    return sum(offsets.get(topics.READINGS, {}).values()) if isinstance(offsets, Mapping) else 0

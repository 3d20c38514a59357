"""The Kafka topics of the pipeline: names, keys and settings."""

from dataclasses import dataclass, field
from typing import Final

READINGS: Final = "scada.readings.v1"
DEAD_LETTERS: Final = "scada.dead-letters.v1"
PROGRESS: Final = "scada.progress.v1"
NAMEPLATE: Final = "scada.nameplate.v1"
REJECTED: Final = "scada.rejected.v1"
SUMMARY: Final = "scada.summary.v1"
STATISTICS: Final = "scada.statistics.v1"
ALARMS: Final = "scada.alarms.v1"
OPERATOR_ACTIONS: Final = "scada.operator-actions.v1"
HEALTH: Final = "scada.health.v1"
DETECTIONS: Final = "scada.detections.v1"

_DAY_MS: Final = 24 * 60 * 60 * 1000
_COMPACTED: Final = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"}


@dataclass(frozen=True)
class Topic:
    """A topic as the pipeline needs it.

    Attributes:
        name: the topic's name; a breaking change of its contract makes a new one.
        key: what its records are keyed by, for people; "none" where they have no key.
        content: what its records are, for people.
        partitions: number of partitions. What has a key is ordered by it; readings are ordered by their site.
        config: topic configuration as Kafka names it.
    """

    name: str
    key: str
    content: str
    partitions: int = 1
    config: dict[str, str] = field(default_factory=dict)


TOPICS: Final = (
    Topic(
        READINGS,
        "generator_id",
        "readings; a site's lie in one partition",
        partitions=4,
        config={"retention.ms": str(7 * _DAY_MS)},
    ),
    Topic(DEAD_LETTERS, "none", "raw lines that broke the contract at the bridge", config={"retention.ms": "-1"}),
    # Read whole at each start of the bridge; an hour's segment is what compaction leaves alone.
    Topic(PROGRESS, "stream_id", "the producer's acknowledged low mark", config=_COMPACTED | {"segment.ms": "3600000"}),
    Topic(NAMEPLATE, "generator_id", "static data of each generator set", config=_COMPACTED),
    Topic(REJECTED, "topic-partition-offset", "what the analysis could not accept", config=_COMPACTED),
    Topic(SUMMARY, "stream_id, generator_id", "the summary of each generator", config=_COMPACTED),
    Topic(STATISTICS, "stream_id, generator_id, window", "window aggregates (OPC UA Part 13)", config=_COMPACTED),
    Topic(ALARMS, "stream_id, set or site, alarm_id", "alarm transitions (ISA-18.2)", config={"retention.ms": "-1"}),
    Topic(
        OPERATOR_ACTIONS,
        "stream_id, set or site, alarm_id",
        "acknowledge, shelve, unshelve, out of service, in service",
        config={"retention.ms": "-1"},
    ),
    Topic(HEALTH, "stream_id, generator_id, source", "health of sensors and sources", config={"retention.ms": "-1"}),
    Topic(DETECTIONS, "stream_id, generator_id, class", "faults raised and cleared", config={"retention.ms": "-1"}),
)
"""Every topic, in the order of the flow."""

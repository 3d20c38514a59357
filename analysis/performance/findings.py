"""What the report tells: the figures of one stream, collected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.performance.alarms import AlarmPerformance, Span
from analysis.performance.plant import Rating


@dataclass(frozen=True)
class Findings:
    """The figures of one stream.

    Attributes:
        stream_id: the run.
        period: from its first reading to its last.
        readings: how many there are.
        rating: the nameplate that the figures are held against.
        sites, generators, outages, consumption: rows of the functions of `analysis.performance.plant` by these names.
        power: its rows likewise, of stretches of ``power_width_s`` seconds.
        power_width_s: as said.
        alarms: performance of the alarm system; null if no transitions were given.
    """

    stream_id: str
    period: Span
    readings: int
    rating: Rating
    sites: Sequence[Mapping[str, Any]]
    generators: Sequence[Mapping[str, Any]]
    outages: Sequence[Mapping[str, Any]]
    consumption: Sequence[Mapping[str, Any]]
    power: Sequence[Mapping[str, Any]]
    power_width_s: int
    alarms: AlarmPerformance | None

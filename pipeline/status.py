"""What is shown of a running pipeline: plain values, made from what the parts tell about themselves."""

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

from contracts import judge
from contracts.errors import ContractError
from contracts.reading import Reading

RATE_OVER_S: Final = 10.0
"""Seconds that a rate is taken over."""

_PRIORITIES: Final = ("high", "medium", "low")
_HEAD: Final = "scada_generator_head_line"
_QUERIES: Final = ("monitor", "historian")
_SET_ASIDE: Final = {
    "rejected": "rejected",
    "late": "late",
    "skewed": "skewed",
    "duplicate": "duplicates",
    "conflict": "conflicts",
    "gap": "lost to retention",
}
"""What each outcome of the analysis but acceptance is called in a count."""


@dataclass(frozen=True)
class Stage:
    """One step on the way of the data.

    Attributes:
        name: what has happened to a record there.
        total: records so far.
        rate: records per second; None while it cannot be told.
        lag: records of the step before that have not come so far; None for the first step.
        lag_s: age in seconds of the newest record that has come so far, 0 if there is no lag; None if nobody tells.
    """

    name: str
    total: int
    rate: float | None = None
    lag: int | None = None
    lag_s: float | None = None


@dataclass(frozen=True)
class Bus:
    """A site's bus bar at the last scan: frequency in Hz, voltage in V phase to neutral, demand in kW.

    A frequency or voltage is None where no set has measured it, the demand where a set that may be on the bus has not
    told its power: a sum without it would show a reserve that is not there. ``on_line`` of ``sets`` generator sets have
    their breaker closed; ``capacity_kw`` is what these are rated at together, None where a nameplate is not known.
    """

    site: str
    frequency_hz: float | None
    voltage_v: float | None
    demand_kw: float | None
    on_line: int
    sets: int
    capacity_kw: float | None

    @property
    def reserve_kw(self) -> float | None:
        """Spinning reserve: what the sets on line could carry beyond the demand."""
        if self.capacity_kw is None or self.demand_kw is None:
            return None
        return self.capacity_kw - self.demand_kw


@dataclass(frozen=True)
class Alarm:
    """An alarm that nobody has acknowledged (ISA-18.2).

    Attributes:
        alarm_id: row of the master alarm database.
        source: the generator set, or the site.
        priority: high, medium or low.
        time: plant time of its newest transition, RFC 3339.
        is_active: whether its condition is still there.
    """

    alarm_id: str
    source: str
    priority: str
    time: str
    is_active: bool


@dataclass(frozen=True)
class Status:
    """All that is shown at one moment.

    Attributes:
        elapsed_s: seconds since the start.
        remaining_s: seconds until it stops by itself; None if it does not, or not yet.
        parts: what each part is doing, in words.
        bus: the first site's bus bar.
        stages: the steps from the plant to the analysis.
        set_aside: records that are not among the results, by reason.
        alarms: alarms that nobody has acknowledged, by priority, then time; the newest first.
        summary: the newest summary of each generator of the stream.
        urls: where to look closer.
    """

    elapsed_s: float = 0.0
    remaining_s: float | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    bus: Bus | None = None
    stages: Sequence[Stage] = ()
    set_aside: Mapping[str, int] = field(default_factory=dict)
    alarms: Sequence[Alarm] = ()
    summary: Sequence[Mapping[str, Any]] = ()
    urls: Mapping[str, str] = field(default_factory=dict)


class Rate:
    """Counts per second over the last `RATE_OVER_S` seconds of what only grows."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def at(self, seconds: float, total: int) -> float | None:
        """The rate after one more sample; None after the first."""
        self._samples.append((seconds, total))
        while len(self._samples) > 2 and self._samples[1][0] <= seconds - RATE_OVER_S:
            self._samples.popleft()
        begun, before = self._samples[0]
        return (total - before) / (seconds - begun) if seconds > begun else None


class Analysis:
    """What the analysis logs of its batches, an event of JSON per line."""

    def __init__(self) -> None:
        self._events: dict[str, dict[str, Any]] = {}

    def read(self, line: str) -> None:
        """Take in a line of the log; what is no event of a batch is none of ours."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        if isinstance(event, dict) and event.get("event") == "progress":
            self._events[event["query"]] = event

    @property
    def records(self) -> int:
        """Records of the topic that every query has processed."""
        return min(int(self._events.get(query, {}).get("records_total", 0)) for query in _QUERIES)

    @property
    def lag_s(self) -> float:
        """How old the newest record is that every query has processed, in seconds; 0 at the end of the topic."""
        return max((float(event["lag_s"]) for event in self._events.values()), default=0.0)

    @property
    def counts(self) -> dict[str, int]:
        """Records that were not taken into the results, by reason."""
        outcomes = self._events.get("historian", {}).get("outcomes", {})
        return {shown: outcomes.get(outcome, 0) for outcome, shown in _SET_ASIDE.items()}


def unacknowledged(transitions: Iterable[Mapping[str, Any]]) -> list[Alarm]:
    """The alarms that call for an acknowledgement, from the newest transition of each; see `Status.alarms`."""
    found = [
        Alarm(
            transition["alarm_id"],
            transition["generator_id"] or transition["site"],
            transition["priority"],
            transition["time"],
            transition["state"] == "UNACK",
        )
        for transition in transitions
        if transition["state"] in {"UNACK", "RTN_UNACK"} and transition["suppression"] == "NONE"
    ]
    found.sort(key=lambda alarm: alarm.time, reverse=True)
    return sorted(found, key=lambda alarm: _PRIORITIES.index(alarm.priority))


def head_line(metrics: str) -> int:
    """The number of the last line that the generator serves, from its metrics; 0 if they do not tell."""
    values = (line.split()[1] for line in metrics.splitlines() if line.startswith(f"{_HEAD} "))
    return int(float(next(values, "0")))


def bus(lines: Iterable[bytes], rated_kw: Mapping[str, float]) -> Bus | None:
    """The bus of the first site in the stream's last lines; None if no line tells.

    Args:
        lines: lines of the stream.
        rated_kw: rated power of each set, as far as it is known.
    """
    newest: dict[str, Reading] = {}
    for line in lines:
        try:
            reading = judge.parse(line)
        except ContractError:
            continue
        newest[reading.generator_id] = reading
    site = min((reading.site for reading in newest.values()), default=None)
    if site is None:
        return None
    readings = [reading for reading in newest.values() if reading.site == site]
    on_line = [reading.generator_id for reading in readings if reading.breaker_closed]
    powers = [reading.power_output_kw for reading in readings if reading.breaker_closed is not False]
    return Bus(
        site,
        _mean(reading.bus_frequency_hz for reading in readings),
        _mean(reading.bus_voltage_v for reading in readings),
        None if None in powers else sum(power for power in powers if power is not None),
        len(on_line),
        len(readings),
        capacity_kw=sum(map(rated_kw.__getitem__, on_line)) if rated_kw.keys() >= set(on_line) else None,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None

"""Performance of the alarm system over a period, by ANSI/ISA-18.2-2016, 16.4 (IEC 62682) and EEMUA 191.

The standard counts per operating position. One stream is one control room here: all its sites are one position.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

TEN_MINUTES: Final = timedelta(minutes=10)
FLOOD_ABOVE: Final = 10
"""A flood begins with more annunciations than this in ten minutes (ISA-18.2, 16.4.4)."""
FLOOD_UNTIL_BELOW: Final = 5
"""A flood ends when the last ten minutes have fewer annunciations than this (ISA-18.2, 16.4.4)."""
CHATTER: Final = 3
"""An alarm chatters that annunciates at least this often within a minute (ISA-18.2, 16.4.6)."""
STALE: Final = timedelta(hours=24)
"""An alarm that stands for longer is stale: it calls for no action any more (ISA-18.2, 16.4.7)."""
TOP: Final = 10
PRIORITIES: Final = ("high", "medium", "low")
TARGET_SHARES: Final = {"high": 0.05, "medium": 0.15, "low": 0.80}
"""Shares of the annunciations that ISA-18.2, 16.4.8 and EEMUA 191 aim at."""
_MINUTE: Final = timedelta(minutes=1)
_ACTIVE: Final = ("UNACK", "ACK")


@dataclass(frozen=True, order=True)
class Alarm:
    """One alarm of one source.

    Attributes:
        site: the plant.
        source: the generator set; of a site's alarm the site.
        alarm_id: its row in the master alarm database.
    """

    site: str
    source: str
    alarm_id: str


@dataclass(frozen=True)
class Span:
    """A stretch of time, from its first instant until before its last."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """From the first instant to the last."""
        return self.end - self.begin


@dataclass(frozen=True)
class Standing:
    """An alarm that has stood for longer than a day without a break, and was not suppressed meanwhile."""

    alarm: Alarm
    span: Span


@dataclass(frozen=True)
class AlarmPerformance:
    """What the alarms of a period have asked of the operator.

    Attributes:
        period: the period.
        annunciations: how often an operator was called.
        average: annunciations per ten minutes; null for a period without length (ISA-18.2, 16.4.2: about 1, at most 2).
        peak: the most annunciations in any ten minutes (16.4.3: at most 10).
        per_ten_minutes: annunciations in each interval of ten minutes that the clock divides the period into.
        floods: the floods (16.4.4).
        flood_share: their share of the period; null for a period without length (below 1 %).
        top: the ten most frequent alarms, with number and share of all annunciations (16.4.5: together below 5 %).
        chattering: the alarms that chattered, with the most annunciations within a minute (16.4.6: none).
        standing: stretches of an alarm of more than 24 hours (16.4.7: fewer than five on any day).
        priorities: annunciations by priority (16.4.8: 5, 15 and 80 % high, medium and low).
    """

    period: Span
    annunciations: int
    average: float | None
    peak: int
    per_ten_minutes: tuple[tuple[datetime, int], ...]
    floods: tuple[Span, ...]
    flood_share: float | None
    top: tuple[tuple[Alarm, int, float], ...]
    chattering: tuple[tuple[Alarm, int], ...]
    standing: tuple[Standing, ...]
    priorities: Mapping[str, int]


def performance(transitions: Iterable[Mapping[str, Any]], period: Span) -> AlarmPerformance:
    """The performance of the alarm system.

    Args:
        transitions: values of ``scada.alarms.v1`` of one stream, in any order, each once. What lies outside the period
            is left out, except that it says which alarms stand when the period begins.
        period: the period.

    Raises:
        KeyError: a transition lacks a field of its contract.
        ValueError: its time is none.
    """
    ordered = sorted(((_time(row["time"]), row) for row in transitions), key=lambda pair: (pair[0], pair[1]["number"]))
    called = [(at, row) for at, row in ordered if row["annunciated"] and period.begin <= at < period.end]
    times = [at for at, _ in called]
    by_alarm: dict[Alarm, list[datetime]] = defaultdict(list)
    for at, row in called:
        by_alarm[_alarm(row)].append(at)
    flooded = floods(times, period.end)
    length = period.length
    return AlarmPerformance(
        period=period,
        annunciations=len(times),
        average=len(times) * (TEN_MINUTES / length) if length else None,
        peak=most_within(times, TEN_MINUTES),
        per_ten_minutes=_per_ten_minutes(times, period),
        floods=flooded,
        flood_share=sum((span.length for span in flooded), timedelta()) / length if length else None,
        top=_top(by_alarm, len(times)),
        chattering=chattering(by_alarm),
        standing=_standing(ordered, period),
        priorities=Counter(row["priority"] for _, row in called),
    )


def floods(times: Sequence[datetime], end: datetime) -> tuple[Span, ...]:
    """The floods of annunciations at these ascending times; one that has not ended by the end, ends there.

    What counts at an instant are the annunciations of the ten minutes up to it, that instant included and the one ten
    minutes before it not. So a flood depends on no grid of the clock.
    """
    changes = Counter(times)
    changes.subtract(at + TEN_MINUTES for at in times)
    found: list[Span] = []
    begin: datetime | None = None
    rate = 0
    for at in sorted(changes):
        if at >= end:
            break
        rate += changes[at]
        if begin is None and rate > FLOOD_ABOVE:
            begin = at
        elif begin is not None and rate < FLOOD_UNTIL_BELOW:
            found.append(Span(begin, at))
            begin = None
    if begin is not None:
        found.append(Span(begin, end))
    return tuple(found)


def most_within(times: Sequence[datetime], length: timedelta) -> int:
    """The most of these ascending times that lie within any stretch of that length, whose end it does not hold."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= length:
            first += 1
        most = max(most, last - first + 1)
    return most


def chattering(by_alarm: Mapping[Alarm, Sequence[datetime]]) -> tuple[tuple[Alarm, int], ...]:
    """The alarms that chatter by their ascending annunciations, with the most within a minute; the worst first."""
    rates = ((alarm, most_within(times, _MINUTE)) for alarm, times in by_alarm.items())
    return tuple(sorted((pair for pair in rates if pair[1] >= CHATTER), key=lambda pair: (-pair[1], pair[0])))


def _per_ten_minutes(times: Sequence[datetime], period: Span) -> tuple[tuple[datetime, int], ...]:
    counts = Counter(map(_interval, times))
    found: list[tuple[datetime, int]] = []
    at = _interval(period.begin)
    while at < period.end:
        found.append((at, counts[at]))
        at += TEN_MINUTES
    return tuple(found)


def _interval(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % 10, second=0, microsecond=0)


def _top(by_alarm: Mapping[Alarm, Sequence[datetime]], total: int) -> tuple[tuple[Alarm, int, float], ...]:
    ranked = sorted(by_alarm.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple((alarm, len(times), len(times) / total) for alarm, times in ranked[:TOP])


def _standing(ordered: Iterable[tuple[datetime, Mapping[str, Any]]], period: Span) -> tuple[Standing, ...]:
    since: dict[Alarm, datetime] = {}
    found: list[Standing] = []

    def close(alarm: Alarm, end: datetime) -> None:
        begin = since.pop(alarm, end)
        if end - begin > STALE and end > period.begin:
            found.append(Standing(alarm, Span(begin, end)))

    for at, row in ordered:
        if at >= period.end:
            break
        if row["state"] in _ACTIVE and row["suppression"] == "NONE":
            since.setdefault(_alarm(row), at)
        else:
            close(_alarm(row), at)
    for alarm in sorted(since):
        close(alarm, period.end)
    return tuple(found)


def _alarm(row: Mapping[str, Any]) -> Alarm:
    return Alarm(row["site"], row["generator_id"] or row["site"], row["alarm_id"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

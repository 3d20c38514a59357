"""The health of one set's sensors, clock, numbering and link."""

import json
from collections.abc import Sequence
from math import isnan, nan
from typing import Any, Final, Self

from analysis.health.clock import Clock
from analysis.health.columns import MEASUREMENTS, QUANTITIES
from analysis.health.finding import CLOCK, LINK, SEQUENCE, Finding, Findings
from analysis.health.frozen import WINDOW, Frozen
from analysis.health.gaps import PATIENCE_US, Gaps
from analysis.health.rates import NAMES, impossible
from analysis.place import Place
from contracts.schema import BAD

STALE_US: Final = 30_000_000
"""A last usable value is stale when it is shown for longer than 30 s."""
QUIET_US: Final = 60_000_000
"""An impossible rate is over when none has come for a minute."""
LAST_USABLE: Final = "UncertainLastUsableValue"
EXCEEDED: Final = "UncertainEngineeringUnitsExceeded"

_MEASUREMENTS: Final = len(MEASUREMENTS)
_QUANTITIES: Final = len(QUANTITIES)
_INERT: Final = _QUANTITIES - len(NAMES)


class GeneratorSet:
    """What is known of one set in one stream. Memory: constant, but for `Gaps` (64 ranges).

    Args:
        place: of its first reading.
    """

    def __init__(self, place: Place) -> None:
        self.newest = -1
        self.findings = Findings(place.stream_id, place.site, place.generator_id)
        self._clock = Clock()
        self._gaps = Gaps()
        self._frozen = Frozen()
        self._last: Sequence[float] = (nan,) * len(NAMES)
        self._jumped: dict[str, int] = {}
        self._poor: str | None = None
        self._unusable: dict[str, int] = {}
        self._at_end: str | None = None

    def read(self, place: Place, values: Sequence[Any]) -> list[Finding]:
        """Take a row in log order; `analysis.health.columns.columns` has the order of the values."""
        time = place.source_time
        events = self._judge_delivery(place)
        if place.historical or place.outcome != "accepted" or time <= self.newest:
            return events
        if self.findings.has(LINK, "stale"):
            events += self.findings.clear(LINK, "stale", time)
        on_line, at_end, poor = values[_QUANTITIES:]
        if poor is not None or self._poor is not None:
            events += self._judge_quality(poor, time)
        if at_end != self._at_end:
            events += self._judge_end(at_end, time)
        frozen, moving = self._frozen.update(values[:_MEASUREMENTS], on_line, time)
        for at in frozen:
            events += self.findings.raise_(
                QUANTITIES[at], "frozen", time, self._frozen.since[at], found=WINDOW, limit=WINDOW
            )
        for at in moving:
            events += self.findings.clear(QUANTITIES[at], "frozen", time)
        inert = values[_INERT:_QUANTITIES]
        impossibles = impossible(self._last, inert, time - self.newest)
        if impossibles or self._jumped:
            events += self._judge_rates(impossibles, time)
        self._last, self.newest = inert, time
        return events

    def _judge_delivery(self, place: Place) -> list[Finding]:
        """Numbering, which every reading tells, and the clock, which those tell that were not stored."""
        events: list[Finding] = []
        gaps, time = self._gaps, place.source_time
        if place.seq == gaps.expected and not gaps.ranges:
            gaps.expected += 1
        else:
            events += self._judge_sequence(place)
        if not place.historical and self._clock.update(place.server_time - time, time):
            clock = self._clock
            if clock.is_skewed:
                offset, limit = clock.offset_us / 1e6, clock.limit_us / 1e6
                events += self.findings.raise_(CLOCK, "clock_skew", time, clock.since, found=offset, limit=limit)
            else:
                events += self.findings.clear(CLOCK, "clock_skew", time)
        return events

    def _judge_sequence(self, place: Place) -> list[Finding]:
        # The server's clock: a set's own may step, and stored readings carry old times.
        time = place.server_time
        self._gaps.take(place.seq, time)
        missing, since = self._gaps.missing(time)
        if missing:
            return self.findings.raise_(
                SEQUENCE, "gap", place.source_time, since, found=missing, limit=PATIENCE_US / 1e6
            )
        return self.findings.clear(SEQUENCE, "gap", place.source_time)

    def _judge_quality(self, poor: str | None, time: int) -> list[Finding]:
        events: list[Finding] = []
        now: dict[str, str] = json.loads(poor) if poor else {}
        if poor != self._poor:
            before: dict[str, str] = json.loads(self._poor) if self._poor else {}
            for name, quality in before.items():
                for condition in _conditions(quality):
                    if condition not in _conditions(now.get(name)) and not (
                        condition == "out_of_range" and name == self._at_end
                    ):
                        events += self.findings.clear(name, condition, time)
                        self._unusable.pop(name, None)
            for name, quality in now.items():
                for condition in _conditions(quality):
                    if condition == "stale":
                        self._unusable.setdefault(name, time)
                    else:
                        events += self.findings.raise_(name, condition, time, time)
            self._poor = poor
        for name, since in self._unusable.items():
            if time - since > STALE_US:
                events += self.findings.raise_(
                    name, "stale", time, since, found=(time - since) / 1e6, limit=STALE_US / 1e6
                )
        return events

    def _judge_end(self, at_end: str | None, time: int) -> list[Finding]:
        events: list[Finding] = []
        if self._at_end is not None:
            events += self.findings.clear(self._at_end, "out_of_range", time)
        if at_end is not None:
            events += self.findings.raise_(at_end, "out_of_range", time, time)
        self._at_end = at_end
        return events

    def _judge_rates(self, found: list[tuple[str, float, float]], time: int) -> list[Finding]:
        events: list[Finding] = []
        for name, rate, limit in found:
            self._jumped[name] = time
            events += self.findings.raise_(name, "impossible_rate", time, time, found=rate, limit=limit)
        for name, last in list(self._jumped.items()):
            if time - last > QUIET_US:
                del self._jumped[name]
                events += self.findings.clear(name, "impossible_rate", time)
        return events

    def silent(self, newest_of_site: int, limit_us: int) -> list[Finding]:
        """Find the link stale if the set's newest reading is older than the site's by more than the limit."""
        silence = newest_of_site - self.newest
        if silence <= limit_us:
            return []
        return self.findings.raise_(
            LINK, "stale", newest_of_site, self.newest, found=silence / 1e6, limit=limit_us / 1e6
        )

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [
            *(one.dump() for one in (self.findings, self._clock, self._gaps, self._frozen)),
            [self.newest, [None if isnan(value) else value for value in self._last], self._poor, self._at_end],
            [dict(self._jumped), dict(self._unusable)],
        ]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The set that gave this dump."""
        findings, clock, gaps, frozen, now, since = dumped
        made = cls.__new__(cls)
        made.findings, made._clock = Findings.load(findings), Clock.load(clock)
        made._gaps, made._frozen = Gaps.load(gaps), Frozen.load(frozen)
        made.newest, last, made._poor, made._at_end = now
        made._last = tuple(nan if value is None else value for value in last)
        made._jumped, made._unusable = since
        return made


def _conditions(quality: str | None) -> tuple[str, ...]:
    """The conditions that a quality means."""
    if quality is None:
        return ()
    if quality.startswith(BAD):
        return ("bad",)
    return {LAST_USABLE: ("stale",), EXCEEDED: ("out_of_range",)}.get(quality, ())

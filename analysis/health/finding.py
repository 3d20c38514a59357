"""Findings: what is wrong with a sensor or a source, and the events of finding so and no longer."""

from typing import Any, Final, NamedTuple, Self

from analysis.timestamp import rfc3339
from contracts import topics

CLOCK: Final = "clock"
SEQUENCE: Final = "sequence"
LINK: Final = "link"
"""The sources that are no measurement: the device's clock, the numbering of its readings, and the link to it."""


class Finding(NamedTuple):
    """A condition is there (RAISED), or no longer (CLEARED).

    Attributes:
        stream_id, site, generator_id: the set.
        source: the measurement, or CLOCK, SEQUENCE or LINK.
        condition: stale, frozen, out_of_range, bad, impossible_rate, clock_skew or gap.
        event: RAISED or CLEARED.
        number: 1, 2, … per stream, set, source and condition.
        time: source time of what decided it, microseconds since 1970.
        found: what was found; None where it is no quantity.
        limit: what it was held against; None likewise.
        since: when it began, microseconds since 1970.
    """

    stream_id: str
    site: str
    generator_id: str
    source: str
    condition: str
    event: str
    number: int
    time: int
    found: float | None
    limit: float | None
    since: int

    @property
    def topic(self) -> str:
        """The topic that this goes to."""
        return topics.HEALTH

    def key(self) -> str:
        """The record's key: stream, set and source."""
        return f"{self.stream_id}/{self.generator_id}/{self.source}"

    def value(self) -> dict[str, Any]:
        """The record's value by the contract ``health``."""
        return {
            "stream_id": self.stream_id,
            "site": self.site,
            "generator_id": self.generator_id,
            "source": self.source,
            "condition": self.condition,
            "event": self.event,
            "number": self.number,
            "time": rfc3339(self.time),
            "value": self.found,
            "limit": self.limit,
            "since": rfc3339(self.since),
        }


_Evidence = tuple[float | None, float | None]
"""What was found, and what it was held against."""


class Findings:
    """The findings about one set. Memory: one entry per source and condition."""

    def __init__(self, stream_id: str, site: str, generator_id: str) -> None:
        self._of = (stream_id, site, generator_id)
        self._since: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._since)

    def has(self, source: str, condition: str) -> bool:
        """Whether this is found now."""
        return f"{source}/{condition}" in self._since

    def raise_(
        self,
        source: str,
        condition: str,
        time: int,
        since: int,
        *,
        found: float | None = None,
        limit: float | None = None,
    ) -> list[Finding]:
        """Find a condition; nothing happens if it is found already."""
        name = f"{source}/{condition}"
        if name in self._since:
            return []
        self._since[name] = since
        return [self._event(name, "RAISED", time, since, (found, limit))]

    def clear(self, source: str, condition: str, time: int) -> list[Finding]:
        """Find it no longer; nothing happens if it is not found."""
        name = f"{source}/{condition}"
        since = self._since.pop(name, None)
        return [] if since is None else [self._event(name, "CLEARED", time, since, (None, None))]

    def _event(self, name: str, event: str, time: int, since: int, evidence: _Evidence) -> Finding:
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        source, _, condition = name.partition("/")
        return Finding(*self._of, source, condition, event, number, time, *evidence, since)

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [list(self._of), dict(self._since), dict(self._numbers)]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The findings that gave this dump."""
        made = cls(*dumped[0])
        _, made._since, made._numbers = dumped
        return made

"""Claims: what the detectors say that a set suffers from, and the events of saying so and no longer."""

from typing import Any, Final, NamedTuple, Self

from analysis.place import Place
from analysis.timestamp import rfc3339
from contracts import topics

CLASSES: Final = (
    "spike",
    "bias",
    "drift",
    "noise",
    "wire_break",
    "fuel_leak",
    "cooling_failure",
    "lubrication_failure",
    "lubrication_wear",
    "governor_hunting",
    "avr_failure",
    "injector_loss",
    "breaker_trip",
    "fail_to_start",
    "left_out_of_auto",
)
"""The classes of faults that are detected; frozen, lost and silent sources are told by `analysis.health`."""


class Evidence(NamedTuple):
    """Why a fault is claimed.

    Attributes:
        residual: name of the residual or condition.
        value: what it was; None where it is no quantity.
        threshold: what it was held against; None likewise.
        since: when it began, microseconds since 1970.
    """

    residual: str
    value: float | None
    threshold: float | None
    since: int


class Detection(NamedTuple):
    """A fault is claimed to be there (RAISED), or no longer (CLEARED).

    Attributes:
        stream_id, site, generator_id: the set.
        fault_class: what is wrong with it.
        event: RAISED or CLEARED.
        number: 1, 2, … per stream, set and class.
        time: source time of what decided it, microseconds since 1970.
        evidence: why it was raised; of a CLEARED the residual that was the last to go.
    """

    stream_id: str
    site: str
    generator_id: str
    fault_class: str
    event: str
    number: int
    time: int
    evidence: Evidence

    @property
    def topic(self) -> str:
        """The topic that this goes to."""
        return topics.DETECTIONS

    def key(self) -> str:
        """The record's key: stream, set and class."""
        return f"{self.stream_id}/{self.generator_id}/{self.fault_class}"

    def value(self) -> dict[str, Any]:
        """The record's value by the contract ``detection``."""
        return {
            "stream_id": self.stream_id,
            "site": self.site,
            "generator_id": self.generator_id,
            "class": self.fault_class,
            "event": self.event,
            "number": self.number,
            "time": rfc3339(self.time),
            "residual": self.evidence.residual,
            "value": self.evidence.value,
            "threshold": self.evidence.threshold,
            "since": rfc3339(self.evidence.since),
        }


class Claims:
    """The claims about one set; a class is claimed once, whatever number of residuals show it.

    Memory: at most one entry per class and residual.
    """

    def __init__(self) -> None:
        self._active: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = {}
        self._since: dict[str, int] = {}

    def __contains__(self, fault_class: str) -> bool:
        return fault_class in self._active

    def shown_by(self, residual: str) -> list[str]:
        """The classes that are claimed by this residual."""
        return [name for name, residuals in self._active.items() if residual in residuals]

    def raise_(self, fault_class: str, place: Place, evidence: Evidence) -> list[Detection]:
        """Claim a class because of a residual; the first residual of a class makes an event."""
        residuals = self._active.setdefault(fault_class, [])
        if evidence.residual in residuals:
            return []
        residuals.append(evidence.residual)
        if len(residuals) > 1:
            return []
        self._since[fault_class] = evidence.since
        return [self._event(fault_class, "RAISED", place, evidence)]

    def clear(self, fault_class: str, residual: str, place: Place) -> list[Detection]:
        """Withdraw what a residual has shown; the last residual of a class makes an event."""
        residuals = self._active.get(fault_class)
        if residuals is None or residual not in residuals:
            return []
        residuals.remove(residual)
        if residuals:
            return []
        del self._active[fault_class]
        evidence = Evidence(residual, None, None, self._since.pop(fault_class))
        return [self._event(fault_class, "CLEARED", place, evidence)]

    def _event(self, fault_class: str, event: str, place: Place, evidence: Evidence) -> Detection:
        number = self._numbers[fault_class] = self._numbers.get(fault_class, 0) + 1
        return Detection(
            place.stream_id, place.site, place.generator_id, fault_class, event, number, place.source_time, evidence
        )

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [
            {name: list(residuals) for name, residuals in self._active.items()},
            dict(self._numbers),
            dict(self._since),
        ]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The claims that gave this dump."""
        claims = cls()
        claims._active, claims._numbers, claims._since = dumped
        return claims

"""The machines that watch the log: alarms, health and detections, stepped reading by reading.

Pure Python over rows that Spark has reduced to conditions and residuals. The same rows in the same order give the same
events, in a stream, when a batch is repeated, and in batch over the whole log.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol, Self, TypeAlias

from analysis.alarms import actions
from analysis.alarms.machine import Alarms
from analysis.detection.machine import Detections
from analysis.health.machine import Health
from analysis.place import Place
from analysis.sequence import Sequences

_log: Final = logging.getLogger("analysis")


class Event(Protocol):
    """Something that a machine tells: a record of its topic."""

    @property
    def topic(self) -> str:
        """Its topic."""

    def key(self) -> str:
        """The record's key."""

    def value(self) -> Mapping[str, Any]:
        """The record's value, by the contract of the topic."""


class Reading(NamedTuple):
    """A valid reading, as far as the machines look at it.

    Attributes:
        place: where it stands.
        alarms, health, detection: what the columns of each have computed of it.
    """

    place: Place
    alarms: tuple[Any, ...]
    health: tuple[Any, ...]
    detection: tuple[Any, ...]


class Tick(NamedTuple):
    """A second of the wall clock, in microseconds since 1970."""

    now: int


class OperatorAction(NamedTuple):
    """The value of a record of the operator actions, as it came."""

    value: bytes | None


class Nameplate(NamedTuple):
    """The value of a record of the nameplates, as JSON."""

    value: Mapping[str, Any]


Row: TypeAlias = Reading | Tick | OperatorAction | Nameplate


class Monitor:
    """All machines, of all streams.

    Args:
        sequences: which readings have been seen; a copy reaches no machine.
        alarms: the alarms.
        health: the health of the sources.
        detections: the faults that are seen.
    """

    def __init__(
        self,
        sequences: Sequences | None = None,
        alarms: Alarms | None = None,
        health: Health | None = None,
        detections: Detections | None = None,
    ) -> None:
        self._sequences = sequences or Sequences()
        self._alarms = alarms or Alarms()
        self._health = health or Health()
        self._detections = detections or Detections()

    def take(self, rows: Iterable[Row]) -> list[Event]:
        """Take in rows in the order of the log; what the machines tell of them."""
        events: list[Event] = []
        for row in rows:
            match row:
                case Reading():
                    self._read(row, events)
                case Tick(now):
                    events += self._alarms.tick(now)
                case OperatorAction(value):
                    events += self._act(value)
                case Nameplate(value):
                    self._detections.rate(value)
        return events

    def _act(self, value: bytes | None) -> Iterable[Event]:
        action = actions.parse(value)
        if isinstance(action, actions.Refusal):
            _log.warning("operator action refused: %s %s, got %s", action.field or "it", action.rule, action.value)
            return ()
        return self._alarms.act(action)

    def _read(self, reading: Reading, events: list[Event]) -> None:
        place = reading.place
        if place.outcome == "accepted" and not self._sequences.add(place.stream_id, place.generator_id, place.seq):
            return
        events += self._alarms.read(place, reading.alarms)
        events += self._health.read(place, reading.health)
        events += self._detections.read(place, reading.detection)

    def dump(self) -> dict[str, Any]:
        """All of it as a JSON value."""
        return {
            "sequences": self._sequences.dump(),
            "alarms": self._alarms.dump(),
            "health": self._health.dump(),
            "detections": self._detections.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Self:
        """What `dump` gave."""
        return cls(
            Sequences.load(dumped["sequences"]),
            Alarms.load(dumped["alarms"]),
            Health.load(dumped["health"]),
            Detections.load(dumped["detections"]),
        )

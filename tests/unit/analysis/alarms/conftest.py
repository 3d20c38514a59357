"""A plant that is told what its readings say, in the words of the alarm database."""

from collections.abc import Iterable
from typing import Any

import pytest

from analysis.alarms.actions import Action
from analysis.alarms.machine import Alarms
from analysis.alarms.transition import Transition
from analysis.place import Place
from contracts import schema

START = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
ROWS = [row["alarm_id"] for row in schema.alarms()]
DEVICE = (
    *("LOW_FUEL", "HIGH_VOLTAGE", "LOW_VOLTAGE", "OVERFREQUENCY", "UNDERFREQUENCY", "OVERCURRENT", "REVERSE_POWER"),
    *("HIGH_COOLANT_TEMPERATURE", "LOW_OIL_PRESSURE", "OVERSPEED", "OVERCRANK"),
)
GOOD = (80.0, 230.0, 50.0, 85.0, 400.0, 100.0)


def mask(names: Iterable[str], of: Iterable[str] = ROWS) -> int:
    return sum(1 << list(of).index(name) for name in names)


def says(
    *on: str, near: Iterable[str] = (), unknown: Iterable[str] = (), disabled: Iterable[str] = (), device: Any = ()
) -> tuple[Any, ...]:
    """What a reading says: which conditions hold, are near their limit, unknown or disabled; the others are over."""
    every = set(ROWS)
    return (
        mask(on),
        mask(every - set(on) - set(near) - set(unknown)),
        mask(every - set(unknown)),
        mask(every - set(disabled)),
        mask(device, DEVICE),
        *GOOD,
    )


class Plant:
    """One machine, and what happens to it; times are seconds after the start."""

    def __init__(self) -> None:
        self.machine = Alarms()
        self._ids = 0

    def read(self, second: float, *on: str, of: str = "G1", **how: Any) -> list[Transition]:
        """A reading that arrives when it is sampled."""
        return self.machine.read(self.place(second, of, **how), says(*on, **says_only(how)))

    @staticmethod
    def place(second: float, of: str = "G1", **how: Any) -> Place:
        time = START + round(second * 1e6)
        server = START + round(how.get("server", second) * 1e6)
        appended = START + round(how.get("appended", how.get("server", second)) * 1e6)
        outcome, historical = how.get("outcome", "accepted"), how.get("historical", False)
        stream, site = how.get("stream", "run-1"), how.get("site", "plant")
        return Place(stream, site, of, 0, time, server, appended, historical, outcome)

    def act(self, action: str, alarm: str = "LOW_FUEL", of: str | None = "G1", **how: Any) -> list[Transition]:
        self._ids += 1
        until = how.get("until")
        return self.machine.act(
            Action(
                id=how.get("id", f"a{self._ids}"),
                stream_id="run-1",
                site="plant",
                generator_id=of,
                alarm_id=alarm,
                action=action,
                transition=how.get("transition"),
                by="ann",
                reason="checked",
                until=None if until is None else START + round(until * 1e6),
                time=START,
            )
        )

    def tick(self, second: float) -> list[Transition]:
        return self.machine.tick(START + round(second * 1e6))


def says_only(how: dict[str, Any]) -> dict[str, Any]:
    return {name: how[name] for name in ("near", "unknown", "disabled", "device") if name in how}


def told(transitions: Iterable[Transition]) -> list[tuple[Any, ...]]:
    """What matters of each transition: alarm, event, state before and after, suppression, whether it calls."""
    return [
        (one.alarm_id, one.event, one.previous_state, one.state, one.suppression, one.annunciated)
        for one in transitions
    ]


@pytest.fixture
def plant() -> Plant:
    return Plant()

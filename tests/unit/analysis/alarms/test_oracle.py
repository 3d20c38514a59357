"""The machine against a tiny oracle of the whole history, and against itself when it is cut into parts."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms.machine import Alarms, transitions
from tests.unit.analysis.alarms.conftest import Plant, says

ON_DELAY, OFF_DELAY = 5, 10
"""Seconds, of VOLTAGE_LOW."""


@dataclass(frozen=True)
class Step:
    """A reading after so many seconds, or, where it has no word, an acknowledgement of all that is to be seen."""

    distance: int
    word: str | None
    is_enabled: bool = True


STEPS = st.lists(
    st.builds(
        Step,
        distance=st.integers(1, 8),
        word=st.sampled_from(["low", "low", "low", "well", "well", "near", "unknown", None]),
        is_enabled=st.sampled_from([True, True, True, False]),
    ),
    max_size=60,
)


def held(history: list[tuple[int, str, bool]], word: str, *, must_be_enabled: bool) -> int | None:
    """For how long the newest known readings have all said that word; None if the newest does not."""
    known = [(time, said, is_enabled) for time, said, is_enabled in history if said != "unknown"]
    run: list[int] = []
    for time, said, is_enabled in reversed(known):
        if said != word or (must_be_enabled and not is_enabled):
            break
        run.append(time)
    return run[0] - run[-1] if run else None


def oracle(steps: list[Step]) -> list[str]:
    """The state of VOLTAGE_LOW after each step, from the table of ISA-18.2: is it active, is it acknowledged?"""
    states: list[str] = []
    active = acknowledged = False
    pending = False
    history: list[tuple[int, str, bool]] = []
    time = 0
    for step in steps:
        if step.word is None:
            acknowledged, pending = True, False
        else:
            time += step.distance
            history.append((time, step.word, step.is_enabled))
            if step.word != "unknown":
                low = held(history, "low", must_be_enabled=True)
                well = held(history, "well", must_be_enabled=False)
                if not active and low is not None and low >= ON_DELAY:
                    active, acknowledged, pending = True, False, True
                elif active and well is not None and well >= OFF_DELAY:
                    active = False
        states.append(
            {(True, False): "UNACK", (True, True): "ACK", (False, True): "RTN_UNACK", (False, False): "NORMAL"}[
                active, acknowledged if active else pending
            ]
        )
    return states


def run(plant: Plant, step: Step, time: int) -> list[Any]:
    if step.word is None:
        return list(plant.act("ACKNOWLEDGE", "VOLTAGE_LOW", transition=number(plant)) if number(plant) else [])
    name = ["VOLTAGE_LOW"]
    return list(
        plant.read(
            time,
            *(name if step.word == "low" else []),
            near=name if step.word == "near" else [],
            unknown=name if step.word == "unknown" else [],
            disabled=[] if step.is_enabled else name,
        )
    )


def number(plant: Plant) -> int:
    for site in plant.machine.dump():
        for one in site["sets"]:
            return int(one["alarms"].get("VOLTAGE_LOW", [0])[0])
    return 0


@given(STEPS)
def test_the_state_after_each_step_is_what_the_whole_history_says(steps: list[Step]) -> None:
    plant, time, state = Plant(), 0, "NORMAL"
    states = []
    for step in steps:
        time += step.distance if step.word else 0
        for one in run(plant, step, time):
            assert one.previous_state == state
            state = one.state
        states.append(state)
    assert states == oracle(steps)


WORDS = ("LOW_FUEL", "VOLTAGE_LOW", "OIL_LOW", "DEVICE_TRIP", "FREQUENCY_LOW", "COOLANT_HIGH")


@dataclass(frozen=True)
class Event:
    """A reading, an action or a tick."""

    what: str
    of: str
    delay: int
    distance: int
    names: frozenset[str]
    other: frozenset[str]
    alarm: str


EVENTS = st.lists(
    st.builds(
        Event,
        what=st.sampled_from(
            ["read"] * 12 + ["historical", "tick", "ACKNOWLEDGE", "SHELVE", "UNSHELVE", "OUT_OF_SERVICE", "IN_SERVICE"]
        ),
        of=st.sampled_from(["G1", "G1", "G2", "G3"]),
        delay=st.sampled_from([0, 0, 0, 30]),
        distance=st.sampled_from([0, 1, 1, 1, 5, 5, 20, 60, 300]),
        names=st.frozensets(st.sampled_from(WORDS)),
        other=st.frozensets(st.sampled_from(WORDS), max_size=2),
        alarm=st.sampled_from(WORDS),
    ),
    max_size=60,
)


def happen(plant: Plant, event: Event, time: int) -> list[Any]:
    of = None if event.alarm == "FREQUENCY_LOW" else event.of
    match event.what:
        case "read" | "historical":
            how: dict[str, Any] = {"unknown": event.other - event.names, "device": ["LOW_FUEL"] if event.other else []}
            is_stored = event.what == "historical"
            source = time - event.delay
            return list(plant.read(source, *event.names, of=event.of, server=time, historical=is_stored, **how))
        case "tick":
            return list(plant.tick(time))
        case "ACKNOWLEDGE":
            return list(plant.act(event.what, event.alarm, of, transition=1 + len(event.names)))
        case "SHELVE":
            return list(plant.act(event.what, event.alarm, of, until=time + 60))
    return list(plant.act(event.what, event.alarm, of))


@given(EVENTS, st.sets(st.integers(0, 60)))
def test_a_machine_that_is_dumped_and_loaded_at_any_point_goes_on_as_if_it_had_not_been(
    events: list[Event], cuts: set[int]
) -> None:
    whole, parts, time = Plant(), Plant(), 1000
    for place, event in enumerate(events):
        time += event.distance
        if place in cuts:
            parts.machine = Alarms.load(json.loads(json.dumps(parts.machine.dump())))
        assert happen(parts, event, time) == happen(whole, event, time)
    assert parts.machine.dump() == whole.machine.dump()


@given(EVENTS)
def test_transitions_are_numbered_without_gaps_and_chain_from_state_to_state(events: list[Event]) -> None:
    plant, time = Plant(), 1000
    last: dict[str, tuple[int, str]] = {}
    for event in events:
        time += event.distance
        for one in happen(plant, event, time):
            if one.number:
                number, state = last.get(one.key(), (0, "NORMAL"))
                assert (one.number, one.previous_state) == (number + 1, state)
                last[one.key()] = (one.number, one.state)


@given(EVENTS)
def test_in_batch_the_readings_make_the_same_transitions(events: list[Event]) -> None:
    readings, time = [], 1000
    for event in events:
        time += event.distance
        readings.append((Plant.place(time - event.delay, event.of, server=time), says(*event.names)))
    machine = Alarms()
    assert list(transitions(readings)) == [one for reading in readings for one in machine.read(*reading)]

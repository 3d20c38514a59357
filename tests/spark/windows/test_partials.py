"""Partials against an oracle in plain Python, over drawn readings of several streams and generators in one frame."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame

from analysis.windows.partials import minutes, ten_minutes
from analysis.windows.published import statistics
from contracts.reading import Reading

Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]
Key = tuple[str, str, int]

SOURCES = [(stream, generator) for stream in ("run-1", "run-2") for generator in ("G1", "G2", "G3")]
QUALITIES = ("Good", "Good", "Good", "UncertainSensorNotAccurate", "BadSensorFailure")
# Steps in seconds: copies of a time, scans, silences shorter and longer than a value holds.
STEPS = st.sampled_from((0.0, 0.25, 1.0, 1.0, 7.5, 30.0, 59.999999, 240.0, 600.0, 600.000001, 1500.0))


HOLD_US = 600 * 10**6


def micros(reading: Reading) -> int:
    time = reading.source_time
    return int(time.timestamp()) * 10**6 + time.microsecond


def usable(reading: Reading, name: str, treat_uncertain_as_bad: bool) -> Any:
    return None if treat_uncertain_as_bad and name in reading.quality else getattr(reading, name)


def held(readings: Sequence[Reading], start: int, end: int) -> list[tuple[Reading, int]]:
    """Each reading with the microseconds of the window in which it is the last one."""
    ordered = sorted(readings, key=lambda reading: (micros(reading), reading.seq))
    ends = [*map(micros, ordered[1:]), micros(ordered[-1])]
    spans = []
    for reading, following in zip(ordered, ends, strict=True):
        begin = micros(reading)
        spans.append((reading, max(0, min(following, begin + HOLD_US, end) - max(begin, start))))
    return spans


def number_of(readings: Sequence[Reading], name: str, start: int, length_s: int, uncertain_bad: bool) -> dict[str, Any]:
    end = start + length_s * 10**6
    good = [
        (usable(reading, name, uncertain_bad), span)
        for reading, span in held(readings, start, end)
        if usable(reading, name, uncertain_bad) is not None
    ]
    seconds = math.fsum(span for _, span in good) / 1e6
    total = math.fsum(value * span for value, span in good) / 1e6
    inside = sorted(
        (reading for reading in readings if start <= micros(reading) < end),
        key=lambda reading: (micros(reading), reading.seq),
    )
    raw = [usable(reading, name, uncertain_bad) for reading in inside]
    values = [value for value in raw if value is not None]
    mean = math.fsum(values) / len(values) if values else 0.0
    key: Any = name  # the contract's type spells out the measurements
    qualities = [reading.quality.get(key, "Good") for reading in inside]
    worst = next((word for word in ("Bad", "Uncertain", "Good") if any(q.startswith(word) for q in qualities)), None)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return {
        "time_average": total / seconds if seconds else None,
        "total": total if seconds else None,
        "minimum": min(values, default=None),
        "maximum": max(values, default=None),
        "count": len(values),
        "delta": values[-1] - values[0] if values else None,
        "standard_deviation": math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else None,
        "percent_good": seconds / length_s * 100,
        "worst_quality": worst,
    }


def states_of(readings: Sequence[Reading], name: str, start: int, length_s: int, uncertain_bad: bool) -> dict[str, Any]:
    end = start + length_s * 10**6
    durations: dict[str, float] = {}
    for reading, span in held(readings, start, end):
        value = usable(reading, name, uncertain_bad)
        if value is not None:
            symbol = str(value).lower() if isinstance(value, bool) else value
            durations[symbol] = durations.get(symbol, 0) + span / 1e6
    known = [
        (micros(reading), usable(reading, name, uncertain_bad))
        for reading in sorted(readings, key=lambda reading: (micros(reading), reading.seq))
        if usable(reading, name, uncertain_bad) is not None
    ]
    transitions = 0
    for index, (time, value) in enumerate(known):
        before = [old for at, old in known[:index] if time - at <= HOLD_US][-1:]
        transitions += start <= time < end and before != [value]
    return {"duration_s": {symbol: span for symbol, span in durations.items() if span}, "transitions": transitions}


def starts_of(readings: Sequence[Reading], length_s: int) -> list[int]:
    """Starts of the windows that a reading lies in or holds its value into."""
    length = length_s * 10**6
    starts = {micros(reading) // length * length for reading in readings}
    first, last = min(starts), max(starts)
    return [
        start
        for start in range(first, last + length, length)
        if start in starts or any(span for _, span in held(readings, start, start + length))
    ]


@st.composite
def drawn(draw: st.DrawFn) -> list[dict[str, Any]]:
    second, seq, found = draw(st.sampled_from((0.0, 59.5, 601.0))), 0, []
    for step in draw(st.lists(STEPS, min_size=1, max_size=25)):
        second, seq = second + step, seq + 1
        quality, state_quality = draw(st.sampled_from(QUALITIES)), draw(st.sampled_from(QUALITIES))
        values = {
            "frequency_hz": draw(st.sampled_from((49.99, 50.0, 50.000001, 50.01, 0.0))),
            "state": draw(st.sampled_from(("STOPPED", "RUNNING"))),
            "breaker_closed": draw(st.booleans()),
        }
        marks = {name: mark for name, mark in (("frequency_hz", quality), ("state", state_quality)) if mark != "Good"}
        values |= {name: None for name, mark in marks.items() if mark.startswith("Bad")}
        found.append({"second": second, "seq": seq, "quality": marks, **values})
    return draw(st.permutations(found))


def expected(
    readings: Sequence[Reading], length_s: int, uncertain_bad: bool
) -> dict[Key, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    found = {}
    for stream, generator in SOURCES:
        own = [reading for reading in readings if (reading.stream_id, reading.generator_id) == (stream, generator)]
        for start in starts_of(own, length_s):
            found[stream, generator, start] = (
                number_of(own, "frequency_hz", start, length_s, uncertain_bad),
                states_of(own, "state", start, length_s, uncertain_bad),
                states_of(own, "breaker_closed", start, length_s, uncertain_bad),
            )
    return found


def computed(windows: DataFrame) -> dict[Key, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    found = {}
    for row in statistics(windows).selectExpr("*", "unix_micros(window_start) AS start").collect():
        states = []
        for field in (row.states.state, row.states.breaker_closed):
            durations = {symbol: span for symbol, span in field.duration_s.asDict().items() if span}
            states.append({"duration_s": durations, "transitions": field.transitions})
        number = row.measurements.frequency_hz.asDict()
        found[row.stream_id, row.generator_id, row.start] = (number, *states)
    return found


def compare(found: Any, wanted: Any) -> None:
    assert sorted(found) == sorted(wanted)
    for key, parts in wanted.items():
        for mine, theirs in zip(found[key], parts, strict=True):
            assert sorted(mine) == sorted(theirs), key
            for name, value in theirs.items():
                is_number = isinstance(value, float | dict)
                right = pytest.approx(value, rel=1e-9, abs=1e-9) if is_number else value
                assert mine[name] == right, (key, name)


@pytest.mark.timeout(300)
@settings(
    max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(series=st.lists(drawn(), min_size=len(SOURCES), max_size=len(SOURCES)), uncertain_bad=st.booleans())
def test_partials_and_what_they_merge_to_equal_the_definitions(
    accepted: Accepted, reading: Make, series: list[list[dict[str, Any]]], uncertain_bad: bool
) -> None:
    readings = [
        reading(stream_id=stream, generator_id=generator, **values)
        for (stream, generator), rows in zip(SOURCES, series, strict=True)
        for values in rows
    ]
    partial = minutes(accepted(readings), treat_uncertain_as_bad=uncertain_bad).cache()
    try:
        compare(computed(partial), expected(readings, 60, uncertain_bad))
        compare(computed(ten_minutes(partial)), expected(readings, 600, uncertain_bad))
    finally:
        partial.unpersist()


def test_the_oracle_knows_an_average_by_hand(reading: Make) -> None:
    readings = [reading(0, frequency_hz=50.0), reading(15, frequency_hz=54.0), reading(60)]
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 10**6
    assert number_of(readings, "frequency_hz", start, 60, True)["time_average"] == 53.0

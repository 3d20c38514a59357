"""Part 13 of one generator's readings in plain Python, straight from the definitions: slow, and shares no code."""

import math
from collections.abc import Sequence
from typing import Any

from contracts.reading import Reading

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


def number(readings: Sequence[Reading], name: str, start: int, length_s: int, uncertain_bad: bool) -> dict[str, Any]:
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
    qualities = [reading.quality.get(name, "Good") for reading in inside]
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


def state(readings: Sequence[Reading], name: str, start: int, length_s: int, uncertain_bad: bool) -> dict[str, Any]:
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


def windows(readings: Sequence[Reading], length_s: int) -> list[int]:
    """Starts of the windows that a reading lies in or holds its value into."""
    length = length_s * 10**6
    starts = {micros(reading) // length * length for reading in readings}
    first, last = min(starts), max(starts)
    return [
        start
        for start in range(first, last + length, length)
        if start in starts or any(span for _, span in held(readings, start, start + length))
    ]

"""When the windows of each generator close: told by its own readings, so that no stream waits for another.

A window is closed by the first reading after its end. A reading older than the newest opens closed windows again: all
from its own to the newest are computed anew from the historian's rows.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, Self

WINDOW_US: Final = 60_000_000
"""Microseconds of a window: a minute."""


class Closing(NamedTuple):
    """Windows of one generator that are to be computed.

    Attributes:
        stream_id, generator_id: whose.
        since: source time from which the rows are needed: that of the last reading before the first window.
        start: where the first window starts.
        end: where the last window ends.
        known: where the first window starts that was not computed before; those before it are restated.

    Times are microseconds since 1970 in UTC.
    """

    stream_id: str
    generator_id: str
    since: int
    start: int
    end: int
    known: int


@dataclass
class _Reached:
    """How far a generator is.

    Attributes:
        newest: its newest source time.
        before: its newest source time before the window that the newest is in; if there is none, that window's start.
    """

    newest: int
    before: int


class Times:
    """How far each generator of each stream is in source time.

    Args:
        hold_us: how long a value holds at most; the rows that a restated window needs begin that long before it.
    """

    def __init__(self, hold_us: int, reached: dict[tuple[str, str], _Reached] | None = None) -> None:
        self._hold_us = hold_us
        self._reached = reached or {}

    def take(self, readings: Iterable[tuple[str, str, int]]) -> list[Closing]:
        """Take in stream, generator and source time of a batch's readings; which windows are to be computed."""
        times: dict[tuple[str, str], list[int]] = {}
        for stream_id, generator_id, source_time in readings:
            times.setdefault((stream_id, generator_id), []).append(source_time)
        return [closing for key, of_one in sorted(times.items()) if (closing := self._close(*key, of_one))]

    def _close(self, stream_id: str, generator_id: str, times: list[int]) -> Closing | None:
        oldest, newest = min(times), max(times)
        reached = self._reached.get((stream_id, generator_id))
        if reached is None:
            known = start = since = _window(oldest)
        else:
            known = _window(reached.newest)
            is_restated = oldest < reached.newest
            start = min(known, _window(oldest)) if is_restated else known
            since = start - self._hold_us if is_restated else reached.before
            newest = max(newest, reached.newest)
        open_window = _window(newest)
        before = [time for time in times if time < open_window]
        if reached is not None:
            before += [time for time in (reached.newest, reached.before) if time < open_window]
        self._reached[stream_id, generator_id] = _Reached(newest, max(before, default=open_window))
        return Closing(stream_id, generator_id, since, start, open_window, known) if start < open_window else None

    def dump(self) -> list[Any]:
        """All of it as a JSON value."""
        return [[*key, *asdict(reached).values()] for key, reached in self._reached.items()]

    @classmethod
    def load(cls, hold_us: int, dumped: Iterable[list[Any]]) -> Self:
        """What `dump` gave."""
        return cls(
            hold_us,
            {(stream_id, generator_id): _Reached(*reached) for stream_id, generator_id, *reached in dumped},
        )


def _window(time: int) -> int:
    return time - time % WINDOW_US

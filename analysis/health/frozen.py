"""Frozen sensors: an indication that stands still while its noise should move it."""

from collections.abc import Sequence
from typing import Any, Final, Self

WINDOW: Final = 30
"""Scans of a window. PLANT: a frozen signal is knowable from 20 to 60 scans."""


class Frozen:
    """Judges windows of 30 scans: a measurement that had one value in all of them is frozen.

    Each instrument's noise is at least half its resolution, so that a sound one repeats its last indication with a
    probability of at most 0.6: thirty times running once in some millions. Not judged: a set that is not on line all
    the window (standing temperatures, open breaker, dead bus), a value of 0 (creep suppression holds it there), a value
    that is not Good, and counters. A frozen measurement moves again with its first other value.

    Attributes:
        since: by number of the measurement, when the window began in which it stood still.
    """

    __slots__ = ("_begun", "_candidates", "_held", "_reference", "_scans", "since")

    def __init__(self) -> None:
        self._scans = 0
        self._begun = 0
        self._reference: Sequence[float] = ()
        self._candidates: list[int] = []
        self._held: dict[int, float] = {}
        self.since: dict[int, int] = {}

    def update(self, values: Sequence[float], is_on_line: bool, time: int) -> tuple[list[int], list[int]]:
        """Take the next reading's measurements.

        Returns:
            The numbers of the measurements that are found frozen now, and of those that move again.
        """
        moving = [at for at, held in self._held.items() if values[at] == values[at] and values[at] != held]
        for at in moving:
            del self._held[at], self.since[at]
        if not is_on_line:
            self._scans = 0
            self._candidates = []
            return [], moving
        if not self._scans:
            self._reference, self._begun = values, time
            self._candidates = [at for at, value in enumerate(values) if value and at not in self._held]
        elif self._candidates:
            reference = self._reference
            self._candidates = [at for at in self._candidates if values[at] == reference[at]]
        self._scans += 1
        if self._scans < WINDOW:
            return [], moving
        self._scans = 0
        for at in self._candidates:
            self._held[at], self.since[at] = values[at], self._begun
        return self._candidates, moving

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        candidates = [[at, self._reference[at]] for at in self._candidates]
        held = [[at, value, self.since[at]] for at, value in self._held.items()]
        # A NaN is no candidate once the second reading has been compared; before, it must not get into the JSON.
        return [self._scans, self._begun, [pair for pair in candidates if pair[1] == pair[1]], held]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """What gave this dump."""
        made = cls()
        made._scans, made._begun, candidates, held = dumped
        made._candidates = [at for at, _ in candidates]
        reference = [float("nan")] * (max(made._candidates, default=-1) + 1)
        for at, value in candidates:
            reference[at] = value
        made._reference = reference
        made._held = {at: value for at, value, _ in held}
        made.since = {at: since for at, _, since in held}
        return made

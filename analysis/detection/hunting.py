"""Governor hunting: active power that swings to and fro."""

from typing import Final

from analysis.detection.memory import Memory

SWING: Final = 0.04
"""Least swing from turning point to turning point, of the rated power."""
REVERSALS: Final = 6
WINDOW_US: Final = 60_000_000


class Hunting(Memory):
    """Turning points of active power that are a swing apart, as rainflow counting finds them (ASTM E1049).

    Six reversals of at least 4 % of the rating within a minute are three periods of at most 20 s. Ramps turn once;
    the load's own fluctuation (0.8 %, correlated over 20 s) seldom turns that far. Below two seconds a scan of one
    second cannot see a period.

    Attributes:
        extreme: the highest power since the last low turning point, or the lowest since the last high one.
        rising: whether it is a highest.
        turns: times of the last reversals.
        state: whether the set hunts.
    """

    __slots__ = ("extreme", "rising", "state", "turns")

    def __init__(self) -> None:
        self.extreme = 0.0
        self.rising = True
        self.turns: list[int] = []
        self.state = False

    def update(self, power_kw: float, time: int, swing_kw: float) -> None:
        """Take the next reading of active power; what is not a number is passed over."""
        if self.rising:
            if power_kw > self.extreme:
                self.extreme = power_kw
            elif power_kw < self.extreme - swing_kw:
                self._turn(power_kw, time)
        elif power_kw < self.extreme:
            self.extreme = power_kw
        elif power_kw > self.extreme + swing_kw:
            self._turn(power_kw, time)

    def _turn(self, power_kw: float, time: int) -> None:
        self.extreme = power_kw
        self.rising = not self.rising
        self.turns = [*self.turns[-(REVERSALS - 1) :], time]

    def judge(self, time: int) -> bool:
        """Whether the set hunts at this time: enough reversals within the window; none within it ends that."""
        if len(self.turns) == REVERSALS and time - self.turns[0] <= WINDOW_US:
            self.state = True
        elif not self.turns or time - self.turns[-1] > WINDOW_US:
            self.state = False
        return self.state

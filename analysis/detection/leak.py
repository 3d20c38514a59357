"""Fuel leak: the tank loses more than the engine takes."""

from typing import Final

from analysis.detection.memory import Memory

ALLOWANCE_LPH: Final = 2.0
DECISION_L: Final = 0.8
SPAN_US: Final = 60_000_000
DELIVERY_PCT: Final = 0.4
STEP_PCT: Final = 0.45


class Leak(Memory):
    """The balance of the tank: what the level fell by in a minute, less the integral of the fuel rate, summed up.

    The sum takes off an allowance of 2 L/h for the fuel meter's error (0.5 % of 41 L/h) and the tank's; it is an alarm
    beyond 0.8 L, five deviations of a minute's mean level (0.08 % noise and 0.1 % resolution over 60 readings: 0.01 %,
    of 500 L), whose errors cancel from minute to minute. 10 L/h are seen after about six minutes. A level that rises by
    more than 0.4 % in a minute is a delivery: the balance begins anew. One that falls by more than 0.45 % (135 L/h of
    500 L) is no leak but a step of the gauge.

    Attributes:
        begun: time at which the present minute began; None before the first reading.
        level_sum, readings, burnt_l: of the present minute.
        level_pct: mean level of the minute before; None where there is none.
        before_burnt_l: fuel burnt in the minute before.
        excess_l: the sum.
        since: time at which it was last 0.
        state: whether there is a leak.
        stepped: whether the last minute had a step of the gauge.
    """

    __slots__ = (
        "before_burnt_l",
        "begun",
        "burnt_l",
        "excess_l",
        "level_pct",
        "level_sum",
        "readings",
        "since",
        "state",
        "stepped",
    )

    def __init__(self) -> None:
        self.begun: int | None = None
        self.level_sum = self.burnt_l = self.before_burnt_l = self.excess_l = 0.0
        self.readings = 0
        self.level_pct: float | None = None
        self.since = 0
        self.state = self.stepped = False

    def lose_track(self) -> None:
        """Begin anew after readings without a level or rate; what has been claimed stays."""
        self.begun = self.level_pct = None

    def add(self, level_sum: float, readings: int, burnt_l: float, begun: int) -> None:
        """Take a block of readings.

        Args:
            level_sum: sum of the levels in per cent.
            readings: how many.
            burnt_l: litres that the engine took meanwhile.
            begun: time of its first reading.
        """
        if self.begun is None:
            self.begun = begun
            self.level_sum = self.burnt_l = 0.0
            self.readings = 0
        self.level_sum += level_sum
        self.readings += readings
        self.burnt_l += burnt_l

    def end(self, end: int, tank_l: float) -> bool:
        """Judge the balance if the minute is over at this time; whether it was.

        Args:
            end: time of the last block's end.
            tank_l: volume of the tank.
        """
        if self.begun is None or end - self.begun < SPAN_US:
            return False
        mean = self.level_sum / self.readings
        self.stepped = False
        if self.level_pct is None:
            self.since = end
        else:
            self._judge(self.level_pct - mean, (end - self.begun) / 3.6e9, end, tank_l)
        self.level_pct, self.before_burnt_l = mean, self.burnt_l
        self.begun, self.level_sum, self.readings, self.burnt_l = end, 0.0, 0, 0.0
        return True

    def _judge(self, fallen_pct: float, hours: float, time: int, tank_l: float) -> None:
        # Mean levels of two minutes lie a minute apart: between them half of each minute's fuel was burnt.
        lost_l = fallen_pct / 100 * tank_l - (self.before_burnt_l + self.burnt_l) / 2
        if fallen_pct < -DELIVERY_PCT:
            self.excess_l = 0.0
        elif lost_l > STEP_PCT / 100 * tank_l + ALLOWANCE_LPH * hours:
            self.stepped = True
        else:
            self.excess_l = min(max(self.excess_l + lost_l - ALLOWANCE_LPH * hours, 0.0), 2 * DECISION_L)
        if not self.excess_l:
            self.since = time
            self.state = False
        elif self.excess_l > DECISION_L:
            self.state = True

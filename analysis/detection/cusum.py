"""Two-sided cumulative sum: a lasting shift of a residual's mean."""

from analysis.detection.memory import Memory


class Cusum(Memory):
    """Page's cumulative sum on both sides (Page 1954; Montgomery, Introduction to Statistical Quality Control, 9.1).

    ``high = max(0, high + residual - allowance)``, likewise ``low``; a sum beyond ``decision`` is an alarm, and it ends
    when the sum is back at 0. A sum stops at twice the decision, so that a fault that has lasted long ends as soon.

    Attributes:
        high, low: the sums.
        since_high, since_low: time at which each was last 0; None before the first residual.
        state: 1 while the shift is upwards, -1 downwards, 0 none.
    """

    __slots__ = ("high", "low", "since_high", "since_low", "state")

    def __init__(self) -> None:
        self.high = self.low = 0.0
        self.since_high: int | None = None
        self.since_low: int | None = None
        self.state = 0

    def update(self, residual: float, allowance: float, decision: float, time: int) -> int:
        """Take the next residual.

        Args:
            residual: its value.
            allowance: what is taken off each; half the shift that matters, at least what a healthy set may be off.
            decision: the sum that is an alarm.
            time: of the residual.

        Returns:
            The state after it.
        """
        self.high = min(max(self.high + residual - allowance, 0.0), 2 * decision)
        self.low = min(max(self.low - residual - allowance, 0.0), 2 * decision)
        if not self.high or self.since_high is None:
            self.since_high = time
        if not self.low or self.since_low is None:
            self.since_low = time
        if self.high > decision:
            self.state = 1
        elif self.low > decision:
            self.state = -1
        elif (self.state == 1 and not self.high) or (self.state == -1 and not self.low):
            self.state = 0
        return self.state

    @property
    def since(self) -> int:
        """When the shift that is told now began, by the last 0 of its sum."""
        return (self.since_high if self.state == 1 else self.since_low) or 0

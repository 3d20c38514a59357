"""Spikes: one sample out and back."""

from typing import Final

from analysis.detection.memory import Memory

QUIET_US: Final = 5_000_000


class Spikes(Memory):
    """Jumps between neighbouring readings: out and back at the next one, and nothing else around, is a spike.

    A jump without a return is a step (a bias, a load step), many are noise. What a jump is, is decided by whoever feeds
    this: beyond seven deviations of the noise.

    Attributes:
        jumps: since the last quiet spell, [time, number of the reading, jump], at most four.
        last_step: time of the last jump without a return; None if there has been none.
    """

    __slots__ = ("jumps", "last_step")

    def __init__(self) -> None:
        self.jumps: list[list[float]] = []
        self.last_step: int | None = None

    def jump(self, time: int, number: int, change: float) -> None:
        """Take a jump between reading ``number`` and the one before."""
        if len(self.jumps) < 4:
            self.jumps.append([time, number, change])

    @property
    def step(self) -> int | None:
        """Time of the last step, one that may still turn out a spike included; None if there has been none."""
        return int(self.jumps[0][0]) if len(self.jumps) == 1 else self.last_step

    def judge(self, time: int) -> tuple[int, float] | None:
        """After a quiet spell of five seconds: time and size of the spike, if what came before was one."""
        if not self.jumps or time - self.jumps[-1][0] < QUIET_US:
            return None
        jumps, self.jumps = self.jumps, []
        if len(jumps) == 1:
            self.last_step = int(jumps[0][0])
        elif len(jumps) == 2:
            (at, first, out), (_, second, back) = jumps
            if second == first + 1 and abs(out + back) < min(abs(out), abs(back)) / 2:
                return int(at), out
        return None

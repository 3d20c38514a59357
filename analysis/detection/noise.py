"""Noise: the variance of a measurement against that of a healthy instrument."""

from typing import Final

from analysis.detection.memory import Memory

RATIO: Final = 3.2
CLEAR_RATIO: Final = 2.0
BLOCKS: Final = 3
"""Variance ratio beyond which a block is noisy, below which it is quiet, and how many in a row decide."""


class Noise(Memory):
    """Variance by successive differences (von Neumann 1941), which trends and slow load changes leave alone.

    Half the mean squared difference of neighbouring readings estimates the variance of their noise. A healthy block of
    ten readings is above 3.2 times its expectation with a probability below 1e-4, three in a row practically never;
    a single load step makes one noisy block and is no alarm.

    Attributes:
        noisy, quiet: blocks in a row above and below the ratios.
        state: whether the instrument is noisy.
    """

    __slots__ = ("noisy", "quiet", "state")

    def __init__(self) -> None:
        self.noisy = self.quiet = 0
        self.state = False

    def update(self, ratio: float) -> bool:
        """Take the next block's variance over that of a healthy instrument; whether the instrument is noisy."""
        self.noisy = self.noisy + 1 if ratio > RATIO else 0
        self.quiet = self.quiet + 1 if ratio < CLEAR_RATIO else 0
        if self.noisy >= BLOCKS:
            self.state = True
        elif self.quiet >= BLOCKS:
            self.state = False
        return self.state

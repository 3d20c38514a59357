"""How the simulated clock keeps pace with the real one. Pure: the real time is an argument."""

from collections.abc import Callable
from typing import Final

LARGEST_DEBT_S: Final = 1.0
"""Real seconds of delay that are caught up; what is beyond (a suspended machine, a plant too large) is let go."""


class Pace:
    """Says which scans are due.

    Args:
        now: the real time, seconds of any clock that only goes forward.
    """

    def __init__(self, now: float) -> None:
        self._last = now

    def restart(self, now: float) -> None:
        """Count from now on: the pace has been something else."""
        self._last = now

    def due(self, now: float, scan: int, most: int, interval: Callable[[int], float]) -> int:
        """The last scan that is due.

        Args:
            now: the real time.
            scan: the last scan done; those found due are taken as done from here on.
            most: largest number of scans to find due at once.
            interval: real seconds between the scan before and this one.
        """
        self._last = max(self._last, now - LARGEST_DEBT_S - interval(scan + 1))
        upto = scan
        while upto < scan + most and self._last + interval(upto + 1) <= now:
            upto += 1
            self._last += interval(upto)
        return upto

    def wait(self, now: float, scan: int, interval: Callable[[int], float]) -> float:
        """Real seconds until the scan after this one is due, at least 0."""
        return max(0.0, self._last + interval(scan + 1) - now)

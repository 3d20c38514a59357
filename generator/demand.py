"""What the consumers ask of a site: a daily and weekly profile with events and flicker."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from generator.chance import Floats, Purpose, uniform, words

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
SLOT_US: Final = 600_000_000
"""An event, such as a large motor that runs, lasts ten minutes."""
EVENT_PROBABILITY: Final = 0.15

FLICKER: Final = 0.008
"""Standard deviation of the load's fluctuation, of the load."""
FLICKER_TAU_S: Final = 20.0

_WORKDAY: Final = (
    0.36, 0.34, 0.33, 0.33, 0.34, 0.38, 0.47, 0.58, 0.64, 0.67, 0.68, 0.69,
    0.66, 0.67, 0.68, 0.67, 0.65, 0.66, 0.68, 0.66, 0.60, 0.52, 0.45, 0.40,
)  # fmt: skip
_WEEKEND: Final = (
    0.37, 0.35, 0.33, 0.32, 0.32, 0.33, 0.35, 0.39, 0.43, 0.46, 0.48, 0.49,
    0.48, 0.46, 0.45, 0.45, 0.46, 0.49, 0.52, 0.52, 0.49, 0.45, 0.42, 0.39,
)  # fmt: skip
PROFILE: Final = np.array(5 * _WORKDAY + 2 * _WEEKEND)
"""Demand at each full hour of the week from Monday 0:00 UTC on, as a share of the site's installed capacity."""


def profile(clock_us: int, shift_us: npt.NDArray[np.int64]) -> Floats:
    """The share of the installed capacity that is asked for, per site.

    Args:
        clock_us: microseconds since the epoch.
        shift_us: shape (sites,), how much earlier the site's day begins.
    """
    week_us = (clock_us + 3 * DAY_US + shift_us) % (7 * DAY_US)  # 1970-01-01 was a Thursday
    hour = week_us // HOUR_US
    here, there = PROFILE[hour], PROFILE[(hour + 1) % len(PROFILE)]
    share: Floats = here + (there - here) * ((week_us - hour * HOUR_US) / HOUR_US)
    return share


@lru_cache(maxsize=16)
def events(seed: int, slot: int, sites: int) -> Floats:
    """What events add to the profile in a slot of ten minutes, per site: mostly 0, else -0.06 to 0.10."""
    drawn = uniform(words(seed, Purpose.EVENT, slot, sites)) / EVENT_PROBABILITY
    added: Floats = np.where(drawn < 1, -0.06 + 0.16 * drawn, 0.0)
    return added

"""How long to wait before trying again."""

import random
from collections.abc import Callable, Iterator
from typing import Final

FIRST_S: Final = 0.2
LONGEST_S: Final = 10.0


def pauses(draw: Callable[[], float] = random.random) -> Iterator[float]:
    """Endless seconds to wait: doubling up to a bound, each shortened at random by up to a half.

    The randomness keeps clients that lost one server together from coming back to it together.

    Args:
        draw: uniform random numbers in [0, 1).
    """
    pause = FIRST_S
    while True:
        yield pause * (1 - draw() / 2)
        pause = min(2 * pause, LONGEST_S)

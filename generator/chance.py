"""Chance by counting: each random word is a function of seed, purpose, index and place, drawn in any order.

Only the bit generator's raw words are used. Their values are fixed (Philox4x64-10 of Salmon et al., "Parallel Random
Numbers: As Easy as 1, 2, 3", 2011), while numpy may change its distributions from version to version, and draws the
normal distribution's tails with functions whose last bit depends on the machine.
"""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.random import Philox  # now: numpy would import it at the first draw, and such an import may swallow Ctrl-C

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool]
Words = npt.NDArray[np.uint64]

_LOW_BYTES: Final = np.uint64(0x00FF00FF00FF00FF)
_ONES: Final = np.uint64(0x0001000100010001)
_MEAN: Final = 8 * 127.5
_DEVIATION: Final = float(np.sqrt(8 * (256**2 - 1) / 12))
_NORMAL: Final = np.asarray((np.arange(8 * 255 + 1) - _MEAN) / _DEVIATION, dtype=np.float64)
"""The deviation of each sum of eight bytes."""


class Purpose(IntEnum):
    """What words are drawn for; each purpose has its own."""

    FLEET = 0
    EVENT = 1
    SCAN = 2
    DAMAGE = 3


def words(seed: int, purpose: Purpose, index: int, count: int) -> Words:
    """The first ``count`` words of an index; indices are 2**64 draws apart, so that they never overlap."""
    return Philox(key=seed | purpose << 64, counter=index << 64).random_raw(count)


def uniform(drawn: Words) -> Floats:
    """Numbers from 0 to below 1, one of each word."""
    fractions: Floats = (drawn >> np.uint64(11)) * np.float64(2.0**-53)
    return fractions


def normal(drawn: Words) -> Floats:
    """Numbers with mean 0 and deviation 1, one of each word: the sum of its eight bytes, so within 4.9 deviations."""
    sums = drawn >> np.uint64(8)
    sums &= _LOW_BYTES
    sums += drawn & _LOW_BYTES
    sums *= _ONES  # the upper 16 bits of this product are the sum of all four pairs
    sums >>= np.uint64(48)
    return _NORMAL.take(sums.view(np.int64))

"""Readings as columns: what the gateway holds of them before they become lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from contracts.reading import Measurement, QualityCode
from generator.chance import Flags, Floats, Integers
from generator.instruments import INSTRUMENTS

Qualities = npt.NDArray[np.uint8]

MEASUREMENTS: Final[tuple[str, ...]] = get_args(Measurement)
QUALITIES: Final[tuple[str, ...]] = ("Good", *get_args(QualityCode))
"""What the numbers in `Batch.quality` stand for."""
QUALITY: Final = {name: code for code, name in enumerate(QUALITIES)}
QUALITY_ROW: Final = {name: row for row, name in enumerate(MEASUREMENTS)}
COUNTERS: Final = {"energy_kwh": 1, "run_hours_h": 2}
"""The counters among the values, with the decimal places that they are reported with."""


class Whole(IntEnum):
    """Rows of `Batch.whole`. Cause, state and mode are places in the contract's enumerations."""

    SET = 0
    SEQ = 1
    SOURCE_US = 2
    SERVER_US = 3
    CAUSE = 4
    HISTORICAL = 5
    STATE = 6
    MODE = 7
    BREAKER = 8
    START_COUNT = 9
    ALARMS = 10


@dataclass(frozen=True, eq=False)
class Batch:
    """Readings, one per column.

    Attributes:
        whole: shape (len(Whole), readings).
        values: shape (instruments + counters, readings), the indications of `INSTRUMENTS`, then `COUNTERS`.
        quality: shape (len(MEASUREMENTS), readings), places in `QUALITIES`; a value whose quality is Bad is void.
    """

    whole: Integers
    values: Floats
    quality: Qualities

    def select(self, columns: Integers) -> "Batch":
        """Some of the readings."""
        return Batch(self.whole[:, columns], self.values[:, columns], self.quality[:, columns])

    def where(self, own: Flags, other: "Batch") -> "Batch":
        """These readings where the flag is set, those of another batch of the same length where it is not."""
        return Batch(
            np.where(own, self.whole, other.whole),
            np.where(own, self.values, other.values),
            np.where(own, self.quality, other.quality),
        )

    def __len__(self) -> int:
        return len(self.whole[0])


def joined(batches: Sequence[Batch]) -> Batch:
    """The readings of all batches, of which there is at least one, in their order."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        np.concatenate([batch.whole for batch in batches], axis=1),
        np.concatenate([batch.values for batch in batches], axis=1),
        np.concatenate([batch.quality for batch in batches], axis=1),
    )


def empty(count: int) -> Batch:
    """So many readings of nothing but zeros."""
    return Batch(
        np.zeros((len(Whole), count), dtype=np.int64),
        np.zeros((len(INSTRUMENTS) + 2, count)),
        np.zeros((len(MEASUREMENTS), count), dtype=np.uint8),
    )

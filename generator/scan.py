"""One scan of the fleet: what reaches the stream, and what is true and no reading tells."""

from dataclasses import dataclass

from generator.batch import Batch
from generator.chance import Floats, Integers


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true at a scan and no reading tells.

    Attributes:
        phase: step of the sequence, per set.
        values: shape (instruments, sets), what ideal instruments would show, in the order of `INSTRUMENTS`.
        clean: the same for the real instruments with their faults, were they without noise, resolution and range.
        sampled: what the devices report, before the gateway forwards, holds or drops it.
        demand_kw, served_kw: per site, what the consumers ask for and what they get.
    """

    phase: Integers
    values: Floats
    clean: Floats
    sampled: Batch
    demand_kw: Floats
    served_kw: Floats


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan of the fleet.

    Attributes:
        number: of the scan, from 1 on.
        clock_us: simulated time of it, microseconds since the epoch.
        batches: the readings that reach the stream in this scan, in that order.
        truth: what is true at it.
    """

    number: int
    clock_us: int
    batches: tuple[Batch, ...]
    truth: Truth

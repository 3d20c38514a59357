"""Faults of the plant: what there is, and what each does to the physics while it is in force."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from generator.chance import Flags, Floats
from generator.instruments import INSTRUMENTS, ROW


class FaultClass(StrEnum):
    """What goes wrong. Unless it says otherwise, with one set or one of its instruments."""

    SPIKE = "spike"
    BIAS = "bias"
    DRIFT = "drift"
    FROZEN = "frozen"
    NOISE = "noise"
    DROPOUT = "dropout"
    OUT_OF_RANGE = "out_of_range"
    WIRE_BREAK = "wire_break"
    FUEL_LEAK = "fuel_leak"
    COOLING_FAILURE = "cooling_failure"
    LUBRICATION_FAILURE = "lubrication_failure"
    LUBRICATION_WEAR = "lubrication_wear"
    GOVERNOR_HUNTING = "governor_hunting"
    AVR_FAILURE = "avr_failure"
    INJECTOR_LOSS = "injector_loss"
    BREAKER_TRIP = "breaker_trip"
    FAIL_TO_START = "fail_to_start"
    LEFT_OUT_OF_AUTO = "left_out_of_auto"
    LINK_LOSS = "link_loss"
    GATEWAY_OUTAGE = "gateway_outage"
    GATEWAY_RESTART = "gateway_restart"
    LATE_DELIVERY = "late_delivery"
    OUT_OF_ORDER = "out_of_order"
    CLOCK_SKEW = "clock_skew"
    CLOCK_STEP = "clock_step"


@dataclass(frozen=True)
class Kind:
    """What is known of a class of faults.

    Attributes:
        description: what happens.
        unit: of the magnitude; None where there is none to choose. ``of the measurement`` is the measurement's unit.
        default: magnitude when none is given; of an instrument's fault in standard deviations of its noise.
        least, most: bounds of the magnitude.
        instrument: whether it is an instrument's, so that a measurement must be named.
        site: whether it befalls the gateway, and so every set of the site that the named set stands in.
        longest_s: how long it may last in simulated seconds; None: until it is removed.
    """

    description: str
    unit: str | None = None
    default: float = 1.0
    least: float = 0.0
    most: float = 0.0
    instrument: bool = False
    site: bool = False
    longest_s: int | None = None


_ANY: Final = 1e6
_F = FaultClass
KINDS: Final[Mapping[FaultClass, Kind]] = {
    _F.SPIKE: Kind("one sample jumps", "of the measurement", 10, -_ANY, _ANY, instrument=True, longest_s=0),
    _F.BIAS: Kind("the zero shifts", "of the measurement", 10, -_ANY, _ANY, instrument=True),
    _F.DRIFT: Kind("the zero wanders", "of the measurement per hour", 30, -_ANY, _ANY, instrument=True),
    _F.FROZEN: Kind("the indication stands still", instrument=True),
    _F.NOISE: Kind("the noise's deviation grows by this factor", "1", 3, 1.5, 20, instrument=True),
    _F.DROPOUT: Kind("the device knows that its sensor is broken", instrument=True),
    _F.OUT_OF_RANGE: Kind("the signal leaves the range, which the device says", instrument=True),
    _F.WIRE_BREAK: Kind("the signal falls to the range's low end, which the device takes for good", instrument=True),
    _F.FUEL_LEAK: Kind("the tank loses fuel", "L/h", 10, 0.5, 500),
    _F.COOLING_FAILURE: Kind("a share of the cooling capacity is lost", "1", 1, 0.05, 1),
    _F.LUBRICATION_FAILURE: Kind("a share of the oil pressure is lost within half a minute", "1", 0.5, 0.05, 1),
    _F.LUBRICATION_WEAR: Kind("the oil pressure falls slowly", "kPa/h", 5, 0.5, 100),
    _F.GOVERNOR_HUNTING: Kind("the set's power swings by this share of its rating", "1", 0.075, 0.02, 0.1),
    _F.AVR_FAILURE: Kind("excitation runs to this share of its limit, up or down", "1", 1, -1, 1),
    _F.INJECTOR_LOSS: Kind("the same power takes this share of fuel more", "1", 0.12, 0.02, 0.2),
    _F.BREAKER_TRIP: Kind("the generator breaker trips", longest_s=0),
    _F.FAIL_TO_START: Kind("the engine does not fire"),
    _F.LEFT_OUT_OF_AUTO: Kind("somebody has left the set in OFF"),
    _F.LINK_LOSS: Kind("the gateway has lost the device"),
    _F.GATEWAY_OUTAGE: Kind("nothing leaves the site; its devices store, and forward later", site=True, longest_s=7200),
    _F.GATEWAY_RESTART: Kind("the gateway restarts and polls nothing meanwhile", site=True, longest_s=600),
    _F.LATE_DELIVERY: Kind("readings arrive this much later", "s", 30, 1, 3600),
    _F.OUT_OF_ORDER: Kind("each reading arrives up to this much later", "s", 5, 1, 600),
    _F.CLOCK_SKEW: Kind("the device's clock runs fast or slow", "s/h", 5, -600, 600),
    _F.CLOCK_STEP: Kind("the device's clock is off", "s", 30, -86_400, 86_400),
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        id: its name, unique in the run.
        kind: what goes wrong.
        generator: ``generator_id`` of the set that it begins with; of a site's fault, any set of the site.
        start: first scan that it is in force for.
        end: first scan that it is in force for no longer; None as long as that is open.
        magnitude: how much, in the unit of its kind; None for the default.
        measurement: the measurement whose instrument is at fault, of kinds that have one.

    Raises:
        ValueError: one of these breaks the kind's rules; the message names it.
    """

    id: str
    kind: FaultClass
    generator: str
    start: int
    end: int | None = None
    magnitude: float | None = None
    measurement: str | None = None

    def __post_init__(self) -> None:
        known = KINDS[self.kind]
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end must be after the start at scan {self.start}, not {self.end}")
        if known.instrument != (self.measurement is not None):
            raise ValueError(f"measurement must be {'given' if known.instrument else 'left out'} for {self.kind}")
        if self.measurement is not None and self.measurement not in ROW:
            raise ValueError(f"measurement must be one of {', '.join(ROW)}, not {self.measurement!r}")
        if self.magnitude is None:
            return
        if known.unit is None:
            raise ValueError(f"magnitude must be left out for {self.kind}")
        if not known.least <= self.magnitude <= known.most or not self.magnitude:
            bounds = f"between {known.least:g} and {known.most:g}"
            raise ValueError(f"magnitude must be {bounds} {known.unit} and not 0, not {self.magnitude!r}")

    def is_in_force(self, scan: int) -> bool:
        """Whether the fault is there at this scan. What lasts no longer is there at its first scan only."""
        if KINDS[self.kind].longest_s == 0:
            return scan == self.start
        return self.start <= scan and (self.end is None or scan < self.end)

    @property
    def unit(self) -> str | None:
        """Unit of the magnitude; None where there is none to choose."""
        unit = KINDS[self.kind].unit
        if unit is None or self.measurement is None:
            return unit
        return unit.replace("of the measurement", INSTRUMENTS[ROW[self.measurement]].unit).replace(" per hour", "/h")

    @property
    def amount(self) -> float:
        """The magnitude, the default where none is given, in the kind's unit."""
        if self.magnitude is not None:
            return self.magnitude
        known = KINDS[self.kind]
        if self.measurement is not None and known.unit != "1":
            return known.default * INSTRUMENTS[ROW[self.measurement]].deviation
        return known.default


@dataclass(frozen=True)
class Active:
    """A fault that is in force.

    Attributes:
        fault: the fault.
        place: number of its set in the fleet.
        age_s: how long it has been in force in simulated seconds, 0 at its first scan.
    """

    fault: Fault
    place: int
    age_s: float


@dataclass(frozen=True)
class Effects:
    """What the faults in force do to the sets.

    Attributes:
        strengths: how strong the faults of each class are at this scan, per set; of those without a magnitude, 1.
    """

    strengths: Mapping[FaultClass, Floats]

    def __getitem__(self, kind: FaultClass) -> Floats:
        """The strength per set, or a single zero that stands for all sets."""
        return self.strengths.get(kind, _NONE)

    def hits(self, kind: FaultClass) -> Flags:
        """Whether the set has such a fault, or a single no that stands for all sets."""
        return self.strengths[kind] != 0 if kind in self.strengths else _NOT


_NONE: Final = np.zeros(())
_NOT: Final = np.zeros((), dtype=bool)

_GROWTH: Final[Mapping[FaultClass, Callable[[float], float]]] = {
    _F.LUBRICATION_FAILURE: lambda age_s: min(age_s / 30, 1),
    _F.LUBRICATION_WEAR: lambda age_s: age_s / 3600,
    _F.GOVERNOR_HUNTING: lambda age_s: _wave(age_s / 10),
    _F.AVR_FAILURE: lambda age_s: min(age_s / 3, 1),
    _F.INJECTOR_LOSS: lambda age_s: min(age_s / 600, 1),
    _F.DRIFT: lambda age_s: age_s / 3600,
    _F.CLOCK_SKEW: lambda age_s: age_s / 3600,
}
"""How these develop, as a share of their magnitude; the others are there at once."""


def strength(active: Active) -> float:
    """How strong a fault is now, in the unit of its magnitude."""
    growth = _GROWTH.get(active.fault.kind)
    return active.fault.amount * (growth(active.age_s) if growth else 1.0)


def effects(count: int, faults: Iterable[Active]) -> Effects:
    """What the faults in force do to a fleet of ``count`` sets; those of a class on one set add up."""
    strengths: dict[FaultClass, Floats] = {}
    for active in faults:
        strengths.setdefault(active.fault.kind, np.zeros(count))[active.place] += strength(active)
    return Effects(strengths)


def _wave(turns: float) -> float:
    """Two parabolas in place of a sine, whose last bit would depend on the mathematical library."""
    turn = turns % 1
    return 16 * turn * (0.5 - turn) if turn < 0.5 else -16 * (turn - 0.5) * (1 - turn)

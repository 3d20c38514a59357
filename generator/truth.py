"""Ground truth: what a fault has come to, computed by running the plant twice with the same noise."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from contracts.schema import BAD
from generator import plant
from generator.batch import COUNTERS, MEASUREMENTS, QUALITIES, QUALITY_ROW, Batch, Whole, joined
from generator.chance import Flags
from generator.controls import Controls
from generator.faults import KINDS, Fault, FaultClass
from generator.fleet import PlantConfig, fleet
from generator.gateway import LEAST_LATENCY_US, MORE_LATENCY_US
from generator.instruments import DEVIATION, INSTRUMENTS, RESOLUTION, settled
from generator.lines import Damage
from generator.scan import Scan
from generator.state import State

DISTINCT: Final = 3.0
"""Standard deviations of the noise by which a measurement must differ."""
SCANS: Final = 5
"""Scans in a row for which it must."""

_FIRST: Final = QUALITY_ROW[INSTRUMENTS[0].measurement]
_INSTRUMENTS: Final = slice(_FIRST, _FIRST + len(INSTRUMENTS))
_TOLD: Final = {
    "state": Whole.STATE,
    "mode": Whole.MODE,
    "breaker_closed": Whole.BREAKER,
    "start_count": Whole.START_COUNT,
}
_IS_BAD: Final = np.array([quality.startswith(BAD) for quality in QUALITIES])
_CHANNELS: Final = (*MEASUREMENTS, "fault_alarms", "source_time", "server_time")
"""What may differ; the last stands for when, and whether, a reading reaches the stream."""
_ROW: Final = {channel: row for row, channel in enumerate(_CHANNELS)}
_BY_VARIATION: Final = {FaultClass.FROZEN, FaultClass.NOISE}
_COUNTED: Final = {*_BY_VARIATION, FaultClass.GOVERNOR_HUNTING}
_BY_DELIVERY: Final = {
    FaultClass.GATEWAY_OUTAGE,
    FaultClass.GATEWAY_RESTART,
    FaultClass.LATE_DELIVERY,
    FaultClass.OUT_OF_ORDER,
}


@dataclass(frozen=True)
class Label:
    """What is true of a fault, and no reading tells.

    Attributes:
        id, kind: the fault's name and class; of damage on the wire, ``wire/`` and the class.
        origin: ``generator_id`` of the set that it began with; None for damage on the wire.
        affected: of the sets whose readings it makes differ, in the order of the fleet; none for damage on the wire.
        measurements: fields that it makes differ on any of them, in the contract's order.
        magnitude, unit: how much; None where its class has none.
        start_us: time of its first scan, microseconds since the epoch.
        end_us: time of the first scan without it; None if that has not been reached.
        observable_from_us: time of the first scan from which a reading differs for good reason; None: unobservable.
    """

    id: str
    kind: FaultClass | Damage
    origin: str | None
    affected: tuple[str, ...]
    measurements: tuple[str, ...]
    magnitude: float | None
    unit: str | None
    start_us: int
    end_us: int | None
    observable_from_us: int | None


def end_of(fault: Fault) -> int | None:
    """The first scan without a fault, if that is known."""
    return fault.start + 1 if KINDS[fault.kind].longest_s == 0 else fault.end


def needed(fault: Fault) -> int:
    """Scans in a row for which a measurement must differ."""
    end = end_of(fault)
    return SCANS if end is None else min(SCANS, end - fault.start)


def label(config: PlantConfig, before: State, controls_at: Callable[[int], Controls], fault: Fault, upto: int) -> Label:
    """The truth about a fault, as far as it can be told after a scan, which is the fault's first or a later one."""
    search = Search(config, before, controls_at, fault)
    while search.scan < upto:
        search.advance()
    return search.label


class Search:
    """The search for what a fault comes to, scan by scan from its first on; in between it can rest.

    A measurement differs when it is by more than three standard deviations of its noise, and more than its
    resolution, from what it would be without this fault, noise left out, for five scans in a row (or as long as the
    fault lasts, if that is shorter); energy and run hours have a resolution only. A state, the number of starts, an
    alarm or a quality differs at once; a value that is Bad in both runs does not. A frozen or noisy instrument is told
    by the fifth indication that differs, a hunting governor by the fifth scan in which it is off (in between it is
    right), disturbed delivery by the first.

    Args:
        config: the plant.
        before: its state after the scan before the fault's first.
        controls_at: the controls in force at a scan, this fault and all others included.
        fault: the fault.

    Attributes:
        scan: the last scan that has been looked at.
        needed: scans in a row for which a measurement must differ.
    """

    def __init__(
        self, config: PlantConfig, before: State, controls_at: Callable[[int], Controls], fault: Fault
    ) -> None:
        self.scan = before.scan
        self.needed = needed(fault)
        self._config = config
        self._controls_at = controls_at
        self._fault = fault
        self._without = self._with_it = before
        self._in_a_row = np.zeros((len(_CHANNELS), config.generators), dtype=np.int64)
        self._affected = np.zeros((len(_CHANNELS), config.generators), dtype=bool)
        self._clocks_us: deque[int] = deque(maxlen=SCANS)
        self._start_us = before.clock_us
        self._end_us: int | None = None
        self._observable_from_us: int | None = None

    @property
    def is_observed(self) -> bool:
        """Whether an effect has been found."""
        return self._observable_from_us is not None

    @property
    def size(self) -> int:
        """Bytes that its plants take."""
        return len(self._without.to_bytes()) + len(self._with_it.to_bytes())

    def advance(self) -> None:
        """Look at the next scan."""
        fault, controls = self._fault, self._controls_at(self.scan + 1)
        others = tuple(other for other in controls.faults if other.id != fault.id)
        self._without, healthy = plant.step(self._config, self._without, replace(controls, faults=others))
        self._with_it, faulty = plant.step(self._config, self._with_it, controls)
        self.scan = faulty.number
        self._clocks_us.append(faulty.clock_us)
        if self.scan == fault.start:
            self._start_us = faulty.clock_us
        if self.scan == end_of(fault):
            self._end_us = faulty.clock_us
        different, at_once = _differences(
            fault, _Run(self._without, healthy), _Run(self._with_it, faulty), controls.noise
        )
        keeps = fault.kind in _COUNTED
        self._in_a_row = np.where(different, self._in_a_row + 1, self._in_a_row if keeps else 0)
        reached = at_once | (self._in_a_row >= self.needed)
        if reached.any() and self._observable_from_us is None:
            begun = 1 if keeps or at_once.any() else self.needed
            self._observable_from_us = self._clocks_us[-begun]
        self._affected |= reached

    @property
    def label(self) -> Label:
        """What is known by now; at least the fault's first scan has been looked at."""
        fault, generators = self._fault, fleet(self._config).generator_ids
        return Label(
            id=fault.id,
            kind=fault.kind,
            origin=fault.generator,
            affected=tuple(generators[place] for place in np.flatnonzero(self._affected.any(axis=0)).tolist()),
            measurements=tuple(_CHANNELS[row] for row in np.flatnonzero(self._affected.any(axis=1)).tolist()),
            magnitude=None if fault.unit is None else fault.amount,
            unit=fault.unit,
            start_us=self._start_us,
            end_us=self._end_us,
            observable_from_us=self._observable_from_us,
        )


@dataclass(frozen=True, eq=False)
class _Run:
    """One of the two runs, after a scan."""

    state: State
    scan: Scan


def _differences(fault: Fault, healthy: _Run, faulty: _Run, noise: float) -> tuple[Flags, Flags]:
    """What differs per channel and set, and what of it counts at once."""
    count = len(healthy.state.phase)
    different = np.zeros((len(_CHANNELS), count), dtype=bool)
    at_once = np.zeros((len(_CHANNELS), count), dtype=bool)
    one, other = healthy.scan.truth, faulty.scan.truth
    if fault.kind in _BY_VARIATION:
        different[_INSTRUMENTS] = (one.sampled.values != other.sampled.values)[: len(INSTRUMENTS)]
    else:
        threshold = np.maximum(DISTINCT * DEVIATION * noise, RESOLUTION)
        different[_INSTRUMENTS] = np.abs(settled(one.clean) - settled(other.clean)) > threshold
    for counter, places in COUNTERS.items():
        counted = np.abs(getattr(healthy.state, counter) - getattr(faulty.state, counter))
        different[_ROW[counter]] = counted > 10**-places
    at_once[: len(MEASUREMENTS)] = one.sampled.quality != other.sampled.quality
    for channel, row in _TOLD.items():
        at_once[_ROW[channel]] |= one.sampled.whole[row] != other.sampled.whole[row]
    void = _IS_BAD[one.sampled.quality] & _IS_BAD[other.sampled.quality]
    different[: len(MEASUREMENTS)] &= ~void
    at_once[: len(MEASUREMENTS)] &= ~void
    at_once[_ROW["fault_alarms"]] = one.sampled.whole[Whole.ALARMS] != other.sampled.whole[Whole.ALARMS]
    ahead = np.abs(one.sampled.whole[Whole.SOURCE_US] - other.sampled.whole[Whole.SOURCE_US])
    at_once[_ROW["source_time"]] = ahead > LEAST_LATENCY_US + MORE_LATENCY_US
    if fault.kind in _BY_DELIVERY:
        at_once[_ROW["server_time"]] = _arrivals(healthy.scan.batches, count) != _arrivals(faulty.scan.batches, count)
    return different, at_once


def _arrivals(batches: tuple[Batch, ...], count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A number per set that tells which of its readings arrive in a scan."""
    told = np.zeros(count, dtype=np.int64)
    if batches:
        whole = joined(batches).whole
        np.add.at(told, whole[Whole.SET], 1 + whole[Whole.SEQ] * 1_000_003)
    return told

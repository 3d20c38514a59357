"""What is true of a run and no reading tells: the labels of its faults and the ledger of its lines."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from generator import plant, truth
from generator.controls import Controls
from generator.faults import KINDS, Fault
from generator.fleet import fleet
from generator.ledger import Ledger
from generator.lines import Damage, damages
from generator.run import Run
from generator.simulation import Position, Programme

ENOUGH: Final = 3_600
"""Scans from a fault's first on in which all of its effects are looked for."""
MOST: Final = 86_400
"""Scans in which the first effect of a slow fault is looked for."""


class StoppedError(Exception):
    """The service stops before the answer is found."""


def faults_of(programme: Programme) -> list[Fault]:
    """Every fault of the run, as the last change has left it, in order of their starts; none that never began."""
    known: dict[str, Fault] = {}
    for (scan, _), controls in zip(programme.changes, programme.controls, strict=True):
        there = {fault.id: fault for fault in controls.faults}
        removed = [id_ for id_, fault in known.items() if id_ not in there and fault.start >= scan]
        for id_ in removed:
            del known[id_]
        known |= there
    return sorted(known.values(), key=lambda fault: fault.start)


def clock_us(start_us: int, programme: Programme, scan: int) -> int:
    """The simulated time of a scan, microseconds since the epoch."""
    changed = [at - 1 for at, _ in programme.changes if at <= scan]
    edges = [0, *changed, scan]
    return start_us + sum((end - begin) * programme.at(begin + 1).scan_interval_us for begin, end in pairwise(edges))


class Yardstick:
    """Labels and ledger of a run, simulated anew and remembered; for one thread at a time.

    Args:
        run: the run.
        stopped: asked now and then; when it says so, StoppedError is raised.
    """

    def __init__(self, run: Run, stopped: Callable[[], bool] = lambda: False) -> None:
        self._run = run
        self._stopped = stopped
        self._labels: dict[Fault, truth.Label] = {}
        self._counted = run.beginning, Ledger()
        self._damaged_upto = run.beginning.state
        self._damaged: dict[Damage, int] = {}

    def labels(self, scan: int) -> Iterator[truth.Label]:
        """The labels of damage on the wire, then of the faults that have begun by this scan, in order of their starts.

        A fault's effects are looked for from its first scan on, not beyond its end: for `ENOUGH` scans (an hour of
        scans at one second), and if nothing is observable in them, until something is, for `MOST` scans.

        Raises:
            StoppedError: the service stops.
        """
        yield from self._of_the_wire(scan)
        for fault in faults_of(self._run.programme):
            if fault.start <= scan:
                yield self._label(fault, scan)

    def _of_the_wire(self, scan: int) -> Iterator[truth.Label]:
        """The labels of the damage that the settings have the wire do, over the whole run."""
        config = self._run.config
        if config.damage == 0 or scan == 0:
            return
        while len(self._damaged) < len(Damage) and self._damaged_upto.scan < scan:
            state, measured = plant.step(config, self._damaged_upto, self._controls_at(self._damaged_upto.scan + 1))
            self._damaged_upto = state
            for damage, _ in damages(config, measured.number, sum(map(len, measured.batches))).values():
                self._damaged.setdefault(damage, measured.number)
        for damage in Damage:
            first = self._damaged.get(damage, scan + 1)
            yield truth.Label(
                id=f"wire:{damage}",
                kind=damage,
                origin=None,
                affected=fleet(config).generator_ids,
                measurements=("fuel_level_pct",) if damage is Damage.INVALID else (),
                magnitude=config.damage / len(Damage),
                unit="1",
                start_us=clock_us(config.start, self._run.programme, 1),
                end_us=None,
                observable_from_us=clock_us(config.start, self._run.programme, first) if first <= scan else None,
            )

    def _label(self, fault: Fault, scan: int) -> truth.Label:
        end = fault.start + 1 if KINDS[fault.kind].longest_s == 0 else fault.end
        label = self._labels.get(fault) or self._simulated(fault, end, scan)
        if end is not None and end <= scan:
            return replace(label, end_us=clock_us(self._run.config.start, self._run.programme, end))
        return label

    def _simulated(self, fault: Fault, end: int | None, scan: int) -> truth.Label:
        last = fault.start + MOST - 1 if end is None else min(fault.start + MOST - 1, end + truth.SCANS)
        enough = fault.start + ENOUGH - 1
        before = self._run.state(fault.start - 1)
        label = truth.label(self._run.config, before, self._controls_at, fault, min(last, scan), enough=enough)
        if scan >= (last if label.observable_from_us is None else min(last, enough)):
            self._labels[fault] = label
        return label

    def _controls_at(self, scan: int) -> Controls:
        if self._stopped():
            raise StoppedError
        return self._run.programme.at(scan)

    def ledger(self, line: int) -> Ledger:
        """What the lines up to and including this one contain; they must have been simulated."""
        position, counted = self._counted if self._counted[0].line <= line else (self._run.beginning, Ledger())
        while position.line < line:
            if self._stopped():
                raise StoppedError
            scan = position.scan + 1
            state, measured = plant.step(self._run.config, position.state, self._run.programme.at(scan))
            of_scan = Ledger()
            of_scan.add(self._run.config, measured)
            if position.line + of_scan.lines > line:
                beginning = Ledger()
                beginning.add(self._run.config, measured, line - position.line)
                self._counted = position, counted
                return _sum(counted, beginning)
            position, counted = Position(scan, position.line + of_scan.lines, state), _sum(counted, of_scan)
        self._counted = position, counted
        return counted


def _sum(one: Ledger, other: Ledger) -> Ledger:
    return Ledger(
        malformed=one.malformed + other.malformed,
        invalid=one.invalid + other.invalid,
        valid=one.valid + other.valid,
        duplicates=one.duplicates + other.duplicates,
    )

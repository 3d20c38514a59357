"""What is true of a run and no reading tells: the labels of its faults and the ledger of its lines."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from generator import plant, truth
from generator.controls import Controls
from generator.faults import Fault
from generator.ledger import Ledger
from generator.lines import Damage
from generator.run import Run
from generator.simulation import Position, Programme

ENOUGH: Final = 3_600
"""Scans from a fault's first on in which all of its effects are looked for."""
MOST: Final = 86_400
"""Scans in which the first effect of a slow fault is looked for."""
MOST_BYTES: Final = 256 * 2**20
"""Room for the plants of searches that have not come to their ends."""


class StoppedError(Exception):
    """The answer is not wanted any more: the service stops, or whoever asked has left."""


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


def wire_labels(run: Run, position: Position) -> list[truth.Label]:
    """The labels of the damage that the settings have the wire do, over the whole run.

    No set is named as affected: any line may be hit.

    Args:
        run: the run.
        position: how far the stream has come, which knows the damage so far.
    """
    config = run.config
    if config.damage == 0 or position.scan == 0:
        return []
    return [
        truth.Label(
            id=f"wire/{damage}",  # no client can give a fault this name
            kind=damage,
            origin=None,
            affected=(),
            measurements=("fuel_level_pct",) if damage is Damage.INVALID else (),
            magnitude=config.damage / len(Damage),
            unit="1",
            start_us=clock_us(config.start, run.programme, 1),
            end_us=None,
            observable_from_us=clock_us(config.start, run.programme, position.damaged[damage])
            if damage in position.damaged
            else None,
        )
        for damage in Damage
    ]


class Yardstick:
    """Labels and ledger of a run, found by simulating it anew; for one thread at a time.

    What has been found is remembered. A search that has not come to its end goes on from where it was, as long as there
    is room for its plants: those that there is none for begin anew each time.

    Args:
        run: the run.
        stopped: asked at each scan; when it says so, StoppedError is raised.
        most_bytes: room for the plants of searches that have not come to their ends.
    """

    def __init__(self, run: Run, stopped: Callable[[], bool] = lambda: False, most_bytes: int = MOST_BYTES) -> None:
        self._run = run
        self._stopped = stopped
        self._most_bytes = most_bytes
        self._labels: dict[Fault, truth.Label] = {}
        self._searches: dict[Fault, tuple[truth.Search, int]] = {}
        self._counted = run.beginning, Ledger()

    def labels(self, scan: int) -> Iterator[truth.Label]:
        """The labels of the faults that have begun by this scan, in order of their starts.

        A fault's effects are looked for from its first scan on, not beyond its end: for `ENOUGH` scans (an hour of
        scans at one second), and if nothing is observable in them, until something is, for `MOST` scans.

        Raises:
            StoppedError: the answer is not wanted any more.
        """
        for fault in faults_of(self._run.programme):
            if fault.start <= scan:
                yield self._label(fault, scan)

    def _label(self, fault: Fault, scan: int) -> truth.Label:
        same = replace(fault, end=None)  # what has been found holds when its end becomes known
        label = self._labels.get(same) or self._found(fault, same, scan)
        end = truth.end_of(fault)
        if end is not None and end <= scan:
            return replace(label, end_us=clock_us(self._run.config.start, self._run.programme, end))
        return label

    def _found(self, fault: Fault, same: Fault, scan: int) -> truth.Label:
        end, latest = truth.end_of(fault), fault.start + MOST - 1
        last = latest if end is None else min(latest, end + truth.SCANS)
        search, _ = self._searches.pop(same, (None, 0))
        if search is None or search.needed != truth.needed(fault):
            before = self._run.state(fault.start - 1)
            search = truth.Search(self._run.config, before, self._controls_at, fault)
        enough = min(last, fault.start + ENOUGH - 1)
        try:
            while search.scan < min(scan, enough if search.is_observed else last):
                search.advance()
        finally:
            if search.scan >= (enough if search.is_observed else last):
                self._labels[same] = search.label
            else:
                self._keep(same, search)
        return search.label

    def _keep(self, fault: Fault, search: truth.Search) -> None:
        size = search.size
        if sum(other for _, other in self._searches.values()) + size <= self._most_bytes:
            self._searches[fault] = search, size

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
            position, counted = Position(scan, position.line + of_scan.lines, state, {}), _sum(counted, of_scan)
        self._counted = position, counted
        return counted


def _sum(one: Ledger, other: Ledger) -> Ledger:
    return Ledger(
        malformed=one.malformed + other.malformed,
        invalid=one.invalid + other.invalid,
        valid=one.valid + other.valid,
        duplicates=one.duplicates + other.duplicates,
    )

"""The stream as a function: from a position in it and the controls over time to the lines that follow. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from generator import plant
from generator.changes import Change, apply, steps
from generator.controls import Controls
from generator.faults import Fault
from generator.fleet import PlantConfig
from generator.lines import lines
from generator.state import State
from generator.stream import BLOCK_BYTES, Block, blocks


@dataclass(frozen=True)
class Position:
    """A place between two scans of the stream.

    Attributes:
        scan: number of the last scan, 0 before the first.
        line: number of its last line.
        state: the plant after it.
    """

    scan: int
    line: int
    state: State


@dataclass(frozen=True)
class Programme:
    """The controls over the whole run.

    Attributes:
        initial: what is in force at the first scan.
        changes: changes with the first scan that each is in force for, in order of the scans, of one scan in order of
            their coming.
        controls: what is in force after each of the changes.
    """

    initial: Controls
    changes: tuple[tuple[int, Change], ...] = ()
    controls: tuple[Controls, ...] = ()

    def at(self, scan: int) -> Controls:
        """The controls that are in force for this scan."""
        index = bisect_right(self.changes, scan, key=lambda change: change[0])
        return self.controls[index - 1] if index else self.initial

    def injected(self, id_: str, scan: int) -> Fault:
        """A fault as it was when it was injected, from this scan on; it may have been removed at the same scan.

        Raises:
            KeyError: there is none of this name.
        """
        for controls in self.controls[bisect_left(self.changes, scan, key=lambda change: change[0]) :]:
            for fault in controls.faults:
                if fault.id == id_:
                    return fault
        raise KeyError(id_)

    def then(self, scan: int, change: Change) -> "Programme":
        """The programme with one more change from this scan on; later ones that are there already come after it.

        Raises:
            ValueError: the change cannot be applied.
        """
        changes, controls = self.changes, self.controls
        for at, step in steps(change, scan, self.at(scan)):
            index = bisect_right(changes, at, key=lambda known: known[0])
            changes = (*changes[:index], (at, step), *changes[index:])
            folded = list(controls[:index])
            for later, known in changes[index:]:
                folded.append(apply(folded[-1] if folded else self.initial, known, later))
            controls = tuple(folded)
        return Programme(self.initial, changes, controls)


def beginning(config: PlantConfig) -> Position:
    """The place before the first scan."""
    return Position(0, 0, plant.initial(config))


def advance(
    config: PlantConfig, programme: Programme, position: Position, upto: int
) -> Iterator[tuple[Position, list[Block]]]:
    """Simulate the scans after the position up to and including scan ``upto``.

    Yields:
        The position after some more scans and their lines in blocks, small scans together and large ones cut.
    """
    scan, line, state = position.scan, position.line, position.state
    waiting: list[bytes] = []
    while scan < upto:
        scan += 1
        state, measured = plant.step(config, state, programme.at(scan))
        waiting.append(lines(config, measured))
        if scan == upto or sum(map(len, waiting)) >= BLOCK_BYTES:
            cut = blocks(line + 1, b"".join(waiting))
            waiting.clear()
            line = cut[-1].last if cut else line
            yield Position(scan, line, state), cut

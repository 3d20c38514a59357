"""The stream as a function: from a position in it and the controls over time to the lines that follow. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from generator import plant
from generator.changes import Change, apply, steps
from generator.controls import Controls
from generator.faults import Fault
from generator.fleet import PlantConfig
from generator.lines import Damage, damages, lines
from generator.scan import Scan
from generator.state import State
from generator.stream import BLOCK_BYTES, Block, blocks


@dataclass(frozen=True)
class Position:
    """A place between two scans of the stream.

    Attributes:
        scan: number of the last scan, 0 before the first.
        line: number of its last line.
        state: the plant after it.
        damaged: the first scan with each damage on the wire, of the kinds that there have been.
    """

    scan: int
    line: int
    state: State
    damaged: Mapping[Damage, int]

    def to_bytes(self) -> bytes:
        """What a snapshot holds beside scan and line, which it is named by."""
        return msgspec.msgpack.encode((self.damaged, self.state.to_bytes()))

    @classmethod
    def from_bytes(cls, scan: int, line: int, content: bytes) -> "Position":
        """The place that `to_bytes` made these of."""
        damaged, state = msgspec.msgpack.decode(content, type=tuple[dict[Damage, int], bytes])
        return cls(scan, line, State.from_bytes(state), damaged)


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
    return Position(0, 0, plant.initial(config), {})


def advance(
    config: PlantConfig, programme: Programme, position: Position, upto: int
) -> Iterator[tuple[Position, list[Block]]]:
    """Simulate the scans after the position up to and including scan ``upto``.

    Yields:
        The position after some more scans and their lines in blocks, small scans together and large ones cut.
    """
    scan, line, state, damaged = position.scan, position.line, position.state, position.damaged
    waiting: list[bytes] = []
    while scan < upto:
        scan += 1
        state, measured = plant.step(config, state, programme.at(scan))
        damaged = _noted(config, damaged, measured)
        waiting.append(lines(config, measured))
        if scan == upto or sum(map(len, waiting)) >= BLOCK_BYTES:
            cut = blocks(line + 1, b"".join(waiting))
            waiting.clear()
            line = cut[-1].last if cut else line
            yield Position(scan, line, state, damaged), cut


def _noted(config: PlantConfig, damaged: Mapping[Damage, int], scan: Scan) -> Mapping[Damage, int]:
    if config.damage == 0 or len(damaged) == len(Damage):
        return damaged
    hit = damages(config, scan.number, sum(map(len, scan.batches)))
    return {damage: scan.number for damage, _ in hit.values()} | {**damaged}

"""What the historian remembers from batch to batch: constant state per generator, whatever the length of the log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

from analysis.historian.offsets import Gap, Partition, Position, gaps
from analysis.historian.recent import Entry, Recent
from analysis.historian.times import Closing, Times
from analysis.sequence import Sequences
from analysis.windows.intervals import HOLD_S
from analysis.windows.summary import Total, merge

_HOLD_US: Final = HOLD_S * 1_000_000


class Judged(NamedTuple):
    """A record of a batch: where it lies, what the judge says of it, and which reading it is, if it is accepted."""

    position: Position
    outcome: str
    stream_id: str | None
    generator_id: str | None
    seq: int | None
    source_time: int | None


@dataclass
class Ledger:
    """The state of the historian.

    Attributes:
        offsets: the next offset of each partition.
        outcomes: records by outcome, of the whole log.
        sequences: which readings have been seen.
        times: how far each generator is.
        totals: the summary of each generator.
        recent: by dataset, the newest files.
    """

    offsets: dict[Partition, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    sequences: Sequences = field(default_factory=Sequences)
    times: Times = field(default_factory=lambda: Times(_HOLD_US))
    totals: dict[tuple[str, str], Total] = field(default_factory=dict)
    recent: dict[str, Recent] = field(default_factory=dict)

    def take(self, batch: Sequence[Judged]) -> tuple[list[Gap], list[Position], list[Closing]]:
        """Take in a batch in the order of the log.

        Returns:
            The gaps before and in it; the places of the accepted readings that are copies; and the windows that its
            other accepted readings close or restate.
        """
        lost, self.offsets = gaps((record.position for record in batch), self.offsets)
        copies, kept = [], []
        for position, outcome, stream_id, generator_id, seq, source_time in batch:
            if stream_id is None or generator_id is None or seq is None or source_time is None:
                continue
            if outcome != "accepted":
                continue
            if self.sequences.add(stream_id, generator_id, seq):
                kept.append((stream_id, generator_id, source_time))
            else:
                copies.append(position)
        return lost, copies, self.times.take(kept)

    def count(self, outcomes: Mapping[str, int]) -> None:
        """Count the outcomes of a batch."""
        self.outcomes.update(outcomes)

    def total(self, partials: Mapping[tuple[str, str], Total]) -> dict[tuple[str, str], Total]:
        """Add a batch's summaries; the new summaries of the generators that it has changed."""
        changed = {key: merge(self.totals.get(key), partial) for key, partial in partials.items()}
        self.totals |= changed
        return changed

    def remember(self, dataset: str, stream_id: str, entry: Entry) -> None:
        """Remember the files of a batch."""
        self.recent.setdefault(dataset, Recent()).add(stream_id, entry)

    def dump(self) -> dict[str, Any]:
        """All of it as a JSON value."""
        return {
            "offsets": [[*partition, offset] for partition, offset in self.offsets.items()],
            "outcomes": dict(self.outcomes),
            "sequences": self.sequences.dump(),
            "times": self.times.dump(),
            "totals": [[*key, total] for key, total in self.totals.items()],
            "recent": {dataset: recent.dump() for dataset, recent in self.recent.items()},
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Self:
        """What `dump` gave."""
        return cls(
            {(topic, partition): offset for topic, partition, offset in dumped["offsets"]},
            Counter(dumped["outcomes"]),
            Sequences.load(dumped["sequences"]),
            Times.load(_HOLD_US, dumped["times"]),
            {(stream_id, generator_id): Total(*total) for stream_id, generator_id, total in dumped["totals"]},
            {dataset: Recent.load(recent) for dataset, recent in dumped["recent"].items()},
        )

"""What the historian remembers from batch to batch: constant state per generator, whatever the length of the log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

from analysis import summary
from analysis.historian.offsets import Gap, Partition, Position, gaps
from analysis.historian.recent import Recent
from analysis.historian.times import Closing, Times
from analysis.sequence import Sequences
from analysis.summary import Total
from analysis.windows.intervals import HOLD_S

_HOLD_US: Final = HOLD_S * 1_000_000


class Judged(NamedTuple):
    """A record of a batch: where it lies, what the judge says of it, and which reading it is, unless it is rejected."""

    position: Position
    outcome: str
    stream_id: str | None
    generator_id: str | None
    seq: int | None
    source_time: int | None


class Taken(NamedTuple):
    """What the ledger makes of a batch.

    Attributes:
        gaps: offsets that were lost before it or in it.
        copies: places of accepted readings whose identity was seen before.
        closings: windows that its other accepted readings close or restate.
        spans: earliest and latest source time of these readings, by stream.
    """

    gaps: list[Gap]
    copies: list[Position]
    closings: list[Closing]
    spans: dict[str, tuple[int, int]]


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
        newest: by dataset, the newest date.
        compacted: by dataset, the date that was the newest when its closed days were compacted.
    """

    offsets: dict[Partition, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    sequences: Sequences = field(default_factory=Sequences)
    times: Times = field(default_factory=lambda: Times(_HOLD_US))
    totals: dict[tuple[str, str], Total] = field(default_factory=dict)
    recent: dict[str, Recent] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    compacted: dict[str, str] = field(default_factory=dict)

    def take(self, batch: Sequence[Judged]) -> Taken:
        """Take in a batch in the order of the log."""
        lost, self.offsets = gaps((record.position for record in batch), self.offsets)
        copies, kept = [], []
        for record in batch:
            match record:
                case (position, "accepted", str(stream_id), str(generator_id), int(seq), int(source_time)):
                    if self.sequences.add(stream_id, generator_id, seq):
                        kept.append((stream_id, generator_id, source_time))
                    else:
                        copies.append(position)
        self.outcomes.update(record.outcome for record in batch)
        self.outcomes.update({"gap": sum(gap.last_offset - gap.offset + 1 for gap in lost)})
        spans: dict[str, tuple[int, int]] = {}
        for stream_id, _, source_time in kept:
            first, last = spans.get(stream_id, (source_time, source_time))
            spans[stream_id] = min(first, source_time), max(last, source_time)
        return Taken(lost, copies, self.times.take(kept), spans)

    def tell(self, copies: Mapping[str, int]) -> None:
        """Count what the copies of a batch have turned out to be, which were accepted until then."""
        self.outcomes.update(copies)
        self.outcomes.subtract({"accepted": sum(copies.values())})

    def total(self, partials: Mapping[tuple[str, str], Total]) -> dict[tuple[str, str], Total]:
        """Add the totals of a batch; the new totals of the generators that it has changed."""
        changed = {
            key: summary.merge(self.totals.get(key, summary.EMPTY), partial) for key, partial in partials.items()
        }
        self.totals |= changed
        return changed

    def files(self, dataset: str) -> Recent:
        """The newest files of a dataset."""
        return self.recent.setdefault(dataset, Recent())

    def dump(self) -> dict[str, Any]:
        """All of it as a JSON value."""
        return {
            "offsets": [[*partition, offset] for partition, offset in self.offsets.items()],
            "outcomes": dict(self.outcomes),
            "sequences": self.sequences.dump(),
            "times": self.times.dump(),
            "totals": [[*key, total] for key, total in self.totals.items()],
            "recent": {dataset: recent.dump() for dataset, recent in self.recent.items()},
            "newest": self.newest,
            "compacted": self.compacted,
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
            dict(dumped["newest"]),
            dict(dumped["compacted"]),
        )

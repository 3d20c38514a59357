"""How far each partition was read, and the offsets that the topic lost to retention before they were read."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

RULE: Final = "must be read before the topic's retention removes it"

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""


class Position(NamedTuple):
    """Where a record lies in the log, and Kafka's timestamp of it in microseconds since 1970."""

    topic: str
    partition: int
    offset: int
    appended: int


class Gap(NamedTuple):
    """Offsets without a record, from ``offset`` to ``last_offset``; ``appended`` is that of the record after them."""

    topic: str
    partition: int
    offset: int
    last_offset: int
    appended: int


def gaps(positions: Iterable[Position], expected: Mapping[Partition, int]) -> tuple[list[Gap], dict[Partition, int]]:
    """The offsets that should have come and did not.

    An offset is without a record too where a transaction ended, or where compaction removed it. There is nothing to
    read in either case, and the cases cannot be told apart afterwards. A gap at the end of a partition is found
    when the next record of that partition comes.

    Args:
        positions: those of a batch, in the order of the log.
        expected: the next offset of each partition; of others, the first that comes is the first there is.

    Returns:
        The gaps, and the next offset of each partition after the batch. A partition that begins anew at lower offsets,
        because the topic was made anew, has no gap.
    """
    found = []
    after = dict(expected)
    for topic, partition, offset, appended in positions:
        following = after.get((topic, partition), offset)
        if offset > following:
            found.append(Gap(topic, partition, following, offset - 1, appended))
        after[topic, partition] = offset + 1
    return found, after

"""Tell from the log what of a stream it has, so that exactly what is missing is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from producer.progress import Mark
from producer.route import LINE_HEADER, STREAM_HEADER

Headers = Iterable[tuple[str, bytes | None]]
"""Headers of a record as Kafka has them; a value may be null."""

_LINE_DIGITS: Final = 19


@dataclass(frozen=True)
class Recovery:
    """What the log knew of a stream at the time of looking.

    Attributes:
        mark: the low mark; the stream goes on behind its line.
        present: lines beyond the mark that the log has, not to be sent again.
        ends: per partition (``topic-partition``) the offset up to which was looked.
    """

    mark: Mark
    present: frozenset[int]
    ends: Mapping[str, int]


def recover(mark: Mark, found: Iterable[Headers], ends: Mapping[str, int]) -> Recovery:
    """What the log knows of the stream of a mark.

    Args:
        mark: the newest mark of the stream.
        found: headers of every record between the mark's offsets and the ends, of any stream, in any order.
        ends: see `Recovery`.
    """
    stream = mark.stream_id.encode()
    present = (_line(headers) for headers in map(dict, found) if headers.get(STREAM_HEADER) == stream)
    return Recovery(mark, frozenset(line for line in present if line > mark.line), ends)


def _line(headers: Mapping[str, bytes | None]) -> int:
    # What has no line number is a stranger's record; it counts as line 0, which lies beyond no mark.
    text = headers.get(LINE_HEADER) or b""
    return int(text) if text.isdigit() and len(text) <= _LINE_DIGITS else 0

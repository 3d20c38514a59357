"""How far a stream has come in the log: the acknowledged low mark, content of ``scada.progress.v1``."""

from typing import Self

import msgspec


class Mark(msgspec.Struct, frozen=True):
    """The acknowledged low mark of a stream.

    Attributes:
        stream_id: the stream.
        line: every line up to this one is acknowledged; 0 before the first.
        offsets: per partition (``topic-partition``) an offset that no line beyond the mark lies below; a partition that
            is not named may hold lines from its start.
        digest: digest of that line, to prove to a source that it still is the same stream; None before the first.
    """

    stream_id: str
    line: int
    offsets: dict[str, int]
    digest: str | None = None

    def encode(self) -> bytes:
        """The mark as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """The mark that a value on Kafka stands for.

        Raises:
            ValueError: it stands for none.
        """
        return msgspec.json.decode(value, type=cls)

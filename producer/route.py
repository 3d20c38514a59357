"""Decide where a line goes, and what it is there: a reading, or a dead letter with the reason."""

from typing import Final, NamedTuple

from contracts import avro, judge, published, strict_json, topics
from contracts.errors import VALUE_LIMIT, ContractError
from producer.lines import LINE_LIMIT, Line

STREAM_HEADER: Final = "stream"
LINE_HEADER: Final = "line"


class Outgoing(NamedTuple):
    """A reading on its way: key and value of its record on Kafka, the number of its line, and the site it is from."""

    key: bytes
    value: bytes
    cursor: int
    site: str


class Rejected(NamedTuple):
    """A line that broke the contract, whole (or cut, if it was too long to keep), and why."""

    line: bytes
    cursor: int
    reason: ContractError


class Message(NamedTuple):
    """A record on Kafka before it has a partition and an offset.

    Attributes:
        topic: the topic.
        key: the key; None where it has none.
        value: the value.
        headers: the headers.
        site: the site whose records keep one order, that of their sending; None where no site does.
    """

    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    site: str | None = None


def route(line: Line) -> Outgoing | Rejected:
    """The reading that a line stands for, or why it stands for none."""
    if line.cut:
        reason = ContractError("", f"must have at most {LINE_LIMIT} bytes", line.cut.length)
        return Rejected(line.content, line.number, reason)
    try:
        reading = judge.parse(line.content)
    except ContractError as reason:
        return Rejected(line.content, line.number, reason)
    return Outgoing(reading.generator_id.encode(), avro.encode(reading), line.number, reading.site)


def message(routed: Outgoing | Rejected, stream_id: str) -> Message:
    """The record on Kafka that a routed line becomes."""
    headers = [(STREAM_HEADER, stream_id.encode()), (LINE_HEADER, b"%d" % routed.cursor)]
    if isinstance(routed, Outgoing):
        return Message(topics.READINGS, routed.key, routed.value, headers, routed.site)
    reason = routed.reason
    headers += [("field", _text(reason.field)), ("rule", _text(reason.rule)), ("value", _text(reason.shown_value))]
    return Message(topics.DEAD_LETTERS, None, routed.line, headers)


def nameplate(line: bytes) -> Message:
    """The record on Kafka of a nameplate, as it came.

    Raises:
        ContractError: it breaks its contract.
    """
    document = strict_json.loads(line)
    published.check("nameplate", document)
    return Message(topics.NAMEPLATE, document["generator_id"].encode(), line, [])


def _text(text: str) -> bytes:
    # A hostile line chooses its field names, with lone surrogates and as long as it likes.
    return text[:VALUE_LIMIT].encode(errors="backslashreplace")

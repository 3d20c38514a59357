"""How lines look on the wire: NDJSON or Server-Sent Events, and which of them a client asks for. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from generator.stream import Block


class MediaType(StrEnum):
    """The representations of the stream, most preferred first.

    NDJSON and JSON Lines are the same bytes under two names; neither is registered with IANA. Events are those of the
    HTML standard, section 9.2, Server-sent events.
    """

    NDJSON = "application/x-ndjson"
    JSON_LINES = "application/jsonl"
    EVENTS = "text/event-stream"


HEARTBEAT: Final = {MediaType.NDJSON: b"\n", MediaType.JSON_LINES: b"\n", MediaType.EVENTS: b": heartbeat\n\n"}
"""What says "nothing new": a blank line or a comment. It is no line of the stream and moves no cursor."""


def negotiate(accept: str | None) -> MediaType | None:
    """The representation that an Accept header prefers (RFC 9110, section 12.5.1); None if it accepts none of ours.

    Each media type gets the weight of the most specific range that matches it. A range whose weight cannot be read
    counts for nothing, parameters other than the weight are ignored, and no header means anything goes.
    """
    if accept is None or not accept.strip():
        return MediaType.NDJSON
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        if weight is not None:
            weights[media_range] = max(weight, weights.get(media_range, 0.0))

    def weight_of(media_type: MediaType) -> float:
        ranges = (media_type.value, media_type.partition("/")[0] + "/*", "*/*")
        return next((weights[media_range] for media_range in ranges if media_range in weights), 0.0)

    best = max(MediaType, key=weight_of)
    return best if weight_of(best) > 0 else None


def _weight(parameters: Sequence[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return None
            return weight if 0 <= weight <= 1 else None
    return 1.0


def body(blocks: Sequence[Block], media_type: MediaType) -> bytes:
    """The blocks' lines as a response body holds them: the lines themselves, or an event for each, its number as id."""
    if media_type is not MediaType.EVENTS:
        return blocks[0].data if len(blocks) == 1 else b"".join(block.data for block in blocks)
    return b"".join(
        b"id: %d\ndata: %b\n\n" % (number, line)
        for block in blocks
        for number, line in enumerate(block.lines(), start=block.first)
    )

"""Readings as lines of the stream: newline-delimited JSON in one canonical form.

Canonical is what `encode` writes: fields in the contract's order, no white space, shortest numbers, UTC as ``Z``.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.reading import Reading

_ENCODER: Final = msgspec.json.Encoder()


def encode(reading: Reading) -> bytes:
    """The canonical line of a reading, without a line break."""
    return _ENCODER.encode(reading)


def encode_lines(readings: Sequence[Reading]) -> bytes:
    """The canonical lines of readings, each ending in LF."""
    return _ENCODER.encode_lines(readings)

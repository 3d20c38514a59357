"""The lines of a scan: its readings encoded, and damaged on the wire where the configuration has it so."""

import re
from enum import StrEnum
from typing import Final

import numpy as np

from contracts.wire import encode, encode_lines
from generator import typeset
from generator.batch import Batch
from generator.chance import Purpose, uniform, words
from generator.fleet import PlantConfig
from generator.readings import build
from generator.scan import Scan


class Damage(StrEnum):
    """What happens to a line: the last leaves it as it is and repeats it, the others leave no valid line."""

    MALFORMED = "malformed_lines"
    TRUNCATED = "truncated_lines"
    INVALID = "invalid_lines"
    DUPLICATED = "duplicated_lines"


_DRAWN: Final = tuple(Damage)
FEW: Final = 64
"""Readings below which setting lines from tables costs more than encoding them one by one."""
_PLACES: Final = 1024
"""A place in a line is drawn as a fraction with this denominator."""
_LEVEL: Final = re.compile(rb'"fuel_level_pct":[^,]+')


def lines(config: PlantConfig, scan: Scan) -> bytes:
    """The lines of a scan, each in UTF-8, not empty, without inner line breaks and ended by LF."""
    encoded = b"".join(_encoded(config, batch) for batch in scan.batches)
    if config.damage == 0:
        return encoded
    single = encoded.split(b"\n")[:-1]
    for line, (damage, place) in damages(config, scan.number, len(single)).items():
        single[line] = _damaged(single[line], damage, place)
    return b"".join(line + b"\n" for line in single)


def _encoded(config: PlantConfig, batch: Batch) -> bytes:
    if len(batch) < FEW:
        return encode_lines(list(build(config, batch)))
    is_judged = batch.quality.any(axis=0)
    if not is_judged.any():
        return typeset.lines(config, batch)
    good, judged = np.flatnonzero(~is_judged), np.flatnonzero(is_judged)
    if len(good) < FEW:
        return encode_lines(list(build(config, batch)))
    single = typeset.lines(config, batch.select(good)).split(b"\n")
    for place, reading in zip(judged.tolist(), build(config, batch.select(judged)), strict=True):
        single.insert(place, encode(reading))
    return b"\n".join(single)


def damages(config: PlantConfig, number: int, count: int) -> dict[int, tuple[Damage, int]]:
    """What happens to the readings of a scan on the wire.

    Args:
        config: the plant.
        number: of the scan.
        count: how many readings it has.

    Returns:
        By place of the reading: the damage, and a number from 0 to 1023 that says where in the line.
    """
    if config.damage == 0:
        return {}
    drawn = words(config.seed, Purpose.DAMAGE, number, count)
    hit = np.flatnonzero(uniform(drawn) < config.damage)
    return {
        place: (_DRAWN[word & 3], word >> 2 & _PLACES - 1)
        for place, word in zip(hit.tolist(), drawn[hit].tolist(), strict=True)
    }


def _damaged(line: bytes, damage: Damage, place: int) -> bytes:
    at = 1 + place * (len(line) - 1) // _PLACES
    match damage:
        case Damage.MALFORMED:
            return line[:at] + b"\x01" + line[at + 1 :]  # a control character is nowhere allowed in JSON
        case Damage.TRUNCATED:
            return line[:at]
        case Damage.INVALID:
            return _LEVEL.sub(b'"fuel_level_pct":150.0', line)
        case Damage.DUPLICATED:
            return line + b"\n" + line

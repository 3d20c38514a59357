"""Readings of a scan, in the order in which they reach the stream."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, islice, repeat
from typing import Any, Final, get_args

import numpy as np

from contracts.reading import Cause, Mode, Reading, State
from contracts.schema import BAD
from generator.batch import MEASUREMENTS, QUALITIES, Batch, Qualities, Whole
from generator.chance import Integers
from generator.fleet import PlantConfig, fleet
from generator.protection import ALARMS
from generator.scan import Scan

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CAUSES: Final[tuple[Any, ...]] = get_args(Cause)
_STATES: Final[tuple[Any, ...]] = get_args(State)
_MODES: Final[tuple[Any, ...]] = get_args(Mode)
_FLAGS: Final = (False, True)
_GOOD: Final[dict[Any, Any]] = {}


def readings(config: PlantConfig, scan: Scan) -> list[Reading]:
    """The readings that reach the stream in this scan; what is equal in them may be one object: do not write to it."""
    return list(chain.from_iterable(build(config, batch) for batch in scan.batches))


def build(config: PlantConfig, batch: Batch) -> Iterable[Reading]:
    """The readings of a batch: one call of C per reading, and no container that it does not need."""
    built = fleet(config)
    whole = batch.whole
    places = whole[Whole.SET].tolist()
    measured: list[Iterable[Any]] = [
        _named(_STATES, whole[Whole.STATE]),
        _named(_MODES, whole[Whole.MODE]),
        _named(_FLAGS, whole[Whole.BREAKER]),
        *batch.values.tolist(),
        whole[Whole.START_COUNT].tolist(),
    ]
    quality: Iterable[dict[Any, Any]] = repeat(_GOOD)
    if batch.quality.any():
        measured, quality = _judged(measured, batch.quality)
    return map(
        Reading,
        repeat(config.stream_id, len(places)),
        map(built.sites.__getitem__, places),
        map(built.generator_ids.__getitem__, places),
        whole[Whole.SEQ].tolist(),
        _times(whole[Whole.SOURCE_US]),
        _times(whole[Whole.SERVER_US]),
        _named(_CAUSES, whole[Whole.CAUSE]),
        _named(_FLAGS, whole[Whole.HISTORICAL]),
        *measured,
        map(_annunciated, whole[Whole.ALARMS].tolist()),
        quality,
    )


def _named(names: Sequence[Any], codes: Integers) -> Iterable[Any]:
    return map(names.__getitem__, codes.tolist())


def _judged(measured: list[Iterable[Any]], codes: Qualities) -> tuple[list[Iterable[Any]], list[dict[Any, Any]]]:
    """The columns without the values whose quality is Bad, and the qualities that are not Good."""
    columns = [list(islice(column, codes.shape[1])) for column in measured]
    quality: list[dict[Any, Any]] = [_GOOD] * codes.shape[1]
    for place, row in zip(*(found.tolist() for found in np.nonzero(codes.T)), strict=True):
        code = QUALITIES[codes[row, place]]
        quality[place] = {**quality[place], MEASUREMENTS[row]: code}
        if code.startswith(BAD):
            columns[row][place] = None
    return [*columns], quality


def _times(instants_us: Integers) -> Iterable[datetime]:
    first = int(instants_us[0]) if len(instants_us) else 0
    if (instants_us == first).all():
        return repeat(_EPOCH + timedelta(microseconds=first))
    listed = instants_us.tolist()
    known = {instant: _EPOCH + timedelta(microseconds=instant) for instant in set(listed)}
    return map(known.__getitem__, listed)


@cache
def _annunciated(bits: int) -> list[Any]:
    return [alarm for place, alarm in enumerate(ALARMS) if bits >> place & 1]

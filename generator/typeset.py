"""Lines of Good readings, set from tables of ready-made text: the encoder's bytes at several times its speed.

Nearly all of a reading has few values: what an instrument indicates is a multiple of its resolution within its range.
Each piece of a line has a column as wide as its longest text; what is shorter is filled up with NUL, which no line
contains, and which is taken out of all lines at once in the end.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import product
from typing import Any, Final, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.reading import Cause, Mode, State
from generator.batch import COUNTERS, Batch, Whole
from generator.chance import Floats, Integers
from generator.fleet import PlantConfig, fleet
from generator.instruments import HIGH, INSTRUMENTS, LOW, SCALE
from generator.protection import ALARMS

Column = npt.NDArray[np.void]
"""A text per reading, or one for all of them."""

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  written out as UTC, by hand
_FILL: Final = b"\0"
_US_PER_S: Final = 1_000_000
_QUAD: Final = 10_000
_NO_POINT: Final = 100
_LEAST: Final = np.rint(LOW * SCALE).astype(np.int64)
_TOLD: Final = {
    Whole.CAUSE: get_args(Cause),
    Whole.HISTORICAL: (False, True),
    Whole.STATE: get_args(State),
    Whole.MODE: get_args(Mode),
    Whole.BREAKER: (False, True),
}
"""What has so few values that all combinations are one table."""


def lines(config: PlantConfig, batch: Batch) -> bytes:
    """The lines of readings that are Good throughout, each ending in LF; there is at least one."""
    columns = list(_columns(config, batch))
    rows = np.empty(len(batch), _row(tuple(column.dtype.itemsize for column in columns)))
    for name, column in zip(rows.dtype.names or (), columns, strict=True):
        rows[name] = column
    return rows.tobytes().replace(_FILL, b"")


@lru_cache(maxsize=64)
def _row(widths: tuple[int, ...]) -> np.dtype[np.void]:
    return np.dtype([(f"piece {number}", f"V{width}") for number, width in enumerate(widths)])


def _columns(config: PlantConfig, batch: Batch) -> Iterator[Column]:
    whole = batch.whole
    yield _names(config).take(whole[Whole.SET])
    yield from _integers(whole[Whole.SEQ])
    yield from _times(b',"source_time":"', whole[Whole.SOURCE_US])
    yield from _times(b'Z","server_time":"', whole[Whole.SERVER_US])
    code = np.ravel_multi_index([whole[row] for row in _TOLD], [len(values) for values in _TOLD.values()])
    yield _told().take(code)
    scaled = batch.values[: len(INSTRUMENTS)] * SCALE
    indices = np.rint(scaled, out=scaled).astype(np.int64)
    indices -= _LEAST
    for table, index in zip(_indications(), indices, strict=True):
        yield table.take(index)
    for (name, decimals), values in zip(COUNTERS.items(), batch.values[len(INSTRUMENTS) :], strict=True):
        yield _table([b',"%b":' % name.encode()])
        yield from _decimals(values, decimals)
    yield _table([b',"start_count":'])
    yield from _integers(whole[Whole.START_COUNT])
    yield _texts(whole[Whole.ALARMS], lambda bits: b',"fault_alarms":%b,"quality":{}}\n' % _annunciated(bits))


def _table(texts: Sequence[bytes]) -> Column:
    width = max(map(len, texts))
    return np.frombuffer(b"".join(text.ljust(width, _FILL) for text in texts), f"V{width}")


def _member(name: str, value: Any) -> bytes:
    return b",%b:%b" % (msgspec.json.encode(name), msgspec.json.encode(value))


def _texts(values: Integers, text: Callable[[int], bytes]) -> Column:
    """Texts of numbers of which few are different."""
    if (values == values[0]).all():
        return _table([text(int(values[0]))])
    distinct, places = np.unique(values, return_inverse=True)
    return _table([text(value) for value in distinct.tolist()]).take(places)


@lru_cache(maxsize=4)
def _names(config: PlantConfig) -> Column:
    built = fleet(config)
    return _table(
        [
            b'{"stream_id":"%b","site":"%b","generator_id":"%b","seq":'
            % (config.stream_id.encode(), site.encode(), generator_id.encode())
            for site, generator_id in zip(built.sites, built.generator_ids, strict=True)
        ]
    )


def _times(opening: bytes, instants_us: Integers) -> list[Column]:
    """Instants without the Z at their end, with which the next piece begins."""
    if (instants_us == instants_us[0]).all():
        return [_table([opening + _instant(int(instants_us[0]))])]
    seconds = instants_us // _US_PER_S
    micros = instants_us - seconds * _US_PER_S
    high = micros // _QUAD
    low = micros - high * _QUAD
    is_whole = micros == 0
    high[is_whole], low[is_whole] = _NO_POINT, _QUAD
    return [
        _texts(seconds, lambda second: opening + _instant(second * _US_PER_S)),
        _points().take(high),
        _quads(b"").take(low),
    ]


def _instant(us: int) -> bytes:
    return (_EPOCH + timedelta(microseconds=us)).isoformat().encode()


@cache
def _points() -> Column:
    """A decimal point with the first two of six places, and last none of it."""
    return _table([*(b".%02d" % number for number in range(_NO_POINT)), b""])


@cache
def _told() -> Column:
    names = [name.name.lower().replace("breaker", "breaker_closed") for name in _TOLD]
    return _table([b'Z"' + b"".join(map(_member, names, combination)) for combination in product(*_TOLD.values())])


@cache
def _indications() -> list[Column]:
    """A table per instrument: what it can indicate, from the lower end of its range to the upper."""
    return [
        _table(
            [
                _member(instrument.measurement, number / scale)
                for number in range(round(low * scale), round(high * scale) + 1)
            ]
        )
        for instrument, low, high, scale in zip(
            INSTRUMENTS, LOW.ravel().tolist(), HIGH.ravel().tolist(), SCALE.ravel().tolist(), strict=True
        )
    ]


@cache
def _quads(zero: bytes) -> Column:
    """Four digits with their leading zeros, then without, where nothing but ``zero`` is left of a zero."""
    return _table([*(b"%04d" % n for n in range(_QUAD)), zero, *(b"%d" % n for n in range(1, _QUAD))])


def _integers(numbers: Integers, zero: bytes = b"0") -> list[Column]:
    """Numbers from 0 on, four digits a column."""
    if (numbers == numbers[0]).all():
        return [_table([b"%d" % int(numbers[0]) if numbers[0] else zero])]
    higher = numbers // _QUAD
    if not higher.any():
        return [_quads(zero).take(numbers + _QUAD)]
    lowest = numbers - higher * _QUAD + _QUAD * (higher == 0)
    return [*_integers(higher, b""), _quads(zero).take(lowest)]


@cache
def _fractions(decimals: int) -> Column:
    """The decimal places of a number, at least one and no zeros behind it."""
    texts = [b"%0*d" % (decimals, number) for number in range(10**decimals)]
    return _table([b"." + (text[:1] + text[1:].rstrip(b"0")) for text in texts])


def _decimals(values: Floats, decimals: int) -> list[Column]:
    """Numbers from 0 on with so many decimal places at most."""
    scaled = np.rint(values * 10**decimals).astype(np.int64)
    whole = scaled // 10**decimals
    return [*_integers(whole), _fractions(decimals).take(scaled - whole * 10**decimals)]


@cache
def _annunciated(bits: int) -> bytes:
    return msgspec.json.encode([alarm for place, alarm in enumerate(ALARMS) if bits >> place & 1])

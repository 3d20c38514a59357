"""What a reading says of each row of the alarm database: masks with a bit per row, by built-in expressions of Spark.

A bit is never null: what cannot be told is false, and is not known.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Final, TypeVar

from pyspark.sql import Column
from pyspark.sql import functions as F

from analysis.alarms.database import DEFINITIONS, DEVICE_ALARMS, MEASURED, NAMES, Definition

_Item = TypeVar("_Item")

DEAD_BUS_V: Final = 46.0
"""A bus is live above a fifth of its rated 230 V, phase to neutral, as dead-bus relays (IEEE C37.2, 27) are set."""


def columns() -> dict[str, Column]:
    """What the machine needs of a reading, over the columns of the contract.

    Returns:
        bigint masks: ``alarm_limit`` (the condition is beyond its limit, or a symbol is there), ``alarm_clear`` (it is
        beyond the deadband on the other side), ``alarm_known`` (neither the measurement nor what enables the alarm is
        Bad), ``alarm_enabled`` (it can be raised); ``alarm_device``, a bit for each of the device's own alarms; and the
        measurements in their units.
    """
    masks = (
        _mask(is_beyond, DEFINITIONS),
        _mask(is_clear, DEFINITIONS),
        _mask(is_known, DEFINITIONS),
        _mask(is_enabled, DEFINITIONS),
        _mask(_annunciates, DEVICE_ALARMS),
    )
    return dict(zip(NAMES, (*masks, *map(F.col, MEASURED)), strict=True))


def is_beyond(row: Definition) -> Column:
    """The measurement is beyond the limit, or one of the symbols is there."""
    match row.type:
        case "HIGH":
            return _told(F.col(_measurement(row)) > F.lit(row.limit))
        case "LOW":
            return _told(F.col(_measurement(row)) < F.lit(row.limit))
        case "DISCRETE":
            return _told(_has_symbol(row))
        case "BAD_QUALITY":
            return F.col(_measurement(row)).isNull()
    return F.lit(False)


def is_clear(row: Definition) -> Column:
    """The measurement is back within the limit by the deadband at least, or none of the symbols is there."""
    match row.type:
        case "HIGH":
            return _told(F.col(_measurement(row)) <= F.lit(row.clear))
        case "LOW":
            return _told(F.col(_measurement(row)) >= F.lit(row.clear))
        case "DISCRETE":
            return _told(~_has_symbol(row))
        case "BAD_QUALITY":
            return F.col(_measurement(row)).isNotNull()
    return F.lit(False)


def is_known(row: Definition) -> Column:
    """Neither the measurement nor what enables the alarm is Bad, that is null; an Uncertain value counts."""
    if row.measurement is None:
        return F.lit(False)
    looked_at = set(ENABLING[row.enabled_when][0]) | ({row.measurement} if row.type != "BAD_QUALITY" else set())
    return _all(F.col(name).isNotNull() for name in sorted(looked_at))


def is_enabled(row: Definition) -> Column:
    """The alarm can be raised."""
    return _told(ENABLING[row.enabled_when][1]())


def _in_service() -> Column:
    """Neither state nor mode says that the set is out of service."""
    return _all(F.coalesce(F.col("quality")[name] != "BadOutOfService", F.lit(True)) for name in ("state", "mode"))


ENABLING: Final[dict[str, tuple[tuple[str, ...], Callable[[], Column]]]] = {
    "ALWAYS": ((), lambda: F.lit(True)),
    "BREAKER_CLOSED": (("breaker_closed",), lambda: F.col("breaker_closed")),
    "BUS_LIVE": (("bus_voltage_v",), lambda: F.col("bus_voltage_v") > DEAD_BUS_V),
    "NOT_STOPPED": (("state",), lambda: F.col("state") != "STOPPED"),
    "RUNNING": (("state",), lambda: F.col("state") == "RUNNING"),
    "STOPPED_IN_AUTO": (
        ("state", "mode"),
        lambda: (F.col("state") == "STOPPED") & (F.col("mode") == "AUTO"),
    ),
    "IN_AUTO": (("mode",), lambda: F.col("mode") == "AUTO"),
    "IN_SERVICE": ((), _in_service),
    # Told by the machine: only it knows what else of the site is heard.
    "GATEWAY_HEARD": ((), lambda: F.lit(True)),
}
"""By ``enabled_when``: the fields that it looks at, and the condition."""


def _measurement(row: Definition) -> str:
    if row.measurement is None:
        raise ValueError(f"{row.alarm_id}: {row.type} needs a measurement")
    return row.measurement


def _has_symbol(row: Definition) -> Column:
    """One of the symbols is the value, or among the values of a set."""
    name = _measurement(row)
    if name == "fault_alarms":
        return F.arrays_overlap(name, F.array(*map(F.lit, row.symbols)))
    return F.col(name).isin(*row.symbols)


def _annunciates(symbol: str) -> Column:
    return _told(F.array_contains("fault_alarms", symbol))


def _told(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))


def _all(conditions: Iterable[Column]) -> Column:
    return reduce(Column.__and__, conditions, F.lit(True))


def _mask(condition: Callable[[_Item], Column], items: Iterable[_Item]) -> Column:
    """The items' conditions as bits, the first of them lowest."""
    bits = (F.when(condition(item), F.lit(1 << bit)).otherwise(F.lit(0)) for bit, item in enumerate(items))
    return reduce(Column.bitwiseOR, bits).cast("bigint")

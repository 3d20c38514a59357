"""The master alarm database as the machine needs it: a bit per row, and delays in microseconds."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from contracts import schema

_SECOND: Final = 1_000_000


@dataclass(frozen=True)
class Definition:
    """One row of ``contracts/alarms.v1.json`` (contract ``alarm_definition``).

    Attributes:
        alarm_id: the alarm, unique in the database.
        revision: grows with each change of the row.
        bit: its place in the masks, from 0; fixed by the order of the rows.
        scope: ``set`` or ``site``.
        measurement: field of the reading that it looks at; None for silence.
        type: HIGH, LOW, DISCRETE, SILENCE or BAD_QUALITY.
        limit: in the measurement's unit, of silence in scan intervals; None where it has none.
        clear: what a value must reach on its way back: the limit less (LOW: plus) the deadband; None where it has none.
        symbols: the symbols that raise a DISCRETE alarm.
        on_delay: microseconds for which the condition must hold.
        off_delay: microseconds for which it must be over.
        priority: low, medium or high.
        enabled_when: the condition under which it can be raised at all.
        settle: microseconds for which that must have been so.
    """

    alarm_id: str
    revision: int
    bit: int
    scope: str
    measurement: str | None
    type: str
    limit: float | None
    clear: float | None
    symbols: tuple[str, ...]
    on_delay: int
    off_delay: int
    priority: str
    enabled_when: str
    settle: int


def _definition(bit: int, row: dict[str, Any]) -> Definition:
    return Definition(
        alarm_id=row["alarm_id"],
        revision=row["revision"],
        bit=bit,
        scope=row["scope"],
        measurement=row["measurement"],
        type=row["type"],
        limit=row["limit"],
        clear=_clear(row),
        symbols=tuple(row["symbols"]),
        on_delay=round(row["on_delay_s"] * _SECOND),
        off_delay=round(row["off_delay_s"] * _SECOND),
        priority=row["priority"],
        enabled_when=row["enabled_when"],
        settle=round(row["settle_s"] * _SECOND),
    )


def _clear(row: dict[str, Any]) -> float | None:
    """The limit and its deadband, added as the decimals that people wrote."""
    if row["deadband"] is None:
        return None
    limit, deadband = Decimal(str(row["limit"])), Decimal(str(row["deadband"]))
    return float(limit + deadband if row["type"] == "LOW" else limit - deadband)


DEFINITIONS: Final = tuple(_definition(bit, row) for bit, row in enumerate(schema.alarms()))
"""All rows, in the order of their bits."""

BY_ID: Final = {row.alarm_id: row for row in DEFINITIONS}
"""All rows by their alarm."""

TRIP: Final = BY_ID["DEVICE_TRIP"]
COMM_LOSS: Final = BY_ID["COMM_LOSS"]
GATEWAY_SILENT: Final = BY_ID["GATEWAY_SILENT"]

OF_SETS: Final = (
    TRIP,
    *(row for row in DEFINITIONS if row.scope == "set" and row.type != "SILENCE" and row is not TRIP),
)
"""The rows that a set's own readings move: first the trip, because it mutes the others."""

OF_SITES: Final = tuple(row for row in DEFINITIONS if row.scope == "site" and row.type != "SILENCE")
"""The rows that the readings of all sets of a site move together."""

DEVICE_ALARMS: Final = schema.load("generator_reading")["fault_alarms"].symbols
"""What a device annunciates itself, in the order of the bits of their mask."""

_NUMERIC: Final = {field.name for field in schema.load("generator_reading").fields if field.kind is schema.Kind.NUMBER}

MEASURED: Final = tuple(dict.fromkeys(row.measurement for row in DEFINITIONS if row.measurement in _NUMERIC))
"""The measurements with a number that the alarms look at, in the order of the rows."""

MASKS: Final = ("alarm_limit", "alarm_clear", "alarm_known", "alarm_enabled", "alarm_device")
"""The masks of a reading, in the order in which the machine takes them."""

NAMES: Final = (*MASKS, *MEASURED)
"""All that the machine takes of a reading, in order: the masks, then the measurements."""

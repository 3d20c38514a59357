"""What health is judged by, as Spark columns of an accepted reading."""

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from contracts.schema import Kind, load

_CONTRACT: Final = load("generator_reading")
COUNTERS: Final = ("energy_kwh", "run_hours_h")
INERT: Final = (
    *("engine_speed_rpm", "coolant_temperature_c", "exhaust_temperature_c"),
    *("oil_pressure_kpa", "fuel_level_pct"),
)
"""What cannot jump: something heavy, hot or large stands behind it."""
MEASUREMENTS: Final = (
    *(
        field.name
        for field in _CONTRACT.fields
        if field.nullable and field.kind is Kind.NUMBER and field.name not in COUNTERS + INERT
    ),
    *INERT,
)
"""The measurements that instruments make: what can stand still; the inert ones last."""
QUANTITIES: Final = MEASUREMENTS + COUNTERS
_MAY_BE_FULL: Final = "fuel_level_pct"
"""A full tank is at its range's end and right."""


def value(measurement: str) -> Column:
    """The measurement where its quality is Good, else NaN."""
    found = F.when(~F.map_contains_key("quality", measurement), F.col(measurement))
    return F.coalesce(found, F.lit(float("nan")))


def is_on_line() -> Column:
    """Whether the set runs on a closed breaker; not so where that is unknown."""
    return F.coalesce((F.col("state") == "RUNNING") & F.col("breaker_closed"), F.lit(False))


def at_end() -> Column:
    """The first measurement that is Good and at an end of its range that no plant reaches; null if there is none.

    An instrument that is driven past its range clamps there. Zero is an end that a stopped set reaches.
    """
    found = F.when(F.lit(False), "")
    for name in MEASUREMENTS:
        field = _CONTRACT[name]
        ends = [end for end in (field.minimum, field.maximum) if end]
        if name != _MAY_BE_FULL:
            found = found.when(value(name).isin(*map(float, ends)), name)
    return found


def poor() -> Column:
    """The qualities that are not Good, as a JSON object by measurement; null if all are Good."""
    return F.when(F.size("quality") > 0, F.to_json("quality"))


def columns() -> dict[str, Column]:
    """What `analysis.health.machine.Health` reads of each row, by name in its order."""
    values = {name: value(name) for name in QUANTITIES}
    return values | {"on_line": is_on_line(), "at_end": at_end(), "poor": poor()}

"""The columns of detection and of health, against the same formulas in plain Python."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

import pytest
from pyspark.sql import DataFrame

from analysis.detection import residuals
from analysis.health import columns
from bench import detection as plain
from contracts.reading import Reading

CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"power_output_kw": 97.3, "reactive_power_kvar": -41.2, "voltage_v": 228.4, "current_a": 151.9},
    {"frequency_hz": 49.87, "bus_frequency_hz": 49.9, "engine_speed_rpm": 1493.0},
    {"voltage_v": None, "quality": {"voltage_v": "BadSensorFailure"}},
    {"current_a": 1000.0, "quality": {"current_a": "UncertainEngineeringUnitsExceeded"}},
    {"oil_pressure_kpa": 0.0},
    {"oil_pressure_kpa": 0.0, "state": "STOPPED", "breaker_closed": False},
    {"coolant_temperature_c": -40.0},
    {"exhaust_temperature_c": 900.0},
    {"fuel_level_pct": 100.0},
    {"state": "TRIPPED", "breaker_closed": False, "fault_alarms": ["LOW_OIL_PRESSURE"]},
    {"state": "TRIPPED", "breaker_closed": False, "fault_alarms": ["OVERCRANK"], "mode": "OFF"},
    {"state": None, "quality": {"state": "BadNoCommunication"}},
)


@pytest.mark.parametrize(
    ("expressions", "values"),
    [(residuals.columns, plain.detection_values), (columns.columns, plain.health_values)],
    ids=["detection", "health"],
)
def test_the_columns_are_the_plain_formulas(
    accepted: Callable[[Sequence[Reading]], DataFrame],
    reading: Callable[..., Reading],
    expressions: Callable[[], dict[str, Any]],
    values: Callable[[Reading], tuple[Any, ...]],
) -> None:
    readings = [reading(second, **changes) for second, changes in enumerate(CHANGES)]
    named = [column.alias(name) for name, column in expressions().items()]
    found = accepted(readings).select("seq", *named).orderBy("seq").collect()
    assert len(found) == len(CHANGES)
    for row, given in zip(found, readings, strict=True):
        for got, expected in zip(row[1:], values(given), strict=True):
            if isinstance(expected, float) and isnan(expected):
                assert isnan(got)
            elif isinstance(expected, float):
                assert got == pytest.approx(expected, abs=1e-9)
            else:
                assert got == expected

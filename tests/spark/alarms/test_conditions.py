"""What the masks say of each row of the database: at its limit, beyond it, within the deadband, without a value."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row
from pyspark.sql.types import LongType

from analysis.alarms.conditions import columns
from contracts import schema
from contracts.reading import Reading

ROWS = [row["alarm_id"] for row in schema.alarms()]

STOPPED = {"state": "STOPPED", "breaker_closed": False}
ON, OFF, NEITHER = (True, False), (False, True), (False, False)
"""Whether it is beyond its limit, and whether it is clear of it."""

VALUES: list[tuple[str, dict[str, Any], tuple[bool, bool]]] = [
    ("LOW_FUEL", {"fuel_level_pct": 24.999}, ON),
    ("LOW_FUEL", {"fuel_level_pct": 25.0}, NEITHER),
    ("LOW_FUEL", {"fuel_level_pct": 26.999}, NEITHER),
    ("LOW_FUEL", {"fuel_level_pct": 27.0}, OFF),
    ("FUEL_CRITICAL", {"fuel_level_pct": 9.999}, ON),
    ("FUEL_CRITICAL", {"fuel_level_pct": 10.0}, NEITHER),
    ("FUEL_CRITICAL", {"fuel_level_pct": 11.999}, NEITHER),
    ("FUEL_CRITICAL", {"fuel_level_pct": 12.0}, OFF),
    ("VOLTAGE_LOW", {"voltage_v": 206.999}, ON),
    ("VOLTAGE_LOW", {"voltage_v": 207.0}, NEITHER),
    ("VOLTAGE_LOW", {"voltage_v": 208.999}, NEITHER),
    ("VOLTAGE_LOW", {"voltage_v": 209.0}, OFF),
    ("VOLTAGE_HIGH", {"voltage_v": 253.001}, ON),
    ("VOLTAGE_HIGH", {"voltage_v": 253.0}, NEITHER),
    ("VOLTAGE_HIGH", {"voltage_v": 251.001}, NEITHER),
    ("VOLTAGE_HIGH", {"voltage_v": 251.0}, OFF),
    ("FREQUENCY_LOW", {"bus_frequency_hz": 48.499}, ON),
    ("FREQUENCY_LOW", {"bus_frequency_hz": 48.5}, NEITHER),
    ("FREQUENCY_LOW", {"bus_frequency_hz": 48.699}, NEITHER),
    ("FREQUENCY_LOW", {"bus_frequency_hz": 48.7}, OFF),
    ("FREQUENCY_HIGH", {"bus_frequency_hz": 51.501}, ON),
    ("FREQUENCY_HIGH", {"bus_frequency_hz": 51.5}, NEITHER),
    ("FREQUENCY_HIGH", {"bus_frequency_hz": 51.301}, NEITHER),
    ("FREQUENCY_HIGH", {"bus_frequency_hz": 51.3}, OFF),
    ("COOLANT_HIGH", {"coolant_temperature_c": 100.001}, ON),
    ("COOLANT_HIGH", {"coolant_temperature_c": 100.0}, NEITHER),
    ("COOLANT_HIGH", {"coolant_temperature_c": 98.001}, NEITHER),
    ("COOLANT_HIGH", {"coolant_temperature_c": 98.0}, OFF),
    ("OIL_LOW", {"oil_pressure_kpa": 219.999}, ON),
    ("OIL_LOW", {"oil_pressure_kpa": 220.0}, NEITHER),
    ("OIL_LOW", {"oil_pressure_kpa": 239.999}, NEITHER),
    ("OIL_LOW", {"oil_pressure_kpa": 240.0}, OFF),
    ("OVERLOAD", {"power_output_kw": 150.001}, ON),
    ("OVERLOAD", {"power_output_kw": 150.0}, NEITHER),
    ("OVERLOAD", {"power_output_kw": 145.001}, NEITHER),
    ("OVERLOAD", {"power_output_kw": 145.0}, OFF),
    ("PREHEAT_LOW", {"coolant_temperature_c": 31.999}, ON),
    ("PREHEAT_LOW", {"coolant_temperature_c": 32.0}, NEITHER),
    ("PREHEAT_LOW", {"coolant_temperature_c": 34.999}, NEITHER),
    ("PREHEAT_LOW", {"coolant_temperature_c": 35.0}, OFF),
    ("DEVICE_TRIP", {"state": "TRIPPED"}, ON),
    ("DEVICE_TRIP", {"state": "STOPPED"}, OFF),
    ("FAIL_TO_START", {"fault_alarms": ["LOW_FUEL", "OVERCRANK"]}, ON),
    ("FAIL_TO_START", {"fault_alarms": ["LOW_FUEL"]}, OFF),
    ("FAIL_TO_START", {"fault_alarms": []}, OFF),
    ("NOT_IN_AUTO", {"mode": "OFF"}, ON),
    ("NOT_IN_AUTO", {"mode": "MANUAL"}, ON),
    ("NOT_IN_AUTO", {"mode": "AUTO"}, OFF),
    ("COMM_LOSS", {}, NEITHER),
    ("GATEWAY_SILENT", {}, NEITHER),
]
"""By hand from the limits and deadbands of the database."""

BAD = "BadSensorFailure"
UNKNOWN: list[tuple[str, str]] = [
    ("LOW_FUEL", "fuel_level_pct"),
    ("FUEL_CRITICAL", "fuel_level_pct"),
    ("VOLTAGE_LOW", "voltage_v"),
    ("VOLTAGE_LOW", "breaker_closed"),
    ("VOLTAGE_HIGH", "voltage_v"),
    ("VOLTAGE_HIGH", "breaker_closed"),
    ("FREQUENCY_LOW", "bus_frequency_hz"),
    ("FREQUENCY_LOW", "bus_voltage_v"),
    ("FREQUENCY_HIGH", "bus_frequency_hz"),
    ("FREQUENCY_HIGH", "bus_voltage_v"),
    ("COOLANT_HIGH", "coolant_temperature_c"),
    ("COOLANT_HIGH", "state"),
    ("OIL_LOW", "oil_pressure_kpa"),
    ("OIL_LOW", "state"),
    ("OVERLOAD", "power_output_kw"),
    ("OVERLOAD", "breaker_closed"),
    ("PREHEAT_LOW", "coolant_temperature_c"),
    ("PREHEAT_LOW", "state"),
    ("PREHEAT_LOW", "mode"),
    ("DEVICE_TRIP", "state"),
    ("FAIL_TO_START", "mode"),
    ("NOT_IN_AUTO", "mode"),
]
"""The fields that a Bad quality hides from each row: its measurement, and what enables it."""

ENABLED: list[tuple[str, dict[str, Any], bool]] = [
    ("LOW_FUEL", {}, True),
    ("LOW_FUEL", STOPPED, True),
    ("VOLTAGE_LOW", {"breaker_closed": True}, True),
    ("VOLTAGE_LOW", {"breaker_closed": False}, False),
    ("VOLTAGE_HIGH", {"breaker_closed": False}, False),
    ("OVERLOAD", {"breaker_closed": False}, False),
    ("OVERLOAD", {"breaker_closed": True}, True),
    ("FREQUENCY_LOW", {"bus_voltage_v": 46.001}, True),
    ("FREQUENCY_LOW", {"bus_voltage_v": 46.0}, False),
    ("FREQUENCY_HIGH", {"bus_voltage_v": 0.0}, False),
    ("COOLANT_HIGH", {"state": "RUNNING"}, True),
    ("COOLANT_HIGH", {"state": "TRIPPED"}, True),
    ("COOLANT_HIGH", {"state": "STOPPED"}, False),
    ("OIL_LOW", {"state": "RUNNING"}, True),
    ("OIL_LOW", {"state": "STARTING"}, False),
    ("PREHEAT_LOW", {"state": "STOPPED", "mode": "AUTO"}, True),
    ("PREHEAT_LOW", {"state": "STOPPED", "mode": "OFF"}, False),
    ("PREHEAT_LOW", {"state": "RUNNING", "mode": "AUTO"}, False),
    ("FAIL_TO_START", {"mode": "AUTO"}, True),
    ("FAIL_TO_START", {"mode": "MANUAL"}, False),
    ("NOT_IN_AUTO", {}, True),
    ("NOT_IN_AUTO", {"quality": {"mode": BAD}, "mode": None}, True),
    ("NOT_IN_AUTO", {"quality": {"mode": "BadOutOfService"}, "mode": None}, False),
    ("NOT_IN_AUTO", {"quality": {"state": "BadOutOfService"}, "state": None}, False),
    ("NOT_IN_AUTO", {"quality": {"voltage_v": "BadOutOfService"}, "voltage_v": None}, True),
    ("DEVICE_TRIP", {"state": "TRIPPED"}, True),
    ("COMM_LOSS", {}, True),
    ("GATEWAY_SILENT", {}, True),
]


@pytest.fixture(scope="module")
def told(
    accepted: Callable[[Sequence[Reading]], DataFrame], reading: Callable[..., Reading]
) -> Callable[[dict[str, Any]], Row]:
    """What the columns say of a reading with these changes; all of them are asked in one job."""
    changes: list[dict[str, Any]] = [
        *(change for _, change, _ in VALUES),
        *(change for _, change, _ in ENABLED),
        *({field: None, "quality": {field: BAD}} for _, field in UNKNOWN),
        *DEVICE_CASES,
        UNCERTAIN,
        ALL_BAD,
    ]
    frame = accepted([reading(second, **change) for second, change in enumerate(changes)])
    rows = frame.select("seq", *(column.alias(name) for name, column in columns().items())).collect()
    assert len(rows) == len(changes)
    by_change = {repr(changes[row.seq]): row for row in rows}
    return lambda change: by_change[repr(change)]


DEVICE_CASES: list[dict[str, Any]] = [
    {"fault_alarms": [symbol]} for symbol in schema.load("generator_reading")["fault_alarms"].symbols
]
UNCERTAIN: dict[str, Any] = {"fuel_level_pct": 5.0, "quality": {"fuel_level_pct": "UncertainSensorNotAccurate"}}
MEASUREMENTS = schema.load("generator_reading").measurements
ALL_BAD: dict[str, Any] = {**dict.fromkeys(MEASUREMENTS), "quality": dict.fromkeys(MEASUREMENTS, BAD)}


def has(row: Row, mask: str, alarm: str) -> bool:
    return bool(row[mask] >> ROWS.index(alarm) & 1)


@pytest.mark.parametrize(("alarm", "change", "expected"), VALUES, ids=str)
def test_a_condition_is_beyond_its_limit_or_clear_of_it_by_the_deadband(
    told: Callable[[dict[str, Any]], Row], alarm: str, change: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    row = told(change)
    assert (has(row, "alarm_limit", alarm), has(row, "alarm_clear", alarm)) == expected
    assert has(row, "alarm_known", alarm) == (alarm not in {"COMM_LOSS", "GATEWAY_SILENT"})


@pytest.mark.parametrize(("alarm", "field"), UNKNOWN)
def test_what_a_bad_quality_hides_is_not_known_and_neither_beyond_nor_clear_without_its_measurement(
    told: Callable[[dict[str, Any]], Row], alarm: str, field: str
) -> None:
    row = told({field: None, "quality": {field: BAD}})
    assert not has(row, "alarm_known", alarm)
    if field == next(one["measurement"] for one in schema.alarms() if one["alarm_id"] == alarm):
        assert not has(row, "alarm_limit", alarm)
        assert not has(row, "alarm_clear", alarm)


@pytest.mark.parametrize(("alarm", "change", "expected"), ENABLED, ids=str)
def test_an_alarm_is_enabled_when_its_row_says(
    told: Callable[[dict[str, Any]], Row], alarm: str, change: dict[str, Any], expected: bool
) -> None:
    assert has(told(change), "alarm_enabled", alarm) == expected


def test_an_uncertain_value_counts(told: Callable[[dict[str, Any]], Row]) -> None:
    row = told(UNCERTAIN)
    assert has(row, "alarm_known", "LOW_FUEL")
    assert has(row, "alarm_limit", "LOW_FUEL")


def test_no_mask_is_null_where_everything_else_is(told: Callable[[dict[str, Any]], Row]) -> None:
    row = told(ALL_BAD)
    assert (row.alarm_limit, row.alarm_device) == (0, 0)
    assert row.alarm_clear == 1 << ROWS.index("FAIL_TO_START")
    assert row.alarm_known == 0
    enabled = [alarm for alarm in ROWS if has(row, "alarm_enabled", alarm)]
    assert enabled == [
        *("LOW_FUEL", "FUEL_CRITICAL", "DEVICE_TRIP", "NOT_IN_AUTO"),
        *("COMM_LOSS", "GATEWAY_SILENT"),
    ]


def test_each_of_the_devices_own_alarms_has_its_bit(told: Callable[[dict[str, Any]], Row]) -> None:
    assert [told(change).alarm_device for change in DEVICE_CASES] == [
        *(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
    ]


def test_the_masks_are_long_and_the_measurements_follow_them(
    accepted: Callable[[Sequence[Reading]], DataFrame], reading: Callable[..., Reading]
) -> None:
    frame = accepted([reading()]).select(*(column.alias(name) for name, column in columns().items()))
    assert frame.columns == [
        *("alarm_limit", "alarm_clear", "alarm_known", "alarm_enabled", "alarm_device"),
        *("fuel_level_pct", "voltage_v", "bus_frequency_hz", "coolant_temperature_c", "oil_pressure_kpa"),
        "power_output_kw",
    ]
    assert {field.dataType for field in frame.schema.fields[:5]} == {LongType()}

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame

from analysis.records.judge import CONTRACT, judge
from analysis.records.validity import CENTURY
from contracts import avro
from contracts.reading import Reading

Records = Callable[[Sequence[bytes | None]], DataFrame]
Make = Callable[..., Reading]

BAD_ONLY = "may be null only with a Bad quality"
NULL_ONLY = "must be null with a Bad quality"
TIME = "must be in the years 2000 to 2099"
IDENTIFIER = "must match ^[A-Za-z0-9][A-Za-z0-9._-]*$"

BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "identifier empty": ({"site": ""}, "site", "must have a length of at least 1"),
    "identifier long": ({"stream_id": "x" * 65}, "stream_id", "must have a length of at most 64"),
    "identifier ends in a line break": ({"generator_id": "G1\n"}, "generator_id", IDENTIFIER),
    "identifier with a space": ({"generator_id": "G 1"}, "generator_id", IDENTIFIER),
    "negative number of the scan": ({"seq": -1}, "seq", "must be at least 0"),
    "number of the scan beyond a double": ({"seq": 2**53}, "seq", "must be at most 9007199254740991"),
    "last microsecond of 1999": (
        {"source_time": datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)},
        "source_time",
        TIME,
    ),
    "first instant of 2100": ({"server_time": datetime(2100, 1, 1, tzinfo=UTC)}, "server_time", TIME),
    "below its range": ({"power_output_kw": -50.01}, "power_output_kw", "must be at least -50"),
    "above its range": ({"frequency_hz": 70.01}, "frequency_hz", "must be at most 70"),
    "not a number": ({"voltage_v": float("nan")}, "voltage_v", "must be a number"),
    "infinite": ({"energy_kwh": float("inf")}, "energy_kwh", "must be a number"),
    "alarm given twice": ({"fault_alarms": ["LOW_FUEL", "LOW_FUEL"]}, "fault_alarms", "must not name anything twice"),
    "quality of what has none": ({"quality": {"seq": "BadSensorFailure"}}, "quality", "may name measurements only"),
    "null with nothing said": ({"mode": None}, "mode", BAD_ONLY),
    "null with an Uncertain quality": (
        {"voltage_v": None, "quality": {"voltage_v": "UncertainLastUsableValue"}},
        "voltage_v",
        BAD_ONLY,
    ),
    "null with another's Bad quality": (
        {"voltage_v": None, "quality": {"bus_voltage_v": "BadSensorFailure"}},
        "voltage_v",
        BAD_ONLY,
    ),
    "Bad with a value": ({"start_count": 7, "quality": {"start_count": "BadDeviceFailure"}}, "start_count", NULL_ONLY),
}
KEPT: dict[str, dict[str, Any]] = {
    "at the lower ends": {"power_output_kw": -50.0, "voltage_v": 0.0, "fuel_level_pct": 0.0, "seq": 0},
    "at the upper ends": {"power_output_kw": 250.0, "voltage_v": 400.0, "fuel_level_pct": 100.0, "seq": 2**53 - 1},
    "negative zero": {"fuel_level_pct": -0.0},
    "longest identifier": {"generator_id": "G" + "x" * 63},
    "first and last instant": {
        "source_time": datetime(2000, 1, 1, tzinfo=UTC),
        "server_time": datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    },
    "Bad without a value": {"voltage_v": None, "quality": {"voltage_v": "BadSensorFailure"}},
    "Uncertain with a value": {"quality": {"voltage_v": "UncertainEngineeringUnitsExceeded"}},
    "all measurements Bad": {
        **dict.fromkeys(CONTRACT.measurements),
        "quality": dict.fromkeys(CONTRACT.measurements, "BadNoCommunication"),
    },
    "two alarms": {"fault_alarms": ["OVERSPEED", "LOW_FUEL"]},
}


@pytest.fixture(scope="module")
def violations(records: Records, reading: Make) -> dict[str, tuple[str, str] | None]:
    changes = {name: case[0] for name, case in BROKEN.items()} | KEPT
    values = [avro.encode(reading(**change)) for change in changes.values()]
    rows = {row.offset: row.violation for row in judge(records(values)).select("offset", "violation").collect()}
    return {name: rows[offset] and tuple(rows[offset]) for offset, name in enumerate(changes)}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(violations: dict[str, tuple[str, str] | None], name: str) -> None:
    assert violations[name] == BROKEN[name][1:]


@pytest.mark.parametrize("name", KEPT)
def test_what_the_contract_allows_passes(violations: dict[str, tuple[str, str] | None], name: str) -> None:
    assert violations[name] is None


def test_the_century_is_that_of_the_contract() -> None:
    """The schema says it as a pattern; Spark compares instants."""
    pattern = CONTRACT["source_time"].pattern
    assert pattern is not None
    matches = [bool(re.search(pattern, f"{year}-01-01T00:00:00Z")) for year in (1999, 2000, 2099, 2100)]
    assert matches == [False, True, True, False]
    assert CENTURY == ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z")

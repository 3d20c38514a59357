import base64
import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from analysis.records.judge import judge, rejected
from analysis.results import rejected_records, statistics_records, summary_records
from analysis.summary import Total, value
from analysis.windows.intervals import NUMBERS, SYMBOLS
from analysis.windows.partials import minutes, ten_minutes
from analysis.windows.published import statistics
from contracts.reading import Reading

Records = Callable[[Sequence[bytes | None]], DataFrame]
Accepted = Callable[[Sequence[Reading]], DataFrame]
Make = Callable[..., Reading]


def schema(name: str) -> dict[str, Any]:
    text = resources.files("contracts").joinpath("schemas", f"{name}.v1.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def keep(name: str, records: DataFrame) -> dict[str, dict[str, Any]]:
    """The values by key, after each was judged by the schema of that name."""
    validator = jsonschema_rs.Draft202012Validator(schema(name), validate_formats=True)
    values = {}
    for row in records.collect():
        assert row.topic == f"scada.{name}.v1"
        values[row.key] = json.loads(row.value)
        validator.validate(values[row.key])
    return values


@pytest.fixture(scope="module")
def readings(accepted: Accepted, reading: Make) -> DataFrame:
    silent = dict.fromkeys(("power_output_kw", "voltage_v", "fuel_level_pct"))
    quality = dict.fromkeys(silent, "BadNoCommunication")
    # Kept, as the historian's files are: windows are computed of rows that were decoded and judged before.
    return accepted(
        [reading(61, power_output_kw=1e-7), reading(3, generator_id="G2", **silent, quality=quality)]
    ).cache()


def test_a_summary_is_a_value_of_its_contract(spark: SparkSession) -> None:
    measured = value("run-1", "G1", Total(3, 2, 2, 1e-7, -5.0, 1e-7, 2, 460.0, 3, 240.0, 1))
    silent = value("run-1", "G2", Total(1, 1, 0, 0.0, None, None, 0, 0.0, 0, 0.0, 0))
    values = keep("summary", summary_records(spark, [measured, silent]))
    assert values == {
        "run-1/G1": {
            "stream_id": "run-1",
            "generator_id": "G1",
            "Records": 3,
            "RecordsOnline": 2,
            "AvgPowerOutput": 5e-8,
            "MinPowerOutput": -5.0,
            "MaxPowerOutput": 1e-7,
            "AvgVoltage": 230.0,
            "AvgFuelLevel": 80.0,
            "FaultAlarmsCount": 1,
        },
        "run-1/G2": {
            "stream_id": "run-1",
            "generator_id": "G2",
            "Records": 1,
            "RecordsOnline": 1,
            "AvgPowerOutput": None,
            "MinPowerOutput": None,
            "MaxPowerOutput": None,
            "AvgVoltage": None,
            "AvgFuelLevel": None,
            "FaultAlarmsCount": 0,
        },
    }


def test_statistics_are_values_of_their_contract(readings: DataFrame) -> None:
    windows = minutes(readings)
    published = statistics(windows.union(ten_minutes(windows))).withColumn("revision", F.lit(1))
    values = keep("statistics", statistics_records(published))
    assert sorted(values) == [
        "run-1/G1/60/2026-01-01T00:01:00.000000Z",
        "run-1/G1/600/2026-01-01T00:00:00.000000Z",
        "run-1/G2/60/2026-01-01T00:00:00.000000Z",
        "run-1/G2/600/2026-01-01T00:00:00.000000Z",
    ]
    value = values["run-1/G1/60/2026-01-01T00:01:00.000000Z"]
    measurements, states = value.pop("measurements"), value.pop("states")
    assert value == {
        "stream_id": "run-1",
        "generator_id": "G1",
        "window_start": "2026-01-01T00:01:00.000000Z",
        "window_end": "2026-01-01T00:02:00.000000Z",
        "window_s": 60,
        "readings": 1,
        "revision": 1,
    }
    assert measurements["voltage_v"] == {
        "time_average": None,
        "total": None,
        "minimum": 230.0,
        "maximum": 230.0,
        "count": 1,
        "delta": 0.0,
        "standard_deviation": None,
        "percent_good": 0.0,
        "worst_quality": "Good",
    }
    assert states["breaker_closed"] == {"duration_s": {"false": 0.0, "true": 0.0}, "transitions": 1}
    silent = values["run-1/G2/60/2026-01-01T00:00:00.000000Z"]["measurements"]["voltage_v"]
    assert (silent["worst_quality"], silent["count"]) == ("Bad", 0)


def test_the_contract_names_the_measurements_that_have_statistics() -> None:
    properties = schema("statistics")["properties"]
    assert tuple(properties["measurements"]["properties"]) == NUMBERS
    found = {
        name: tuple(rule["properties"]["duration_s"]["properties"])
        for name, rule in properties["states"]["properties"].items()
    }
    assert found == SYMBOLS


def test_rejected_records_are_values_of_their_contract(records: Records) -> None:
    long = b"\x00\xff" * 50_000
    values = keep("rejected", rejected_records(rejected(judge(records([None, b"hello", long])))))
    assert list(values) == [f"scada.readings.v1-0-{offset}" for offset in range(3)]
    assert values["scada.readings.v1-0-1"] == {
        "topic": "scada.readings.v1",
        "partition": 0,
        "offset": 1,
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "stream": "run-1",
        "line": 2,
        "field": "",
        "rule": "must begin with the Avro prefix c301c7d971164062eba1",
        "value": base64.b64encode(b"hello").decode(),
        "size": 5,
    }
    assert (values["scada.readings.v1-0-0"]["value"], values["scada.readings.v1-0-0"]["size"]) == (None, None)
    assert base64.b64decode(values["scada.readings.v1-0-2"]["value"]) == long[:1024]
    assert values["scada.readings.v1-0-2"]["size"] == 100_000

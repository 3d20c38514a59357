"""Readings as the historian's files give them: windows are computed of rows that were decoded and judged before."""

from collections.abc import Callable, Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession

from contracts.reading import Reading

COLUMNS = {
    "stream_id": "string",
    "generator_id": "string",
    "seq": "long",
    "source_time": "timestamp",
    "state": "string",
    "mode": "string",
    "breaker_closed": "boolean",
    "power_output_kw": "double",
    "reactive_power_kvar": "double",
    "voltage_v": "double",
    "bus_voltage_v": "double",
    "frequency_hz": "double",
    "bus_frequency_hz": "double",
    "current_a": "double",
    "engine_speed_rpm": "double",
    "coolant_temperature_c": "double",
    "exhaust_temperature_c": "double",
    "oil_pressure_kpa": "double",
    "fuel_level_pct": "double",
    "fuel_rate_lph": "double",
    "energy_kwh": "double",
    "run_hours_h": "double",
    "quality": "map<string, string>",
}


@pytest.fixture(scope="session")
def accepted(spark: SparkSession) -> Callable[[Sequence[Reading]], DataFrame]:
    """Readings in the columns of the contract that windows are made of."""
    schema = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())

    def make(readings: Sequence[Reading]) -> DataFrame:
        rows = [tuple(getattr(reading, name) for name in COLUMNS) for reading in readings]
        return spark.createDataFrame(rows, schema)

    return make

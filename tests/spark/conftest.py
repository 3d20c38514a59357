"""One small local Spark session, readings, and records of Kafka to carry them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark import SparkConf
from pyspark.sql import DataFrame, SparkSession

from analysis import session
from analysis.records import judge
from contracts import avro
from contracts.reading import Reading
from pipeline import java, versions

KAFKA_COLUMNS = (
    "key binary, value binary, topic string, partition int, offset long, timestamp timestamp, timestampType int, "
    "headers array<struct<key: string, value: binary>>"
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # PySpark 4.1 leaves the socket of each collected result to the garbage collector; 4.2 closes it.
    if pyspark.__version__.startswith("4.1."):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    # The connector goes with the line of Spark that is installed; the tests run on each that is supported.
    packages = (
        package.replace(f":{versions.CONNECTOR}", f":{pyspark.__version__}") for package in versions.SPARK_PACKAGES
    )
    settings = {
        "spark.jars.packages": ",".join(packages),
        "spark.log.level": "ERROR",
        # Tests run many plans a few times each: the optimising compiler would take longer than the tests.
        "spark.driver.extraJavaOptions": " ".join(java.QUICK_START),
    }
    conf = SparkConf().setMaster("local[2]").setAll(list(settings.items()))
    spark = session.start(conf)
    yield spark
    spark.stop()


@pytest.fixture(scope="session")
def reading() -> Callable[..., Reading]:
    """A valid reading of a running set, taken ``second`` seconds after the start, with changes."""

    def make(second: float = 0, **changes: Any) -> Reading:
        time = START + timedelta(seconds=second)
        fields: dict[str, Any] = {
            "stream_id": "run-1",
            "site": "plant",
            "generator_id": "G1",
            "seq": int(second),
            "source_time": time,
            "server_time": time + timedelta(milliseconds=40),
            "cause": "PERIODIC",
            "historical": False,
            "state": "RUNNING",
            "mode": "AUTO",
            "breaker_closed": True,
            "power_output_kw": 100.0,
            "reactive_power_kvar": 50.0,
            "voltage_v": 230.0,
            "bus_voltage_v": 230.0,
            "frequency_hz": 50.0,
            "bus_frequency_hz": 50.0,
            "current_a": 162.0,
            "engine_speed_rpm": 1500.0,
            "coolant_temperature_c": 85.0,
            "exhaust_temperature_c": 400.0,
            "oil_pressure_kpa": 400.0,
            "fuel_level_pct": 80.0,
            "fuel_rate_lph": 28.8,
            "energy_kwh": 1000.0,
            "run_hours_h": 20.0,
            "start_count": 7,
            "fault_alarms": [],
            "quality": {},
        }
        return Reading(**(fields | changes))

    return make


@pytest.fixture(scope="session")
def records(spark: SparkSession) -> Callable[[Sequence[bytes | None]], DataFrame]:
    """Records of partition 0 as Spark's Kafka source gives them, one per value, offsets from 0."""

    def make(values: Sequence[bytes | None]) -> DataFrame:
        rows = [
            (
                b"G1",
                value,
                "scada.readings.v1",
                0,
                offset,
                START,
                0,
                [("stream", b"run-1"), ("line", b"%d" % (offset + 1))],
            )
            for offset, value in enumerate(values)
        ]
        return spark.createDataFrame(rows, KAFKA_COLUMNS)

    return make


@pytest.fixture(scope="session")
def accepted(
    records: Callable[[Sequence[bytes | None]], DataFrame],
) -> Callable[[Sequence[Reading]], DataFrame]:
    """Readings in the columns of the contract, by way of Kafka's encoding."""
    return lambda readings: judge.accepted(judge.judge(records([avro.encode(reading) for reading in readings])))

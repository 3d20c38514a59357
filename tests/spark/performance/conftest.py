"""A historian of a black start: the generator's own export, laid out as the historian writes it."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import compute, dataset, parquet

from generator.export import main


@pytest.fixture(scope="session")
def historian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a historian: ten sets for forty minutes, whose breakers open after ten."""
    out = tmp_path_factory.mktemp("historian")
    exported = out / "exported"
    times = ("--hours", "0.67", "--lead-in", "0.17", "--scan-interval", "5")
    assert main([*times, "--scenario", "black_start", "--format", "parquet", str(exported)]) == 0
    lay_out(exported / "readings.parquet", out)
    return out


def lay_out(exported: Path, historian: Path) -> None:
    """Write an exported file of readings as the historian lays them out: by date, with each record's place."""
    readings = parquet.read_table(exported)
    count = len(readings)
    place = {
        "topic": pa.array(["scada.readings.v1"] * count),
        "partition": pa.array([0] * count, pa.int32()),
        "offset": pa.array(range(count), pa.int64()),
        "appended": readings["server_time"],
        "stream": readings["stream_id"],
        "line": pa.array(range(1, count + 1), pa.int64()),
        "digest": pa.array([0] * count, pa.int64()),
        "date": compute.strftime(readings["source_time"], "%Y-%m-%d"),
    }
    for name, values in place.items():
        readings = readings.append_column(name, values)
    by_date = dataset.partitioning(pa.schema([("date", pa.string())]), flavor="hive")
    dataset.write_dataset(readings, historian / "readings", format="parquet", partitioning=by_date)

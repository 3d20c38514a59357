from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import DataFrame, SparkSession

from analysis.historian import layout, outcomes
from analysis.historian.historian import Historian
from analysis.records import judge
from analysis.storage.local import LocalFiles
from contracts import avro
from contracts.reading import Reading

Make = Callable[..., Reading]
Records = Callable[[Sequence[bytes | None]], DataFrame]

TOPIC = "scada.readings.v1"
QUERY = "aaaaaaaa-0000-0000-0000-000000000000"
START_US = 1_767_225_600_000_000


class Crash(BaseException):
    """The driver is killed."""


class Killed(LocalFiles):
    """The file system until the driver is killed before an operation that changes something."""

    left: float = float("inf")

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash

    def rename(self, source: str, target: str) -> None:
        self._step()
        super().rename(source, target)

    def delete(self, path: str) -> None:
        self._step()
        super().delete(path)

    def mkdirs(self, folder: str) -> None:
        self._step()
        super().mkdirs(folder)


@pytest.fixture(scope="module")
def batches(records: Records, reading: Make) -> Iterator[list[DataFrame]]:
    """Two judged batches: of two days, and a later one of the second day with nothing but nulls and a fault."""
    silent = dict.fromkeys(judge.CONTRACT.measurements)
    quality = dict.fromkeys(judge.CONTRACT.measurements, "BadNoCommunication")
    first = [reading(0), reading(1), reading(86400), reading(86401)]
    second = [reading(86402, **silent, quality=quality), reading(86403, fault_alarms=["LOW_FUEL"])]
    found = [
        outcomes.flat(judge.judge(records([avro.encode(one) for one in batch]))).persist() for batch in (first, second)
    ]
    yield found
    for frame in found:
        frame.unpersist()


def publish(historian: Historian, batch: int, judged: DataFrame) -> list[str]:
    publication = historian.begin(batch, {(TOPIC, 0): 10 * batch})
    historian.stage(publication, "readings", outcomes.readings(judged))
    historian.stage(publication, "outcomes", outcomes.outcomes(judged))
    return historian.publish(publication)


def seen(root: Path, dataset: str = "readings", column: str = "seq") -> Counter[Any]:
    """What a plain reader of Parquet sees through a glob."""
    paths = [str(path) for path in root.glob(f"{dataset}/date=*/*.parquet")]
    return Counter(ds.dataset(paths).to_table(columns=[column])[column].to_pylist()) if paths else Counter()


def everything(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_batch_has_one_file_per_dataset_and_date_and_nothing_else_is_left(
    spark: SparkSession, tmp_path: Path, batches: list[DataFrame]
) -> None:
    historian = Historian(spark, LocalFiles(), str(tmp_path), QUERY)
    found = publish(historian, 0, batches[0])
    assert [path.rpartition("/")[0] for path in found] == [
        "readings/date=2026-01-01",
        "readings/date=2026-01-02",
        "outcomes/date=2026-01-01",
    ]
    assert [ds.dataset(str(tmp_path / path)).count_rows() for path in found] == [2, 2, 4]
    assert everything(tmp_path) == set(found)
    assert historian.between("readings", "2026-01-02", "2026-01-02", 1) == [f"{tmp_path}/{found[1]}"]
    assert historian.between("readings", "2026-01-02", "2026-01-02", 0) == []


def test_two_batches_read_together_with_fixed_types(
    spark: SparkSession, tmp_path: Path, batches: list[DataFrame]
) -> None:
    historian = Historian(spark, LocalFiles(), str(tmp_path), QUERY)
    for batch, judged in enumerate(batches):
        publish(historian, batch, judged)
    schemas = {str(ds.dataset(str(path)).schema.remove_metadata()) for path in tmp_path.glob("readings/*/*.parquet")}
    assert len(schemas) == 1
    whole = ds.dataset(str(tmp_path / "readings"), partitioning="hive").to_table()
    assert (whole.num_rows, len(whole.column_names)) == (6, 37)
    assert {name: str(whole.schema.field(name).type) for name in ("source_time", "appended", "quality", "digest")} == {
        "source_time": "timestamp[us, tz=UTC]",
        "appended": "timestamp[us, tz=UTC]",
        "quality": "map<string, string ('quality')>",
        "digest": "int64",
    }
    by_seq = {row["seq"]: row for row in whole.to_pylist()}
    assert by_seq[86402]["voltage_v"] is None
    assert dict(by_seq[86402]["quality"])["voltage_v"] == "BadNoCommunication"
    assert by_seq[86403]["fault_alarms"] == ["LOW_FUEL"]
    assert spark.read.parquet(f"{tmp_path}/readings").filter("date = '2026-01-02'").count() == 4


def test_a_plain_reader_sees_each_row_once_after_a_kill_at_every_operation(
    spark: SparkSession, tmp_path: Path, batches: list[DataFrame]
) -> None:
    publish(Historian(spark, LocalFiles(), str(tmp_path), QUERY), 0, batches[0])
    before = everything(tmp_path)
    stored = Counter([0, 1, 86400, 86401])
    for left in count():
        files = Killed()
        historian = Historian(spark, files, str(tmp_path), QUERY)
        files.left = left
        try:
            publish(historian, 1, batches[1])
        except Crash:
            found = seen(tmp_path)
            assert found in (stored, stored + Counter([86402, 86403])), left
            continue
        break
    assert left > 5
    assert seen(tmp_path) == stored + Counter([86402, 86403])
    assert seen(tmp_path, "outcomes", "offset") == Counter([0, 1, 2, 3, 0, 1])
    after = everything(tmp_path)
    assert before < after
    assert len(after) == len(before) + 2
    assert {layout.written(path.split("/")[-1]) for path in after - before} == {("aaaaaaaa", 1)}


def test_a_closed_day_is_one_file_after_a_kill_at_every_operation(
    spark: SparkSession, tmp_path: Path, batches: list[DataFrame]
) -> None:
    historian = Historian(spark, LocalFiles(), str(tmp_path), QUERY)
    for batch, judged in enumerate(batches):
        publish(historian, batch, judged)
    rows = Counter([0, 1, 86400, 86401, 86402, 86403])
    columns = ds.dataset(str(tmp_path / "readings/date=2026-01-02")).schema.names
    hidden = 0
    for left in count():
        files = Killed()
        historian = Historian(spark, files, str(tmp_path), QUERY)
        assert seen(tmp_path) == rows
        files.left = left
        try:
            compacted = [historian.compact(dataset, 2, "2026-01-03") for dataset in ("readings", "outcomes")]
        except Crash:
            assert seen(tmp_path) in (rows, Counter([0, 1])), left
            hidden += seen(tmp_path) != rows
            continue
        break
    assert left > 5
    assert hidden == 1
    # Whatever a killed attempt has compacted is not compacted again.
    assert compacted in ([[], []], [[], ["2026-01-01"]], [["2026-01-02"], ["2026-01-01"]])
    assert [historian.compact(dataset, 3, "2026-01-03") for dataset in ("readings", "outcomes")] == [[], []]
    assert seen(tmp_path) == rows
    assert ds.dataset(str(tmp_path / "readings/date=2026-01-02")).schema.names == columns
    assert [len(list(folder.iterdir())) for folder in sorted(tmp_path.glob("*/date=*"))] == [1, 1, 1]
    assert all(path.endswith(".parquet") for path in everything(tmp_path))
    [day] = historian.between("readings", "2026-01-02", "2026-01-02", 2)
    assert spark.read.parquet(day).count() == 4


def test_the_query_that_runs_a_batch_is_known_by_a_local_property(spark: SparkSession, tmp_path: Path) -> None:
    found: list[str | None] = []

    def note(frame: DataFrame, _batch: int) -> None:
        found.append(frame.sparkSession.sparkContext.getLocalProperty("sql.streaming.queryId"))

    query = (
        spark.readStream.format("rate-micro-batch")
        .option("rowsPerBatch", 1)
        .load()
        .writeStream.foreachBatch(note)
        .option("checkpointLocation", str(tmp_path))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(60)
    query.stop()
    assert set(found) == {query.id}

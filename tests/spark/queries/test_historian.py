"""The historian over batches, restarts and kills: what it tells is a function of the log, whatever ends it."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import DataFrame, SparkSession

from analysis.progress import Tally
from analysis.queries import historian
from analysis.storage.local import LocalFiles
from analysis.storage.snapshots import Snapshots
from contracts import avro
from contracts.reading import Reading

Make = Callable[..., Reading]
Records = Callable[[Sequence[bytes | None]], DataFrame]

DAY = 86_400
pytestmark = pytest.mark.timeout(1200)


class Killed(Exception):  # noqa: N818 - it is no error, it is the end
    """The driver is killed."""


class Steps:
    """Counts what has an effect outside of the driver, and kills the driver before or after one of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.last: int | None = None

    def take(self, name: str, act: Callable[[], Any]) -> Any:
        """Acts, unless the driver is killed before."""
        if self.last is not None and len(self.names) >= self.last:
            raise Killed(name)
        self.names.append(name)
        return act()


class Files(LocalFiles):
    """Local files whose every change is a step."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def write(self, path: str, content: bytes) -> None:
        self._steps.take("snapshot", lambda: super(Files, self).write(path, content))

    def rename(self, source: str, target: str) -> None:
        self._steps.take("rename", lambda: super(Files, self).rename(source, target))


class World:
    """A topic, a driver that may be killed, and the topics of the results."""

    def __init__(self, spark: SparkSession, records: Records, folder: Path) -> None:
        self._spark, self._records, self.folder = spark, records, folder
        self.steps = Steps()
        self.results: dict[str, dict[str, dict[str, Any]]] = {}
        self._offset = 0
        self._batches = 0
        self.tally = Tally()

    def append(self, *values: Reading | bytes, lost: int = 0) -> None:
        """Writes a batch of records to the topic, after some that nobody can read any more."""
        self._offset += lost
        encoded = [avro.encode(value) if isinstance(value, Reading) else value for value in values]
        frame = self._records(encoded).selectExpr(
            *("key", "value", "topic", "partition", f"offset + {self._offset} AS offset"),
            *("timestamp", "timestampType", "headers"),
        )
        frame.coalesce(1).write.parquet(f"{self.folder}/in/{self._batches:06}")
        self._offset += len(values)
        self._batches += 1

    def run(self) -> None:
        """A driver takes up the checkpoint and reads all that is there, one file a batch."""
        files = Files(self.steps)
        snapshots = Snapshots(files, f"{self.folder}/snapshots")
        batches = historian.Batches(files, f"{self.folder}/historian", snapshots, self._sink, self.tally)
        source = (
            self._spark.readStream.schema(self._records([None]).schema)
            .option("maxFilesPerTrigger", 1)
            .parquet(f"{self.folder}/in/*")
        )
        writer = historian.records(source).writeStream.foreachBatch(batches)
        checkpoint = f"{self.folder}/checkpoint"
        query = writer.option("checkpointLocation", checkpoint).trigger(availableNow=True).start()
        try:
            query.awaitTermination()
        finally:
            query.stop()

    def run_until_killed(self, step: int) -> None:
        """A driver that is killed before it has taken so many steps more."""
        self.steps.last = len(self.steps.names) + step
        with pytest.raises(Exception, match="Killed"):
            self.run()
        self.steps.last = None

    def _sink(self, frame: DataFrame) -> None:
        rows = self.steps.take("send", frame.collect)
        for row in rows:
            of_topic = self.results.setdefault(row.topic, {})
            value = json.loads(row.value)
            before = of_topic.get(row.key)
            assert before is None or value.get("revision", 0) >= before.get("revision", 0)
            of_topic[row.key] = value
        self.steps.take("sent", lambda: None)

    def rows(self, dataset: str, *columns: str) -> list[tuple[Any, ...]]:
        """What a plain reader of Parquet finds, in order."""
        paths = [str(path) for path in (self.folder / "historian").glob(f"{dataset}/date=*/*.parquet")]
        table = ds.dataset(paths).to_table(columns=list(columns))
        return sorted(zip(*(table[name].to_pylist() for name in columns), strict=True))

    def state(self) -> dict[str, Any]:
        """All that anybody can see, but for the numbers of revisions."""
        windows = self.results["scada.statistics.v1"]
        return {
            "summary": self.results["scada.summary.v1"],
            "rejected": self.results["scada.rejected.v1"],
            "windows": {key: {**value, "revision": None} for key, value in windows.items()},
            "readings": self.rows("readings", "stream_id", "generator_id", "seq", "partition", "offset"),
            "outcomes": self.rows("outcomes", "partition", "offset", "last_offset", "outcome"),
            "counts": {name: count for name, count in self.tally.outcomes.items() if count},
        }


@pytest.fixture
def world(spark: SparkSession, records: Records, tmp_path: Path) -> World:
    return World(spark, records, tmp_path)


def series(reading: Make, first: int, last: int, step: int = 10, **changes: Any) -> list[Reading]:
    """Readings of a generator, numbered without gaps from the second of the first on."""
    return [reading(second, **changes) for second in range(first, last, step)]


def backfill(reading: Make, count: int) -> list[Reading]:
    """Readings of another run of the same generator, a day older than the first run's."""
    time = reading(0).source_time - timedelta(days=1)
    times = (time + timedelta(seconds=10 * number) for number in range(count))
    return [
        reading(number, stream_id="run-2", source_time=at, server_time=at, power_output_kw=50.0)
        for number, at in enumerate(times)
    ]


def first_batch(reading: Make) -> list[Reading | bytes]:
    return [*series(reading, 0, 100), *series(reading, 0, 90, generator_id="G2"), b"hello", reading(10)]


def second_batch(reading: Make) -> list[Reading | bytes]:
    """Closes a ten-minute window, restates a minute, and has one of each outcome."""
    return [
        *series(reading, 100, 660),
        *backfill(reading, 13),
        reading(20),
        reading(30, voltage_v=231.0),
        reading(1, server_time=reading(0).server_time + timedelta(hours=1)),
        reading(2, source_time=reading(0).server_time + timedelta(hours=1)),
        reading(45, power_output_kw=200.0),
        b"hello again",
    ]


def test_each_record_has_one_outcome_and_each_window_all_its_readings(world: World, reading: Make) -> None:
    world.append(*first_batch(reading))
    world.append(*second_batch(reading), lost=3)
    world.run()
    state = world.state()
    # 19 readings, a line of damage and a copy; then a gap of 3, 56 readings, 13 of the other run, and one of each.
    told = {"accepted": 89, "rejected": 2, "duplicate": 2, "conflict": 1, "late": 1, "skewed": 1, "gap": 3}
    assert state["counts"] == told
    outcomes = [row[3] for row in state["outcomes"]]
    assert {name: outcomes.count(name) for name in told} == {**told, "gap": 1}
    assert (0, 21, 23, "gap") in state["outcomes"]
    covered = [offset for _, first, last, _ in state["outcomes"] for offset in range(first, last + 1)]
    assert sorted(covered) == list(range(len(covered)))
    assert {key: value["Records"] for key, value in state["summary"].items()} == {
        "run-1/G1": 67,
        "run-1/G2": 9,
        "run-2/G1": 13,
    }
    assert len(state["readings"]) == len(set(state["readings"])) == 89
    assert sorted(state["rejected"]) == ["scada.readings.v1-0-19", "scada.readings.v1-0-98"]


def test_windows_close_by_their_own_readings_and_late_ones_restate_them(world: World, reading: Make) -> None:
    world.append(*first_batch(reading))
    world.append(*second_batch(reading))
    world.run()
    windows = world.results["scada.statistics.v1"]
    minute = windows["run-1/G1/60/2026-01-01T00:00:00.000000Z"]
    # 100 kW but for 5 s at 200 kW, which came after the window had been told.
    assert (minute["revision"], minute["readings"]) == (2, 7)
    assert minute["measurements"]["power_output_kw"]["time_average"] == pytest.approx(100 + 100 * 5 / 60)
    assert windows["run-1/G1/60/2026-01-01T00:05:00.000000Z"]["revision"] == 1
    ten = windows["run-1/G1/600/2026-01-01T00:00:00.000000Z"]
    assert (ten["revision"], ten["readings"]) == (1, 61)
    assert ten["measurements"]["power_output_kw"]["time_average"] == pytest.approx(100 + 100 * 5 / 600)
    # The other run is a day behind; its windows close by its own readings.
    assert {key for key in windows if key.startswith("run-2")} == {
        "run-2/G1/60/2025-12-31T00:00:00.000000Z",
        "run-2/G1/60/2025-12-31T00:01:00.000000Z",
    }
    assert windows["run-2/G1/60/2025-12-31T00:01:00.000000Z"]["measurements"]["power_output_kw"]["time_average"] == 50
    assert "run-1/G1/60/2026-01-01T00:10:00.000000Z" not in windows


def test_what_it_tells_is_the_same_wherever_the_driver_is_killed(
    spark: SparkSession, records: Records, reading: Make, tmp_path: Path
) -> None:
    worlds = [World(spark, records, tmp_path / name) for name in ("whole", "killed")]
    for world in worlds:
        world.append(*first_batch(reading))
        world.run()
        world.append(*second_batch(reading), lost=3)
    whole, killed = worlds
    before = len(whole.steps.names)
    whole.run()
    steps = whole.steps.names[before:]
    assert steps[:2] == ["send", "sent"]
    assert steps.count("rename") > 3
    assert steps[-2:] == ["snapshot", "rename"]
    for step in range(len(steps)):
        killed.run_until_killed(step)
    killed.run()
    assert killed.state() == whole.state()


def test_a_batch_that_ended_and_was_not_committed_is_told_again_and_counted_once(world: World, reading: Make) -> None:
    """The driver is killed between its snapshot and Spark's commit of the batch."""
    world.append(*first_batch(reading))
    world.run()
    before = world.state()
    for commit in (world.folder / "checkpoint" / "commits").iterdir():
        commit.unlink()
    world.run()
    assert world.state() == before


def test_a_day_that_is_over_becomes_one_file_and_late_readings_of_it_are_still_counted(
    world: World, reading: Make
) -> None:
    day = 86_400
    for batch in range(3):
        world.append(*series(reading, 100 * batch, 100 * batch + 100))
    world.append(*series(reading, day, day + 30), *series(reading, 2 * day, 2 * day + 30))
    world.append(reading(45, power_output_kw=200.0), reading(2 * day + 30))
    world.run()
    by_day = {folder.name: len(list(folder.iterdir())) for folder in (world.folder / "historian/readings").iterdir()}
    # Three files became one when the day was over; the late reading is in a file of its own.
    assert by_day == {"date=2026-01-01": 2, "date=2026-01-02": 1, "date=2026-01-03": 2}
    assert len(set(world.rows("readings", "seq"))) == len(world.rows("readings", "seq")) == 38
    minute = world.results["scada.statistics.v1"]["run-1/G1/60/2026-01-01T00:00:00.000000Z"]
    assert (minute["revision"], minute["readings"]) == (2, 7)
    assert minute["measurements"]["power_output_kw"]["maximum"] == 200.0

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from analysis import summary, totals
from analysis.records import judge
from contracts import avro
from contracts.reading import Reading

Records = Callable[[Sequence[bytes | None]], DataFrame]
Make = Callable[..., Reading]


class Stream:
    """A query over files of Kafka's records that goes on from its checkpoint, and what its last results are."""

    def __init__(self, spark: SparkSession, records: Records, folder: Path) -> None:
        self._spark, self._records, self._folder = spark, records, folder
        self._names = itertools.count()
        self.summaries: dict[str, Row] = {}
        self.windows: dict[tuple[str, Any], Row] = {}
        self.operators: list[dict[str, Any]] = []

    def feed(self, *batches: Sequence[Reading | bytes]) -> None:
        """Writes each batch as a file, and runs the query over what it has not read, one file per batch."""
        for batch in batches:
            values = [avro.encode(item) if isinstance(item, Reading) else item for item in batch]
            file = f"{self._folder}/in/{next(self._names):06}"
            self._records(values).coalesce(1).write.parquet(file)
        source = (
            self._spark.readStream.schema(self._records([None]).schema)
            .option("maxFilesPerTrigger", 1)
            .parquet(f"{self._folder}/in/*")
        )
        readings = judge.accepted(judge.judge(source))
        query = (
            totals.totals(totals.distinct(readings))
            .writeStream.outputMode("update")
            .foreachBatch(self._take)
            .option("checkpointLocation", f"{self._folder}/checkpoint")
            .trigger(availableNow=True)
            .start()
        )
        try:
            query.awaitTermination()
            self.operators += [operator for report in query.recentProgress for operator in report["stateOperators"]]
        finally:
            query.stop()

    def _take(self, changed: DataFrame, _batch: int) -> None:
        changed.persist()  # two actions are otherwise two computations, and their metrics add up
        for row in summary.summary(changed).collect():
            self.summaries[row.generator_id] = row
        for row in totals.statistics(changed).filter("measurement = 'voltage_v'").collect():
            assert row.revision > self.windows.get((row.generator_id, row.window_start), Row(revision=0)).revision
            self.windows[row.generator_id, row.window_start] = row
        changed.unpersist()

    def count(self, metric: str) -> int:
        return sum(operator["customMetrics"].get(metric, 0) for operator in self.operators)

    @property
    def dropped(self) -> int:
        return sum(operator["numRowsDroppedByWatermark"] for operator in self.operators)


@pytest.fixture
def stream(spark: SparkSession, records: Records, tmp_path: Path) -> Stream:
    return Stream(spark, records, tmp_path)


def test_totals_go_on_over_batches_and_restarts(stream: Stream, reading: Make) -> None:
    stream.feed([reading(second, voltage_v=229.0) for second in range(30)])
    stream.feed([reading(second, voltage_v=231.0) for second in range(30, 60)], [reading(60, voltage_v=260.0)])
    stream.feed([])
    assert stream.summaries["G1"].Records == 61
    assert stream.summaries["G1"].AvgVoltage == pytest.approx((30 * 229 + 30 * 231 + 260) / 61)
    first, second = sorted(stream.windows.values(), key=lambda row: row.window_start)
    assert (first.revision, first.average, first.minimum, first.maximum) == (60, pytest.approx(230), 229, 231)
    assert (second.revision, second.average) == (1, 260)
    assert stream.dropped == 0


def test_copies_count_once_within_a_batch_and_across_restarts(stream: Stream, reading: Make) -> None:
    stream.feed([reading(0), reading(0), reading(1)])
    stream.feed([reading(1), reading(2)], [reading(0), reading(3)])
    assert stream.summaries["G1"].Records == 4
    assert stream.count("numDroppedDuplicateRows") == 3
    assert stream.dropped == 0


def test_the_same_number_in_another_stream_or_of_another_generator_is_no_copy(stream: Stream, reading: Make) -> None:
    stream.feed([reading(0), reading(0, generator_id="G2")], [reading(0, stream_id="run-2", generator_id="G3")])
    assert {name: row.Records for name, row in stream.summaries.items()} == {"G1": 1, "G2": 1, "G3": 1}


def test_what_lateness_and_skew_leave_never_falls_behind_the_watermark(stream: Stream, reading: Make) -> None:
    """One generator an hour ahead of another in the log, clocks off as far as is accepted: all of it is counted."""
    ahead = [reading(7200 + second) for second in range(0, 600, 60)]
    behind = [reading(3600 + second, generator_id="G2") for second in range(0, 600, 60)]
    far = reading(10**6).source_time
    skewed = reading(1, generator_id="G3", source_time=far)
    late = reading(1, generator_id="G4", server_time=far)
    stream.feed([*ahead, skewed, late, b"hello"], behind[:5], behind[5:])
    assert {name: row.Records for name, row in stream.summaries.items()} == {"G1": 10, "G2": 10}
    assert stream.dropped == 0


def test_windows_leave_the_state_and_the_summary_stays(stream: Stream, reading: Make) -> None:
    hours = [[reading(3600 * hour)] for hour in range(6)]
    stream.feed(*hours)
    assert stream.summaries["G1"].Records == 6
    [*_, last] = [operator for operator in stream.operators if operator["operatorName"] == "stateStoreSave"]
    assert last["numRowsTotal"] == 5  # the summary, and what is not older than two hours before the last batch but one

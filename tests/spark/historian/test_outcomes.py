from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from analysis.historian import find, gaps, outcomes
from analysis.historian.historian import Historian
from analysis.historian.offsets import Gap
from analysis.records import judge
from analysis.storage.local import LocalFiles
from contracts import avro
from contracts.reading import Reading

Make = Callable[..., Reading]
Records = Callable[[Sequence[bytes | None]], DataFrame]

TOPIC = "scada.readings.v1"
START = datetime(2026, 1, 1, tzinfo=UTC)
START_US = 1_767_225_600_000_000


def values(make: Make) -> list[bytes | None]:
    """One record of each outcome that the record alone tells."""
    readings = [
        make(0),
        make(1, server_time=START + timedelta(seconds=602)),
        make(2, server_time=START - timedelta(seconds=59)),
        make(86400),
    ]
    return [*(avro.encode(reading) for reading in readings), b"damaged", None]


def test_each_record_has_one_outcome_with_the_rule_that_it_breaks(records: Records, reading: Make) -> None:
    found = outcomes.outcomes(outcomes.flat(judge.judge(records(values(reading)))))
    columns = (
        "topic partition offset last_offset appended stream line stream_id generator_id seq outcome field rule date"
    )
    assert found.columns == columns.split()
    rows = found.orderBy("offset").select(
        "offset", "last_offset", "line", "stream_id", "generator_id", "seq", "outcome", "field", "date"
    )
    day = date(2026, 1, 1)
    assert [tuple(row) for row in rows.collect()] == [
        (0, 0, 1, "run-1", "G1", 0, "accepted", None, day),
        (1, 1, 2, "run-1", "G1", 1, "late", None, day),
        (2, 2, 3, "run-1", "G1", 2, "skewed", None, day),
        (3, 3, 4, "run-1", "G1", 86400, "accepted", None, day),
        (4, 4, 5, None, None, None, "rejected", "", day),
        (5, 5, 6, None, None, None, "rejected", "", day),
    ]
    [rule] = {row["rule"] for row in found.filter("outcome = 'rejected'").collect()}
    assert rule.startswith("must begin with the Avro prefix c301")
    assert found.filter("outcome <> 'rejected' and rule is not null").count() == 0


def test_accepted_readings_are_stored_with_their_place_and_the_date_of_their_source_time(
    records: Records, reading: Make
) -> None:
    found = outcomes.readings(outcomes.flat(judge.judge(records(values(reading)))))
    assert found.columns[:3] == ["stream_id", "site", "generator_id"]
    assert found.columns[29:] == ["topic", "partition", "offset", "appended", "stream", "line", "digest", "date"]
    assert dict(found.dtypes)["quality"] == "map<string,string>"
    rows = found.orderBy("offset").select("seq", "offset", "stream", "line", "date").collect()
    assert [tuple(row) for row in rows] == [
        (0, 0, "run-1", 1, date(2026, 1, 1)),
        (86400, 3, "run-1", 4, date(2026, 1, 2)),
    ]


def test_the_digest_is_the_hash_of_the_records_bytes(spark: SparkSession, records: Records) -> None:
    # A string has the hash of its UTF-8 bytes.
    [row] = outcomes.flat(judge.judge(records([b"Spark"]))).select("digest").collect()
    [text] = spark.range(1).select(F.xxhash64(F.lit("Spark")).alias("digest")).collect()
    assert row == text


def test_copies_are_told_apart_by_the_batch_and_by_the_files_before_it(
    spark: SparkSession, tmp_path: Path, records: Records, reading: Make
) -> None:
    historian = Historian(spark, LocalFiles(), str(tmp_path), "aaaaaaaa-1")

    def publish(batch: int, judged: DataFrame) -> list[str]:
        publication = historian.begin(batch, {(TOPIC, 0): 10 * batch})
        historian.stage(publication, "readings", outcomes.readings(judged))
        return historian.publish(publication)

    stored = [reading(0), reading(1), reading(86400)]
    paths = publish(0, outcomes.flat(judge.judge(records([avro.encode(one) for one in stored]))))
    batch = [
        reading(0),  # 0: as stored in batch 0
        reading(1, voltage_v=231.0),  # 1: other bytes
        reading(86400),  # 2: as stored, on another day
        reading(2),  # 3: new
        reading(2),  # 4: as 3
        reading(2, voltage_v=231.0),  # 5: other bytes than 3
        reading(172800),  # 6: named a copy, its original is nowhere
        reading(3, server_time=START + timedelta(seconds=700)),  # 7: late comes before copy
        reading(0, generator_id="G2"),  # 8: another set, same number
        reading(0, stream_id="run-2"),  # 9: another stream, same number
    ]
    judged = outcomes.flat(judge.judge(records([avro.encode(one) for one in batch]))).persist()
    expected = ["duplicate", "conflict", "duplicate", "accepted", "duplicate", "conflict", "conflict", "late"]
    expected += ["accepted", "accepted"]
    places = [(0, offset) for offset in (0, 1, 2, 4, 5, 6, 7)]

    def where(_stream: str, time: int) -> list[str]:
        return historian.between("readings", find.day(time), find.day(time), 1)

    for stored_before in (where, lambda _stream, _time: [historian.path(path) for path in paths]):
        marked = historian.tell_copies(judged, places, stored_before)
        assert marked.columns == judged.columns
        assert [row["outcome"] for row in marked.orderBy("offset").collect()] == expected
    rows = outcomes.outcomes(marked).filter("outcome in ('conflict', 'duplicate')").orderBy("offset").collect()
    assert {row["outcome"]: (row["field"], row["rule"]) for row in rows} == {
        "conflict": ("", "must have the bytes of the reading stored with the same stream_id, generator_id and seq"),
        "duplicate": (None, None),
    }
    assert {row["seq"] for row in outcomes.readings(marked).collect()} == {2, 0}
    # An attempt that crashed has published this batch: it must not find its own rows.
    publish(1, marked)
    again = historian.tell_copies(judged, places, where)
    assert [row["outcome"] for row in again.orderBy("offset").collect()] == expected
    listed = historian.tell_copies(judged, [*places, (0, 3)], where)
    assert [row["outcome"] for row in listed.orderBy("offset").collect()][3] == "conflict"
    judged.unpersist()


def test_without_copies_the_batch_is_left_as_it_is(
    spark: SparkSession, tmp_path: Path, records: Records, reading: Make
) -> None:
    historian = Historian(spark, LocalFiles(), str(tmp_path), "aaaaaaaa-1")
    judged = outcomes.flat(judge.judge(records(values(reading))))
    assert historian.tell_copies(judged, [], lambda _stream, _time: []) is judged


def test_a_gap_is_an_outcome_of_its_offsets(
    spark: SparkSession, tmp_path: Path, records: Records, reading: Make
) -> None:
    judged = outcomes.flat(judge.judge(records([avro.encode(reading(0))])))
    lost = gaps.rows(spark, [Gap(TOPIC, 1, 3, 8, START_US + 86_399_999_999)])
    both = outcomes.outcomes(judged).unionByName(lost)
    historian = Historian(spark, LocalFiles(), str(tmp_path), "aaaaaaaa-1")
    publication = historian.begin(0, {})
    historian.stage(publication, "outcomes", both)
    [file] = historian.publish(publication)
    [gap] = pq.read_table(tmp_path / file, filters=[("outcome", "=", "gap")], partitioning=None).to_pylist()
    assert gap == {
        "topic": TOPIC,
        "partition": 1,
        "offset": 3,
        "last_offset": 8,
        "appended": START + timedelta(microseconds=86_399_999_999),
        "stream": None,
        "line": None,
        "stream_id": None,
        "generator_id": None,
        "seq": None,
        "outcome": "gap",
        "field": "",
        "rule": "must be read before the topic's retention removes it",
    }
    assert file.startswith("outcomes/date=2026-01-01/")

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from analysis.records.judge import CONTRACT, Outcome, accepted, is_accepted, is_valid, judge, placed, rejected
from analysis.summary import partials
from contracts import avro
from contracts.reading import Reading

Records = Callable[[Sequence[bytes | None]], DataFrame]
Make = Callable[..., Reading]


@pytest.mark.parametrize(
    ("delay", "outcome"),
    [
        (timedelta(0), Outcome.ACCEPTED),
        (timedelta(seconds=600), Outcome.ACCEPTED),
        (timedelta(seconds=600, microseconds=1), Outcome.LATE),
        (timedelta(days=365 * 90), Outcome.LATE),
        (timedelta(seconds=-60), Outcome.ACCEPTED),
        (timedelta(seconds=-60, microseconds=-1), Outcome.SKEWED),
        (timedelta(days=-365 * 20), Outcome.SKEWED),
    ],
)
def test_late_and_skewed_are_told_by_the_readings_own_clocks(
    records: Records, reading: Make, delay: timedelta, outcome: Outcome
) -> None:
    at = reading().source_time.replace(year=2005 if delay > timedelta(0) else 2090)  # both clocks stay in the century
    value = avro.encode(reading(source_time=at, server_time=at + delay))
    [row] = judge(records([value])).select("outcome").collect()
    assert row.outcome == outcome


def test_every_record_has_exactly_one_outcome(records: Records, reading: Make) -> None:
    late = reading(server_time=reading().source_time + timedelta(hours=1))
    invalid_and_late = reading(server_time=reading().source_time + timedelta(hours=1), voltage_v=401.0)
    values = [avro.encode(sent) for sent in (reading(), late, invalid_and_late)]
    judged = judge(records([*values, None, b"", b"hello"]))
    found = {row.offset: row.outcome for row in judged.select("offset", "outcome").collect()}
    assert found == {0: "accepted", 1: "late", 2: "rejected", 3: "rejected", 4: "rejected", 5: "rejected"}
    assert accepted(judged).count() == 1
    assert rejected(judged).count() == 4


def test_rejected_records_keep_their_place_their_value_and_the_rule(
    spark: SparkSession, records: Records, reading: Make
) -> None:
    low = avro.encode(reading(oil_pressure_kpa=-1.0))
    found = rejected(judge(records([avro.encode(reading()), b"hello", low]))).drop("timestamp")
    expected = spark.createDataFrame(
        [
            (
                "scada.readings.v1",
                0,
                1,
                "run-1",
                2,
                "",
                "must begin with the Avro prefix c301c7d971164062eba1",
                b"hello",
            ),
            ("scada.readings.v1", 0, 2, "run-1", 3, "oil_pressure_kpa", "must be at least 0", low),
        ],
        "topic string, partition int, offset long, stream string, line long, field string, rule string, value binary",
    )
    assert_df_equality(found, expected, ignore_nullable=True)


def test_accepted_readings_have_the_columns_of_the_contract(records: Records, reading: Make) -> None:
    rendered = resources.files("contracts").joinpath("schemas", "generator_reading.v1.spark.json").read_text("utf-8")
    contract = StructType.fromJson(json.loads(rendered))
    found = accepted(judge(records([avro.encode(reading())])))
    assert [(field.name, field.dataType.simpleString()) for field in found.schema] == [
        (field.name, field.dataType.simpleString()) for field in contract
    ]


def test_a_placed_reading_has_its_place_in_the_log_behind_the_columns_of_the_contract(
    spark: SparkSession, records: Records, reading: Make
) -> None:
    value = avro.encode(reading())
    judged = judge(records([b"hello", value]))
    found = placed(judged, is_accepted())
    place = found.columns[len(CONTRACT.fields) :]
    assert found.columns == [*accepted(judged).columns, *place]
    [[digest]] = spark.sql(f"SELECT xxhash64(X'{value.hex()}')").collect()
    expected = spark.createDataFrame(
        [("scada.readings.v1", 0, 1, datetime(2026, 1, 1, tzinfo=UTC), "run-1", 2, digest)],
        "topic string, partition int, offset long, appended timestamp, stream string, line long, digest long",
    )
    assert_df_equality(found.select(*place), expected, ignore_nullable=True)
    assert_df_equality(found.drop(*place), accepted(judged))


def test_valid_are_the_readings_that_no_rule_rejects(records: Records, reading: Make) -> None:
    sent = reading()
    late = reading(server_time=sent.source_time + timedelta(hours=1))
    skewed = reading(server_time=sent.source_time - timedelta(hours=1))
    values = [avro.encode(made) for made in (sent, late, skewed, reading(voltage_v=401.0))]
    judged = judge(records([*values, b"hello"]))
    assert [row.offset for row in placed(judged, is_accepted()).select("offset").collect()] == [0]
    assert [row.offset for row in placed(judged, is_valid()).select("offset").collect()] == [0, 1, 2]


def test_readings_of_one_identity_and_two_contents_have_two_digests(records: Records, reading: Make) -> None:
    values = [avro.encode(made) for made in (reading(), reading(voltage_v=231.0), reading())]
    first, other, copy = (row.digest for row in placed(judge(records(values)), is_valid()).select("digest").collect())
    assert first == copy
    assert first != other


def test_quality_becomes_a_map(records: Records, reading: Make) -> None:
    quality = {"mode": "UncertainLastUsableValue", "voltage_v": "BadSensorFailure"}
    found = accepted(judge(records([avro.encode(reading(voltage_v=None, quality=quality))])))
    assert [row.quality for row in found.select("quality").collect()] == [quality]


def test_readings_with_a_quality_named_twice_reach_nobody(records: Records, reading: Make) -> None:
    """A map cannot be made of them: Spark would end the query if anything tried before they were rejected."""
    one = avro.encode(reading(quality={"mode": "UncertainLastUsableValue"}))
    twice = one[: one.index(b"\x02\x08mode")] + b"\x04" + b"\x08mode\x00" * 2 + b"\x00"
    judged = judge(records([twice]))
    assert [tuple(row.violation) for row in judged.select("violation").collect()] == [
        ("quality", "must not name anything twice")
    ]
    assert accepted(judged).filter(F.map_contains_key("quality", "mode")).count() == 0


def test_a_value_is_decoded_once(spark: SparkSession, records: Records, reading: Make) -> None:
    """Spark's optimizer copies what a filter refers to: unhindered it calls `from_avro` 751 times a record."""
    spark.conf.set("spark.sql.debug.maxToStringFields", 10_000)
    spark.conf.set("spark.sql.maxPlanStringLength", 10_000_000)
    source = records([avro.encode(reading())])
    for frame in (accepted(judge(source)), rejected(judge(source)), partials(accepted(judge(source)))):
        plan = frame._jdf.queryExecution().optimizedPlan().toString()
        assert plan.count("from_avro(") == 1
        assert plan.count("to_avro(") <= 3


def test_measurements_are_what_has_a_quality() -> None:
    assert set(CONTRACT["quality"].keys) == set(CONTRACT.measurements)

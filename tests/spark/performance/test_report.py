"""The report over a historian whose readings a simulated plant has given: its figures against the laws of the plant."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from analysis import report
from analysis.performance.findings import Findings
from analysis.performance.page import page
from analysis.records import judge
from contracts import avro
from contracts.reading import Reading


def transitions(rows: DataFrame) -> Iterator[Mapping[str, Any]]:
    """An alarm for each set that tripped, when it did, and a copy of it."""
    tripped = rows.filter("state = 'TRIPPED'").groupBy("stream_id", "site", "generator_id")
    for row in tripped.agg({"source_time": "min"}).collect():
        yield from [
            {
                "stream_id": row["stream_id"],
                "site": row["site"],
                "generator_id": row["generator_id"],
                "alarm_id": "DEVICE_TRIP",
                "number": 1,
                "time": f"{row['min(source_time)'].astimezone():%Y-%m-%dT%H:%M:%S.%f%z}",
                "state": "UNACK",
                "suppression": "NONE",
                "priority": "high",
                "annunciated": True,
            }
        ] * 2


@pytest.fixture(scope="module")
def rows(spark: SparkSession, historian: Path) -> DataFrame:
    return spark.read.parquet(str(historian / "readings"))


@pytest.fixture(scope="module")
def findings(rows: DataFrame) -> Findings:
    return report.collect(rows, transitions(rows))


def test_a_black_start_is_one_outage_of_which_nothing_was_served(findings: Findings) -> None:
    """Of 482 scans, five seconds apart, the 16 from the 123rd have a dead bus; six sets carried 604 kW before."""
    [outage] = findings.outages
    assert (outage["begin"] - findings.period.begin).total_seconds() == 610
    assert outage["hours"] * 3600 == pytest.approx(80)
    assert outage["demand_kw"] == pytest.approx(604, abs=12)
    [site] = findings.sites
    assert site["dead_h"] == outage["hours"]
    assert site["not_served_kwh"] == pytest.approx(outage["demand_kw"] * 80 / 3600)


def test_the_counter_of_energy_and_the_integral_of_power_agree(findings: Findings) -> None:
    """Within the meter's class 0.5 and a resolution of 0.1 kWh, and power that changes between two scans."""
    for row in findings.generators:
        assert row["energy_kwh"] == pytest.approx(row["energy_integral_kwh"], rel=0.01, abs=0.3)


def test_measured_consumption_lies_on_the_curve_of_a_healthy_plant(findings: Findings) -> None:
    loaded = [row for row in findings.generators if row["energy_integral_kwh"] > 10]
    assert len(loaded) == 10
    for row in loaded:
        assert row["specific_l_per_kwh"] == pytest.approx(row["curve_l_per_kwh"], rel=0.02)


def test_sets_that_trip_are_unavailable_until_they_are_reset(findings: Findings) -> None:
    """Six sets trip at the 123rd scan and stay so; the four that stood by start once and are available throughout."""
    assert [row["generator_id"] for row in findings.generators] == [f"G{number}" for number in range(1, 11)]
    for row in findings.generators[:6]:
        assert row["forced_outage_h"] * 3600 == pytest.approx(1795)
        assert row["availability"] == pytest.approx(610 / 2405)
        assert row["starts"] == 0
    for row in findings.generators[6:]:
        assert (row["availability"], row["starts"]) == (1, 1)


def test_power_before_the_blackout_is_the_demand(findings: Findings) -> None:
    assert findings.power_width_s == 60
    before = [row["power_kw"] for row in findings.power[1:10]]
    assert min(before) > 590
    assert max(before) < 620


def test_copies_of_a_transition_count_once(findings: Findings) -> None:
    assert findings.alarms is not None
    assert findings.alarms.annunciations == 6
    assert [(alarm.source, count) for alarm, count, _ in findings.alarms.top] == [(f"G{n}", 1) for n in range(1, 7)]


def test_terminal_and_page_are_made_of_it(findings: Findings) -> None:
    text = report.terminal(findings)
    assert max(map(len, text.splitlines())) <= 80
    assert "export-black-start-1" in text
    assert page(findings).count("<svg") == 4


def test_a_stream_is_chosen_where_there_are_two(rows: DataFrame) -> None:
    both = rows.limit(20).unionByName(rows.limit(10).withColumn("stream_id", rows["site"]))
    with pytest.raises(report.ReportError, match="there are: S1, export-black-start-1"):
        report.collect(both, None)
    with pytest.raises(report.ReportError, match="choose one"):
        report.collect(both, None, "another")
    found = report.collect(both, None, "S1")
    assert (found.stream_id, found.readings, found.alarms) == ("S1", 10, None)


def test_alarms_are_made_anew_from_the_rows_in_the_order_of_the_log(
    records: Callable[[Sequence[bytes | None]], DataFrame], reading: Callable[..., Reading]
) -> None:
    """COOLANT_HIGH: above 100 °C for 10 s; back at 98 °C for 30 s. The coolant is hot from 20 to 59 s."""
    temperatures = [101.0 if 20 <= second < 60 else 85.0 for second in range(120)]
    log = [avro.encode(reading(second, coolant_temperature_c=one)) for second, one in enumerate(temperatures)]
    rows = judge.placed(judge.judge(records(log)), judge.is_accepted())
    found = report.recompute(rows.orderBy("seq", ascending=False))
    told = [tuple(value[name] for name in ("alarm_id", "event", "number", "time", "value")) for value in found]
    assert told == [
        ("COOLANT_HIGH", "RAISED", 1, "2026-01-01T00:00:30.000000Z", 101.0),
        ("COOLANT_HIGH", "RETURNED", 2, "2026-01-01T00:01:30.000000Z", 85.0),
    ]


def test_the_alarms_of_a_historian_are_made_anew_where_none_are_given(spark: SparkSession, historian: Path) -> None:
    found = report.of_historian(spark, historian)
    assert found.alarms is not None
    assert found.alarms.annunciations > 0
    assert "No alarm transitions were given." not in report.terminal(found)

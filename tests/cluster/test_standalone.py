"""The analysis on a Spark cluster rather than in one process: the same job, the same results, whatever is killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GENERATORS = ("G1", "G2", "G3", "G4")


def expected(stream: str, minutes: int) -> dict[str, dict[str, object]]:
    """The summaries of so many minutes: a power of 0 to 59 kW in each, half of it on line, one alarm."""
    return {
        f"{stream}/{generator}": {
            "stream_id": stream,
            "generator_id": generator,
            "Records": 60 * minutes,
            "RecordsOnline": 30 * minutes,
            "AvgPowerOutput": 29.5,
            "MinPowerOutput": 0.0,
            "MaxPowerOutput": 59.0,
            "AvgVoltage": 230.5,
            "AvgFuelLevel": 80.5,
            "FaultAlarmsCount": minutes,
        }
        for generator in GENERATORS
    }


@pytest.mark.timeout(900)
def test_the_job_gives_on_a_cluster_what_it_gives_in_local_mode(
    spark: Any, feed: Any, summaries: Callable[..., Any], published: Callable[[], Any], tmp_path: Path
) -> None:
    for _ in range(3):
        feed.send_minute()
    on_cluster = spark.submit(spark.url, tmp_path / "checkpoints-cluster")
    on_cluster.wait_until_processed(feed.records())
    assert on_cluster.stop() == 0, on_cluster.told()
    since = published()
    assert summaries() == expected(feed.stream, minutes=3)

    local = spark.submit("local[2]", tmp_path / "checkpoints-local")
    local.wait_until_processed(feed.records())
    assert local.stop() == 0, local.told()
    assert summaries(since) == expected(feed.stream, minutes=3)


@pytest.mark.timeout(900)
def test_results_are_exact_after_a_worker_and_then_the_driver_are_killed_under_load(
    spark: Any, feed: Any, summaries: Callable[..., Any], tmp_path: Path
) -> None:
    job = spark.submit(spark.url, tmp_path / "checkpoints")
    feed.send_minute()
    job.wait_until_processed(feed.records())
    feed.send_minute()
    job.wait_until_within_a_batch()
    spark.workers[0].kill()
    feed.send_minute()
    job.wait_until_processed(feed.records())
    assert spark.alive() == 1
    feed.send_minute()
    job.wait_until_within_a_batch()
    job.kill()

    again = spark.submit(spark.url, tmp_path / "checkpoints")
    feed.send_minute()
    again.wait_until_processed(feed.records())
    assert again.stop() == 0, again.told()
    assert summaries() == expected(feed.stream, minutes=5)

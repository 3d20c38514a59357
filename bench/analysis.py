"""How fast the analysis is, beside bare `from_avro` on the same records in the same run.

    python -m bench.analysis share
    python -m bench.analysis share --java-options=-XX:TieredStopAtLevel=1

``share``: decoding, judging and accepting on one core, each into nothing, with records that Spark holds in its cache.
The time is that of the processor, of the whole Java process with its compiler and its collector, once it is warm.
Figures are medians of rounds in which the works take turns; ratios travel between machines, rates do not.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pyspark
from pyspark import SparkConf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

from analysis import session
from analysis.records.decode import decode
from analysis.records.judge import accepted, is_accepted, judge, placed
from contracts import avro, framing, topics
from generator import plant
from generator.controls import Controls
from generator.fleet import PlantConfig
from generator.readings import readings
from pipeline import jars, java

ROUNDS: Final = 7
WARM_S: Final = 20.0
FLEET: Final = 1_000
START_US: Final = 1_767_225_600_000_000
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
YARDSTICK: Final = "bare from_avro"
KAFKA_COLUMNS: Final = (
    "key binary, value binary, topic string, partition int, offset long, timestamp timestamp, timestampType int, "
    "headers array<struct<key: string, value: binary>>"
)


def started(java_options: str) -> SparkSession:
    """The session of the analysis on one core, with the jars that `scada up` would give it."""
    found = java.find(os.environ)
    files = jars.fetch(jars.load("spark"), jars.cache_folder(os.environ), found, lambda _done, _total: None)
    conf = (
        SparkConf()
        .setMaster("local[1]")
        .set("spark.driver.memory", "1g")
        .set("spark.driver.extraClassPath", ":".join(map(str, files)))
        .set("spark.driver.extraJavaOptions", java_options)
        .set("spark.log.level", "ERROR")
    )
    return session.start(conf)


def records(spark: SparkSession, count: int) -> DataFrame:
    """Records of a simulated plant as Spark's Kafka source gives them, held in the cache."""
    config = PlantConfig("bench", 1, START_US, FLEET)
    state = plant.initial(config)
    rows: list[tuple[Any, ...]] = []
    while len(rows) < count:
        state, scan = plant.step(config, state, Controls())
        for reading in readings(config, scan):
            line = len(rows) + 1
            headers = [("stream", b"bench"), ("line", b"%d" % line)]
            key, value = reading.generator_id.encode(), avro.encode(reading)
            rows.append((key, value, topics.READINGS, 0, line - 1, reading.server_time, 0, headers))
    held = spark.createDataFrame(rows[:count], KAFKA_COLUMNS).coalesce(1).cache()
    held.count()
    return held


def bare(held: DataFrame) -> DataFrame:
    """What one writes without anything around `from_avro`: the columns of the contract, nothing checked."""
    name = "generator_reading.v1.avsc"
    avsc = resources.files("contracts").joinpath("schemas", name).read_text(encoding="utf-8")
    payload = F.substr("value", F.lit(framing.PREFIX_LENGTH + 1))
    return held.select(from_avro(payload, avsc, {"mode": "PERMISSIVE"}).alias("reading")).select("reading.*")


def into_nothing(rows: DataFrame) -> None:
    """Compute all columns of all rows and keep none."""
    rows.write.format("noop").mode("overwrite").save()


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, its threads together (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def process_of(spark: SparkSession) -> int:
    """The number of the Java process."""
    jvm: Any = spark.sparkContext._jvm
    return int(jvm.java.lang.ProcessHandle.current().pid())


def compare(works: Mapping[str, Callable[[], object]], pid: int, count: int) -> dict[str, float]:
    """Processor seconds per record of each work: the median of rounds in which they take turns, after warming up."""
    for work in works.values():
        begun = time.monotonic()
        while time.monotonic() - begun < WARM_S / len(works):
            work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            begun = cpu_s(pid)
            work()
            seconds[name].append((cpu_s(pid) - begun) / count)
    return {name: statistics.median(rounds) for name, rounds in seconds.items()}


def share(arguments: argparse.Namespace) -> None:
    """Print what decoding, judging and accepting take of what bare `from_avro` does."""
    begun = time.monotonic()
    spark = started(arguments.java_options)
    pid = process_of(spark)
    into_nothing(accepted(judge(records(spark, FLEET))))
    print(f"Java options: {arguments.java_options or 'none'}")
    wall_s = time.monotonic() - begun
    print(f"first {FLEET} records after {wall_s:.1f} s, {cpu_s(pid):.1f} s of them processor time of Java")
    held = records(spark, arguments.records)
    judged = judge(held)
    frames = {
        YARDSTICK: bare(held),
        "decode": decode(held),
        "judge": judged,
        "accepted": accepted(judged),
        "accepted, with their places": placed(judged, is_accepted()),
    }
    works = {name: partial(into_nothing, frame) for name, frame in frames.items()}
    seconds = compare(works, pid, arguments.records)
    print(f"{arguments.records} records, one core")
    print(f"{'':44}{'records/CPU s':>14}{'µs':>8}{'share':>8}")
    for name, one in seconds.items():
        print(f"{name:44}{1 / one:14,.0f}{1e6 * one:8.2f}{seconds[YARDSTICK] / one:8.2f}")
    spark.stop()


def main() -> None:
    """Run the comparison that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    comparisons = parser.add_subparsers(required=True)
    comparison = comparisons.add_parser("share", help="decoding, judging and accepting on one core")
    comparison.add_argument("--records", type=int, default=100_000, help="records per round")
    comparison.add_argument("--java-options", default="", help="further options of the Java process")
    comparison.set_defaults(compare=share)
    arguments = parser.parse_args()
    versions = f"Python {platform.python_version()}, Spark {pyspark.__version__}"
    print(f"{platform.platform()}, {os.cpu_count()} cores, {versions}\n")
    arguments.compare(arguments)


if __name__ == "__main__":
    main()

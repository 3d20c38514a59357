"""The Spark session of the analysis: settings that make small batches quick, keep it private, and survive hostility."""

import os
from typing import Any, Final

from pyspark import SparkConf
from pyspark.sql import SparkSession

_LIMITS: Final = {f"org.apache.avro.limits.{kind}.maxLength": "65536" for kind in ("string", "collectionItems")}
"""Longest string and array that the Avro decoder makes room for, on the record's word alone. Without these limits a
record of thirty bytes that announces two billion items ends the whole process with an OutOfMemoryError."""

_QUIET: Final = (
    # Warns, for each field, partition and batch, that null would fail; what is null is not given to it.
    "org.apache.spark.sql.avro.AvroSerializer",
    # Warns of each plan that is longer than what is kept of it as text.
    "org.apache.spark.sql.catalyst.util.StringUtils",
    "org.apache.spark.util.SparkStringUtils",
    "org.apache.spark.sql.internal.SparkStringUtils",
    # Warns that a pool has no file that describes it, and takes the defaults, which are meant.
    "org.apache.spark.scheduler.FairSchedulableBuilder",
    # Warns of each query that is stopped between two batches, when there is no job to cancel.
    "org.apache.spark.scheduler.DAGScheduler",
    # Warns whenever a batch takes longer than the trigger's interval; the events tell duration and lag.
    "org.apache.spark.sql.execution.streaming.runtime.ProcessingTimeExecutor",
)
"""Loggers whose warnings say nothing that an operator could act on."""

_SETTINGS: Final = {
    "spark.app.name": "scada-analysis",
    "spark.log.level": "WARN",
    "spark.ui.showConsoleProgress": "false",
    "spark.executor.defaultJavaOptions": " ".join(f"-D{name}={value}" for name, value in _LIMITS.items()),
    "spark.sql.session.timeZone": "UTC",
    # Spark's own default (INT96) has no range in the footer, by which readers skip files, and is deprecated.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # To note where in the code each expression was made takes as long as to make it.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # Each batch leaves its plan, as text and as a graph, to whoever might ask: by default that of the last 1000.
    "spark.sql.ui.retainedExecutions": "10",
    "spark.sql.maxPlanStringLength": "10000",
    # A batch is small and its plan is known: replanning it after each shuffle costs more than it saves.
    "spark.sql.adaptive.enabled": "false",
    # The jobs of both queries take turns at the cores: the monitor does not wait for a batch of the historian.
    "spark.scheduler.mode": "FAIR",
}
_LOCAL: Final = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # The groups of a batch are its generators: few enough for one task, and each further task costs milliseconds.
    "spark.sql.shuffle.partitions": "1",
}


def configured(conf: SparkConf) -> SparkConf:
    """The configuration with the settings of the analysis wherever it (that is, ``spark-submit --conf``) has none.

    The user interface binds to ``SPARK_LOCAL_IP``, and without it to all interfaces: it is off unless that is set.
    """
    conf.setIfMissing("spark.master", "local[*]")
    conf.setIfMissing("spark.ui.enabled", str("SPARK_LOCAL_IP" in os.environ).lower())
    local = _LOCAL if conf.get("spark.master", "").startswith("local") else {}
    for name, value in (_SETTINGS | local).items():
        conf.setIfMissing(name, value)
    return conf


def start(conf: SparkConf) -> SparkSession:
    """The session of that configuration, started."""
    spark = SparkSession.builder.config(conf=configured(conf)).getOrCreate()
    jvm: Any = spark.sparkContext._jvm
    for name, value in _LIMITS.items():
        jvm.java.lang.System.setProperty(name, value)
    log4j = jvm.org.apache.logging.log4j
    for name in _QUIET:
        log4j.core.config.Configurator.setLevel(name, log4j.Level.ERROR)
    return spark

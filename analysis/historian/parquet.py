"""Write Parquet files by Spark."""

from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession

ROWS_PER_FILE: Final = 1_000_000
"""A batch has one file per date, and a compacted day one file, unless it has more rows than this."""


def write(frame: DataFrame, folder: str) -> None:
    """Writes the rows below the folder by their ``date``, in one task."""
    _files(frame).partitionBy("date").parquet(folder)


def rewrite(spark: SparkSession, paths: list[str], folder: str) -> None:
    """Writes the rows of the files, which have the same columns, as few files into the folder."""
    _files(spark.read.parquet(*paths)).parquet(folder)


def _files(frame: DataFrame) -> Any:
    return frame.coalesce(1).write.mode("overwrite").option("maxRecordsPerFile", ROWS_PER_FILE)

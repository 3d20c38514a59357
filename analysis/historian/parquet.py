"""Write Parquet files by Spark, and read what their footers say."""

from typing import Any, Final, NamedTuple

from pyspark.sql import DataFrame, SparkSession

ROWS_PER_FILE: Final = 1_000_000
"""A batch has one file per date, and a compacted day one file, unless it has more rows than this."""


class Footer(NamedTuple):
    """What a file's footer says: its rows, and the range of ``source_time`` in microseconds, None without one."""

    rows: int
    first: int | None
    last: int | None


def write(frame: DataFrame, folder: str) -> None:
    """Writes the rows below the folder by their ``date``, in one task."""
    _files(frame).partitionBy("date").parquet(folder)


def rewrite(spark: SparkSession, paths: list[str], folder: str) -> None:
    """Writes the rows of the files, which have the same columns, as few files into the folder."""
    _files(spark.read.parquet(*paths)).parquet(folder)


def _files(frame: DataFrame) -> Any:
    return frame.coalesce(1).write.mode("overwrite").option("maxRecordsPerFile", ROWS_PER_FILE)


def footer(spark: SparkSession, path: str) -> Footer:
    """What the footer of a file says, without a job of Spark's."""
    jvm: Any = spark.sparkContext._jvm
    conf: Any = spark._jsparkSession.sessionState().newHadoopConf()
    parquet = jvm.org.apache.parquet.hadoop
    reader = parquet.ParquetFileReader.open(
        parquet.util.HadoopInputFile.fromPath(jvm.org.apache.hadoop.fs.Path(path), conf)
    )
    try:
        blocks = list(reader.getFooter().getBlocks())
        ranges = [found for block in blocks if (found := _range(block)) is not None]
        return Footer(
            rows=sum(block.getRowCount() for block in blocks),
            first=min((low for low, _ in ranges), default=None),
            last=max((high for _, high in ranges), default=None),
        )
    finally:
        reader.close()


def _range(block: Any) -> tuple[int, int] | None:
    for column in block.getColumns():
        if column.getPath().toDotString() == "source_time":
            found = column.getStatistics()
            return (found.genericGetMin(), found.genericGetMax()) if found.hasNonNullValue() else None
    return None

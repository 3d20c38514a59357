"""Report how plant and alarm system have done: ``python -m analysis.report HISTORIAN_DIR``.

Reads the historian's Parquet files with a local Spark, prints tables, and writes a page on request.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from pyspark import SparkConf
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from analysis import session
from analysis.alarms import conditions, machine
from analysis.performance import page, plant, tables
from analysis.performance.alarms import Span, performance
from analysis.performance.findings import Findings
from analysis.place import Place

Transitions: TypeAlias = Iterable[Mapping[str, Any]]
"""Values of ``scada.alarms.v1``."""

_WIDTHS_S: Final = (60, 600, 3600, 21_600, 86_400)
_MOST_POINTS: Final = 720


class ReportError(Exception):
    """The report cannot be made; the message says why, and what would help."""


def of_historian(
    spark: SparkSession, historian: Path, stream_id: str | None = None, transitions: Transitions | None = None
) -> Findings:
    """The figures of one stream of a historian.

    Args:
        spark: the session that reads the files.
        historian: the directory with the historian's ``readings/``.
        stream_id: which stream; not needed if there is one only.
        transitions: those of the alarms, of any stream; made anew if not given.

    Raises:
        ReportError: as of `collect`, or there are no files.
    """
    rows, stream = _stream(_read(spark, historian), stream_id)
    return collect(rows, recompute(rows) if transitions is None else transitions, stream)


def collect(rows: DataFrame, transitions: Transitions | None, stream_id: str | None = None) -> Findings:
    """The figures of one stream.

    Args:
        rows: the historian's rows.
        transitions: those of the alarms, of any stream; none if nothing is known of them.
        stream_id: which stream; not needed if there is one only.

    Raises:
        ReportError: there is no such stream, or more than one to choose from.
    """
    rows, stream = _stream(rows, stream_id)
    [bounds] = rows.agg(
        F.unix_micros(F.min("source_time")).alias("begin"),
        F.unix_micros(F.max("source_time")).alias("end"),
        F.count("*").alias("readings"),
    ).collect()
    period = Span(_instant(bounds.begin), _instant(bounds.end))
    seconds = period.length.total_seconds()
    width = next((width for width in _WIDTHS_S if seconds / width <= _MOST_POINTS), _WIDTHS_S[-1])
    by_generator, by_outage = plant.generators(rows).cache(), plant.outages(rows).cache()
    try:
        generators, outages = _rows(by_generator), _rows(by_outage)
        for row in generators:
            row["covered"] = row["covered_h"] / row["period_h"] if row["period_h"] else None
        return Findings(
            stream_id=stream,
            period=period,
            readings=bounds.readings,
            rating=plant.REFERENCE,
            sites=sorted(_rows(plant.sites(by_generator, by_outage)), key=lambda row: _natural(row["site"])),
            generators=sorted(generators, key=lambda row: (_natural(row["site"]), _natural(row["generator_id"]))),
            outages=sorted(outages, key=lambda row: (row["begin"], row["site"])),
            consumption=_rows(plant.consumption(rows)),
            power=sorted(_rows(plant.power(rows, width)), key=lambda row: (_natural(row["site"]), row["begin"])),
            power_width_s=width,
            alarms=None if transitions is None else performance(_distinct(transitions, stream), period),
        )
    finally:
        by_generator.unpersist()
        by_outage.unpersist()


def recompute(rows: DataFrame) -> list[Mapping[str, Any]]:
    """The transitions of the alarms, made anew from the historian's rows in the order of the log.

    They are those of ``scada.alarms.v1`` but for what is not in the rows: operator actions, seconds of the wall clock
    in which a gateway was silent, and readings that were late or skewed. The driver takes all rows, reduced to what
    the alarms look at.

    Args:
        rows: the historian's rows.

    Returns:
        Values of the contract ``alarm``.
    """
    micros = {name: F.unix_micros(name).alias(name) for name in ("source_time", "server_time", "appended")} | {
        "outcome": F.lit("accepted").alias("outcome")
    }
    place = (micros.get(name, F.col(name)) for name in Place._fields)
    values = (column.alias(name) for name, column in conditions.columns().items())
    taken = rows.orderBy("topic", "partition", "offset").select(*place, *values).toArrow()
    return [transition.value() for transition in machine.transitions(_readings(taken))]


def _readings(taken: Any) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """The rows of an Arrow table whose first columns are the fields of `Place`."""
    width = len(Place._fields)
    for batch in taken.to_batches():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield Place(*row[:width]), row[width:]


def parse_transitions(lines: Iterable[str]) -> list[Mapping[str, Any]]:
    """The transitions of lines as ``scada tail scada.alarms.v1`` prints them, or of their values alone.

    Raises:
        ReportError: a line is no such thing.
    """
    found: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            value = record["value"] if "key" in record else record
            found.append({**value, "time": value["time"], "alarm_id": value["alarm_id"], "number": value["number"]})
        except (ValueError, TypeError, KeyError) as error:
            raise ReportError(f"line {number} is no transition of an alarm: {error!r}") from None
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, print the tables, write the page.

    Args:
        arguments: those of the command line.

    Returns:
        The exit code: 0.

    Raises:
        SystemExit: with 2 after a line on standard error, if the report cannot be made as asked.
    """
    parser = argparse.ArgumentParser(
        prog="python -m analysis.report", description="Report plant and alarm performance."
    )
    parser.add_argument(
        "historian", type=Path, metavar="HISTORIAN_DIR", help="directory with the historian's readings/"
    )
    parser.add_argument("--stream", metavar="ID", help="the run; needed if the historian has more than one")
    parser.add_argument(
        "--alarms",
        type=Path,
        metavar="FILE",
        help="alarm transitions, as `scada tail scada.alarms.v1` prints them; made anew from the readings without it",
    )
    parser.add_argument("--html", type=Path, metavar="OUT", help="write the report with plots to this file as well")
    asked = parser.parse_args(arguments)
    if not (asked.historian / "readings").is_dir():
        parser.error(f"{asked.historian} has no directory readings; name that to which the historian writes")
    given: Transitions | None = None
    try:
        if asked.alarms:
            given = parse_transitions(asked.alarms.read_text(encoding="utf-8").splitlines())
        spark = session.start(SparkConf())
        try:
            findings = of_historian(spark, asked.historian, asked.stream, given)
        finally:
            spark.stop()
        if asked.html:
            asked.html.write_text(page.page(findings), encoding="utf-8")
    except (ReportError, OSError) as error:
        parser.error(str(error))
    sys.stdout.write(tables.encodable(terminal(findings), sys.stdout.encoding or "ascii"))
    return 0


def terminal(findings: Findings) -> str:
    """The report as text of at most 80 columns."""
    period = findings.period
    head = (
        f"{findings.stream_id}\n{period.begin:%Y-%m-%d %H:%M:%S} to {period.end:%Y-%m-%d %H:%M:%S} UTC, "
        f"{findings.readings:,} readings of {len(findings.generators)} sets"
    )
    shown = [tables.text(table) for table in tables.plant(findings)]
    if findings.alarms is None:
        shown.append("Alarm system\nNo alarm transitions were given.")
    else:
        shown += [tables.text(table) for table in tables.alarms(findings.alarms)]
    return "\n\n".join([head, *shown]) + "\n"


def _read(spark: SparkSession, historian: Path) -> DataFrame:
    try:
        return spark.read.parquet(str(historian / "readings"))
    except AnalysisException as error:
        raise ReportError(f"{historian / 'readings'} holds no Parquet files: {error.getCondition()}") from None


def _stream(rows: DataFrame, stream_id: str | None) -> tuple[DataFrame, str]:
    found = sorted(row.stream_id for row in rows.select("stream_id").distinct().collect())
    if stream_id is None and len(found) == 1:
        stream_id = found[0]
    if stream_id is None or stream_id not in found:
        raise ReportError(f"choose one of the streams by --stream; there are: {', '.join(found) or 'none'}")
    return rows.filter(F.col("stream_id") == stream_id), stream_id


def _distinct(transitions: Transitions, stream_id: str) -> list[Mapping[str, Any]]:
    """The stream's transitions, each once, whatever copies the topic holds."""
    of_stream = (row for row in transitions if row["stream_id"] == stream_id)
    return list({(row["site"], row["generator_id"], row["alarm_id"], row["number"]): row for row in of_stream}.values())


def _rows(frame: DataFrame) -> list[dict[str, Any]]:
    """The rows, with timestamps of the report's time zone, which is UTC."""
    return [_in_utc(row) for row in frame.collect()]


def _in_utc(row: Row) -> dict[str, Any]:
    # PySpark gives timestamps in the time zone of the process, without saying which.
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.asDict().items()
    }


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _natural(name: str) -> tuple[int, str]:
    """A key that sorts G2 before G10."""
    return len(name), name


if __name__ == "__main__":
    sys.exit(main())

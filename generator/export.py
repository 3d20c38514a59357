"""A stretch of plant operation as files: `scada export --hours 24 --scenario sensor_rot OUT`.

Readings, labels of the faults, and nameplates, as NDJSON or Parquet. The same arguments give the same bytes of NDJSON.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyarrow import parquet

from contracts import schema
from contracts.reading import Reading
from contracts.schema import Kind
from generator import scenarios
from generator.fleet import nameplate_lines, nameplates
from generator.run import Run
from generator.settings import LARGEST_FLEET, Settings
from generator.truth_endpoints import LabelAnswer, label_answer
from generator.yardstick import Yardstick, wire_labels

_INTERRUPTED: Final = 130
"""Exit code of a command that Ctrl-C has ended, as shells have it."""
_ROW_GROUP: Final = 100_000
_LINE: Final = msgspec.json.Decoder(Reading)
_ARROW: Final[dict[Kind, pa.DataType]] = {
    Kind.STRING: pa.string(),
    Kind.TIMESTAMP: pa.timestamp("us", "UTC"),
    Kind.ENUM: pa.dictionary(pa.int8(), pa.string()),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.ENUM_SET: pa.list_(pa.string()),
    Kind.ENUM_MAP: pa.map_(pa.string(), pa.string()),
}
_FIELDS: Final = schema.load("generator_reading").fields
SCHEMA: Final = pa.schema([pa.field(field.name, _ARROW[field.kind], nullable=field.nullable) for field in _FIELDS])
"""The columns of the readings in Parquet."""


def export(run: Run, scans: int, out: Path, *, as_parquet: bool) -> int:
    """Write the first so many scans of a run, the labels of its faults and its nameplates.

    Args:
        run: the run, with its changes accepted.
        scans: how many.
        out: directory to write to.
        as_parquet: Parquet in place of NDJSON.

    Returns:
        The number of lines.
    """
    reached = run.beginning

    def chunks() -> Iterator[bytes]:
        nonlocal reached
        for reached, blocks in run.advance(run.beginning, scans):
            run.keep(reached)  # the labels are found from there
            yield from (block.data for block in blocks)

    count = (
        _write_parquet(chunks(), out / "readings.parquet")
        if as_parquet
        else _write_lines(chunks(), out / "readings.ndjson")
    )
    labels = [*wire_labels(run, reached), *Yardstick(run).labels(scans)]
    rows = [label_answer(label).model_dump(mode="json") for label in labels]
    if as_parquet:
        _write_rows(rows, list(LabelAnswer.model_fields), out / "labels.parquet")
        plates = nameplates(run.config)
        _write_rows(plates, list(plates[0]), out / "nameplates.parquet")
    else:
        (out / "labels.ndjson").write_bytes(msgspec.json.Encoder().encode_lines(rows))
        (out / "nameplates.ndjson").write_bytes(nameplate_lines(run.config))
    return count


def _write_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], file: Path) -> None:
    parquet.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), file)


def _write_lines(chunks: Iterator[bytes], file: Path) -> int:
    count = 0
    with file.open("wb") as out:
        for chunk in chunks:
            out.write(chunk)
            count += chunk.count(b"\n")
    return count


def _write_parquet(chunks: Iterator[bytes], file: Path) -> int:
    count = 0
    rows: list[Reading] = []
    with parquet.ParquetWriter(file, SCHEMA, compression="zstd") as out:
        for chunk in chunks:
            rows += map(_LINE.decode, chunk.splitlines())
            count += chunk.count(b"\n")
            if len(rows) >= _ROW_GROUP:
                out.write_table(_table(rows))
                rows.clear()
        out.write_table(_table(rows))
    return count


def _table(rows: Sequence[Reading]) -> pa.Table:
    def column(field: pa.Field) -> pa.Array:
        values: list[Any] = [getattr(row, field.name) for row in rows]
        if pa.types.is_map(field.type):
            values = [list(value.items()) for value in values]
        return pa.array(values, field.type)

    return pa.Table.from_arrays([column(field) for field in SCHEMA], schema=SCHEMA)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, write the files, say what has been written.

    Returns:
        The exit code 0.

    Raises:
        SystemExit: with 2 if the arguments cannot be followed, 130 if Ctrl-C came.
    """
    parser = argparse.ArgumentParser(prog="scada export", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("out", type=Path, metavar="OUT", help="directory for the files; must be empty or not exist")
    parser.add_argument("--hours", type=_number(0, 24 * 366), default=24.0, help="simulated hours (default: 24)")
    parser.add_argument("--scenario", choices=scenarios.names(), help="what happens; without it nothing special")
    parser.add_argument(
        "--lead-in", type=_number(0, 24 * 366), default=1.0, help="ordinary hours before the scenario (default: 1)"
    )
    parser.add_argument("--generators", type=int, default=10, help=f"sets, 1 to {LARGEST_FLEET} (default: 10)")
    parser.add_argument("--scan-interval", type=float, default=1.0, help="simulated seconds (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="what all chance is drawn from (default: 1)")
    parser.add_argument(
        "--damage", type=float, default=0.0, help="share of the lines damaged on the wire, of NDJSON only (default: 0)"
    )
    parser.add_argument("--start", default="2026-01-01T00:00:00Z", help="simulated time (default: %(default)s)")
    parser.add_argument("--format", choices=("ndjson", "parquet"), default="ndjson", help="of the files")
    asked = parser.parse_args(arguments)
    if asked.damage and asked.format == "parquet":
        parser.error("--damage: a damaged line has no columns; leave it out or write NDJSON")
    try:
        settings = Settings(
            stream_id=f"export-{(asked.scenario or 'ordinary').replace('_', '-')}-{asked.seed}",
            seed=asked.seed,
            start=asked.start,
            generators=asked.generators,
            scan_interval_s=asked.scan_interval,
            damage=asked.damage,
            state_dir=None,
            replay=None,
        )
        asked.out.mkdir(parents=True, exist_ok=True)
        occupied = any(asked.out.iterdir())
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if occupied:
        parser.error(f"{asked.out} is not empty; name another directory")
    run = Run(settings)
    scans = round(asked.hours * 3600 / settings.scan_interval_s)
    try:
        if asked.scenario:
            lead_in = round(asked.lead_in * 3600 / settings.scan_interval_s)
            run.reserve(min(lead_in, scans - 1))
            run.accept("scenario", {"scenario": scenarios.steps(asked.scenario, "scenario")})
        count = export(run, scans, asked.out, as_parquet=asked.format == "parquet")
    except KeyboardInterrupt:
        parser.exit(_INTERRUPTED, f"scada export: interrupted; what is in {asked.out} is not whole\n")
    finally:
        run.close()
    sys.stdout.write(f"{count:,} lines of {asked.generators} sets over {asked.hours:g} hours in {asked.out}\n")
    return 0


def _number(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not least < value <= most:
            raise argparse.ArgumentTypeError(f"must be above {least:g} and at most {most:g}, not {text}")
        return value

    return number


if __name__ == "__main__":
    sys.exit(main())

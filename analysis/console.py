"""The summary of the generators as a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_COLUMNS: Final = {
    "generator_id": ("generator", "s"),
    "Records": ("records", "d"),
    "RecordsOnline": ("online", "d"),
    "AvgPowerOutput": ("avg kW", ".1f"),
    "MinPowerOutput": ("min kW", ".1f"),
    "MaxPowerOutput": ("max kW", ".1f"),
    "AvgVoltage": ("avg V", ".1f"),
    "AvgFuelLevel": ("fuel %", ".1f"),
    "FaultAlarmsCount": ("alarms", "d"),
}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lines of a table with a heading, one per row of `analysis.summary.summary`; what is null is a dash."""
    ordered = sorted(rows, key=lambda row: _natural(row["generator_id"]))
    cells = [[heading for heading, _ in _COLUMNS.values()]]
    cells += [[_cell(row[name], form) for name, (_, form) in _COLUMNS.items()] for row in ordered]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def _cell(value: Any, form: str) -> str:
    return "-" if value is None else format(value, form)


def _natural(name: str) -> tuple[int, str]:
    """A key that sorts G2 before G10."""
    return len(name), name

"""What people see: a status as a screen for a terminal, and as lines for everything else."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.status import Alarm, Bus, Stage, Status

_COLUMNS: Final = {
    "generator_id": ("generator", "s"),
    "Records": ("records", ",d"),
    "RecordsOnline": ("on line", ",d"),
    "AvgPowerOutput": ("avg kW", ".1f"),
    "MinPowerOutput": ("min kW", ".1f"),
    "MaxPowerOutput": ("max kW", ".1f"),
    "AvgVoltage": ("avg V", ".1f"),
    "AvgFuelLevel": ("fuel %", ".1f"),
    "FaultAlarmsCount": ("alarms", ",d"),
}
ROWS: Final = 20
"""Generators that the screen shows; the closing summary has all."""
ALARMS: Final = 5
"""Unacknowledged alarms that the screen shows."""
_STYLES: Final = {"high": "bold red", "medium": "bold yellow", "low": "bold"}
BEHIND_S: Final = 15.0
"""Seconds of lag from which the line for a log says so: more than two batches of the slowest query."""


def render(status: Status) -> RenderableType:
    """The whole screen."""
    rows: list[RenderableType] = [_heading(status), _parts(status.parts)]
    if status.bus:
        rows.append(Text(bus_line(status.bus)))
    if status.stages:
        rows.append(_stages(status.stages))
    if status.set_aside:
        rows.append(Text(set_aside_line(status.set_aside), style="bold" if any(status.set_aside.values()) else ""))
    rows += [Text(alarm_line(alarm), style=_STYLES[alarm.priority]) for alarm in status.alarms[:ALARMS]]
    if (unseen := len(status.alarms) - ALARMS) > 0:
        rows.append(Text(f"… and {unseen} more unacknowledged alarms"))
    if status.summary:
        rows.append(summary_table(status.summary[:ROWS]))
        if (hidden := len(status.summary) - ROWS) > 0:
            rows.append(Text(f"… and {hidden} more generators"))
    rows += [Text(f"{name}: {url}", style="dim") for name, url in status.urls.items()]
    return Group(*rows)


def line(status: Status) -> str:
    """The stages on one line, for a log."""
    stages = " → ".join(f"{stage.name} {stage.total:,}{_rate(stage)}{_behind(stage)}" for stage in status.stages)
    parts = [f"{status.elapsed_s:5.0f} s", stages, set_aside_line(status.set_aside)]
    if status.bus:
        parts.append(bus_line(status.bus))
    if status.alarms:
        shown = ", ".join(f"{alarm.alarm_id} {alarm.source}" for alarm in status.alarms[:ALARMS])
        parts.append(f"unacknowledged alarms {len(status.alarms)}: {shown}")
    return " | ".join(part for part in parts if part)


def summary_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The summary of the generators; what is null is a dash."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading, form in _COLUMNS.values():
        table.add_column(heading, justify="left" if form == "s" else "right")
    for row in rows:
        table.add_row(*(_cell(row.get(name), form) for name, (_, form) in _COLUMNS.items()))
    return table


def bus_line(bus: Bus) -> str:
    """A site's bus in words."""
    return (
        f"bus {bus.site}: {_cell(bus.frequency_hz, '.2f')} Hz, {_cell(bus.voltage_v, '.1f')} V, "
        f"demand {_cell(bus.demand_kw, '.0f')} of {_cell(bus.capacity_kw, '.0f')} kW "
        f"({bus.on_line} of {bus.sets} sets), reserve {_cell(bus.reserve_kw, '.0f')} kW"
    )


def alarm_line(alarm: Alarm) -> str:
    """An unacknowledged alarm in words."""
    state = "active" if alarm.is_active else "returned"
    return f"{alarm.priority.upper()} {alarm.alarm_id} {alarm.source}: {state}, {alarm.time[11:19]} UTC plant time"


def set_aside_line(counts: Mapping[str, int]) -> str:
    """The counters of what is not among the results."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _heading(status: Status) -> Text:
    text = Text.assemble(("SIMULATED PLANT", "reverse"), f"  {status.elapsed_s:.0f} s")
    if status.remaining_s is not None:
        text.append(f", {status.remaining_s:.0f} s left")
    return text


def _parts(states: Mapping[str, str]) -> Text:
    words = (Text(f"{name}: {state}", style="" if state == "running" else "bold") for name, state in states.items())
    return Text("  ").join(words)


def _stages(stages: Sequence[Stage]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("stage")
    for heading in ("records", "per second", "lag", "seconds"):
        table.add_column(heading, justify="right")
    for stage in stages:
        lag = _cell(stage.lag, ",d"), _cell(stage.lag_s, ",.1f")
        table.add_row(stage.name, f"{stage.total:,}", _cell(stage.rate, ",.1f"), *lag)
    return table


def _rate(stage: Stage) -> str:
    return "" if stage.rate is None else f" ({stage.rate:,.1f}/s)"


def _behind(stage: Stage) -> str:
    return f", {stage.lag_s:.0f} s behind" if stage.lag_s and stage.lag_s >= BEHIND_S else ""


def _cell(value: Any, form: str) -> str:
    return "-" if value is None else format(value, form)

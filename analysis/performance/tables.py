"""The tables of the report, as cells, and as lines of text of at most 80 columns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from analysis.performance.alarms import PRIORITIES, TARGET_SHARES, Alarm, AlarmPerformance
from analysis.performance.findings import Findings

_LONGEST_NAME: Final = 16
_ASCII: Final = str.maketrans({"─": "-", "…": "~", "≤": "<", "≥": ">", "∫": "S", "°": " "})


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: what it is about.
        headings: a heading for each column.
        rows: the cells of each row.
        texts: how many columns from the left hold text; the others hold numbers.
        note: what a reader should know to understand it.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int
    note: str = ""


def plant(findings: Findings) -> Iterator[Table]:
    """The tables of the plant."""
    yield _of(
        "Sites",
        findings.sites,
        {
            "site": ("site", _name),
            "sets": ("sets", str),
            "kWh": ("energy_kwh", _fixed(0)),
            "fuel L": ("fuel_l", _fixed(0)),
            "L/kWh": ("specific_l_per_kwh", _fixed(3)),
            "curve": ("curve_l_per_kwh", _fixed(3)),
            "avail": ("availability", _share),
            "dead s": ("dead_h", _seconds),
            "unserved": ("not_served_kwh", _fixed(1)),
        },
        note="curve: L/kWh by the nameplate at the same loads. dead: no voltage on the bus. unserved: kWh, estimated.",
    )
    yield _of(
        "Energy and fuel",
        findings.generators,
        {
            "set": ("generator_id", _name),
            "known": ("covered", _share),
            "kWh": ("energy_kwh", _fixed(1)),
            "∫P kWh": ("energy_integral_kwh", _fixed(1)),
            "fuel L": ("fuel_l", _fixed(1)),
            "tank L": ("fuel_level_l", _fixed(1)),
            "L/kWh": ("specific_l_per_kwh", _fixed(3)),
            "curve": ("curve_l_per_kwh", _fixed(3)),
        },
        note="kWh by the counter and by the integral of power; fuel by its rate and by the level of the tank.",
    )
    yield _of(
        "Operation",
        findings.generators,
        {
            "set": ("generator_id", _name),
            "running h": ("running_h", _fixed(2)),
            "on line h": ("service_h", _fixed(2)),
            "starts": ("starts", _fixed(0)),
            "tripped h": ("forced_outage_h", _fixed(2)),
            "off h": ("other_outage_h", _fixed(2)),
            "avail": ("availability", _share),
        },
        note="avail: hours neither tripped nor off, of those in which the state is known (IEEE Std 762).",
    )
    if findings.outages:
        yield _of(
            "Outages",
            findings.outages,
            {
                "site": ("site", _name),
                "begin": ("begin", _instant),
                "dead s": ("hours", _seconds),
                "demand before kW": ("demand_kw", _fixed(1)),
                "kWh not served": ("not_served_kwh", _fixed(2)),
            },
            texts=2,
            note="What a dead bus would have been asked for is taken for the largest power of the minute before.",
        )


def alarms(found: AlarmPerformance) -> Iterator[Table]:
    """The tables of the alarm system."""
    yield Table(
        "Alarm system",
        ("figure", "value", "aim", "ISA-18.2"),
        (
            ("annunciations", str(found.annunciations), "", ""),
            ("per ten minutes, mean", _fixed(2)(found.average), "≤ 1", "16.4.2"),
            ("per ten minutes, peak", str(found.peak), "≤ 10", "16.4.3"),
            ("floods", str(len(found.floods)), "0", "16.4.4"),
            ("time in flood", _share(found.flood_share), "< 1 %", "16.4.4"),
            ("top ten of all", _share(sum(share for *_, share in found.top)), "< 5 %", "16.4.5"),
            ("chattering alarms", str(len(found.chattering)), "0", "16.4.6"),
            ("standing over 24 h", str(len(found.standing)), "< 5", "16.4.7"),
            *(_priority(found, priority) for priority in PRIORITIES),
        ),
        texts=1,
        note="One operator for the whole stream. The standard wants at least 30 days of data.",
    )
    if found.top:
        rows = [(*_named(alarm), str(count), _share(share)) for alarm, count, share in found.top]
        yield Table("Most frequent alarms", ("alarm", "site", "source", "times", "share"), tuple(rows), texts=3)
    if found.chattering:
        rows3 = tuple((*_named(alarm), str(rate)) for alarm, rate in found.chattering)
        yield Table("Chattering alarms", ("alarm", "site", "source", "within a minute"), rows3, texts=3)
    if found.standing:
        rows4 = tuple((*_named(one.alarm), _instant(one.span.begin), _hours(one.span.length)) for one in found.standing)
        yield Table("Standing alarms", ("alarm", "site", "source", "since", "h"), rows4, texts=4)


def text(table: Table) -> str:
    """The table as lines of at most 80 columns; names that are too long end in an ellipsis."""
    cells = [table.headings, *table.rows]
    cells = [(*(_cut(cell) for cell in row[: table.texts]), *row[table.texts :]) for row in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if column < table.texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([table.title, lines[0], "─" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])


def encodable(lines: str, encoding: str) -> str:
    """The lines in characters that an encoding has, with a likeness in ASCII where it lacks them."""
    try:
        lines.encode(encoding)
    except UnicodeEncodeError:
        return lines.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return lines


def _of(
    title: str,
    rows: Iterable[Mapping[str, Any]],
    columns: Mapping[str, tuple[str, Callable[[Any], str]]],
    *,
    texts: int = 1,
    note: str,
) -> Table:
    cells = tuple(tuple(_known(form, row[name]) for name, form in columns.values()) for row in rows)
    return Table(title, tuple(columns), cells, texts, note)


def _priority(found: AlarmPerformance, priority: str) -> tuple[str, ...]:
    share = found.priorities.get(priority, 0) / found.annunciations if found.annunciations else None
    return (f"priority {priority}", _share(share), f"{TARGET_SHARES[priority]:.0%}".replace("%", " %"), "16.4.8")


def _named(alarm: Alarm) -> tuple[str, str, str]:
    return alarm.alarm_id, alarm.site, alarm.source


def _known(form: Callable[[Any], str], value: Any) -> str:
    return "-" if value is None else form(value)


def _fixed(places: int) -> Callable[[float | None], str]:
    return lambda value: "-" if value is None else f"{value:.{places}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _seconds(hours: float) -> str:
    return f"{hours * 3600:.0f}"


def _hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):.1f}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _name(name: str) -> str:
    return name


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_NAME or " " in cell else cell[: _LONGEST_NAME - 1] + "…"

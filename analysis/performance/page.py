"""The report as one page of HTML that needs nothing else: no script, no font, no image from elsewhere."""

from collections.abc import Iterator
from html import escape
from typing import Final

from analysis.performance import plots, tables
from analysis.performance.alarms import AlarmPerformance
from analysis.performance.findings import Findings
from analysis.performance.tables import Table

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 820px; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: .2em; } h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid #bbb; }
figure { margin: 1.2em 0; } svg { width: 100%; height: auto; }
figcaption, caption { font-weight: 600; text-align: left; padding: .3em 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 1em; }
th, td { padding: .2em 0 .2em 1.2em; text-align: right; border-bottom: 1px solid #e4e4e4; white-space: nowrap; }
th { border-bottom-color: #888; font-weight: 600; } .text { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
.note, .period { color: #555; font-size: .9em; margin-top: .3em; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } section, figure, tr { break-inside: avoid; }
  * { print-color-adjust: exact; } }
"""


def page(findings: Findings) -> str:
    """The page; all that comes from readings and alarms is escaped."""
    title = f"Plant and alarm performance of {escape(findings.stream_id)}"
    period = findings.period
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f'<p class="period">{period.begin:%Y-%m-%d %H:%M:%S} to {period.end:%Y-%m-%d %H:%M:%S} UTC, '
        f"{findings.readings:,} readings of {len(findings.generators)} sets</p>"
        f"{''.join(_plant(findings))}<h2>Alarms</h2>{''.join(_alarms(findings.alarms))}</body></html>\n"
    )


def _plant(findings: Findings) -> Iterator[str]:
    sites, energy, *others = map(_table, tables.plant(findings))
    yield f"<h2>Plant</h2>{sites}"
    series: dict[str, list[plots.Point]] = {}
    for row in findings.power:
        series.setdefault(row["site"], []).append((row["begin"].timestamp(), row["power_kw"]))
    yield _figure(f"Power of each site, kW (mean of {_length(findings.power_width_s)}, UTC)",
                  plots.power(series, findings.power_width_s))  # fmt: skip
    yield energy
    points = [(row["power_kw"], row["specific_l_per_kwh"]) for row in findings.consumption]
    rating = findings.rating
    yield _figure(
        "Specific consumption of each set, L/kWh, by load, kW",
        plots.consumption(points, lambda kw: rating.no_load_lph / kw + rating.per_kw_lph),
    )
    yield "".join(others)
    bars: list[tuple[str, float, float, float]] = []
    for row in findings.generators:
        available, tripped, off = row["available_h"], row["forced_outage_h"], row["other_outage_h"]
        if known := available + tripped + off:
            bars.append((row["generator_id"], available / known, tripped / known, off / known))
    yield _figure("Availability of each set", plots.availability(bars))


def _alarms(found: AlarmPerformance | None) -> Iterator[str]:
    if found is None:
        yield "<p>No alarm transitions were given.</p>"
        return
    first, *others = map(_table, tables.alarms(found))
    yield first
    yield _figure(
        "Annunciations in each ten minutes (UTC)",
        plots.rates(
            [(begin.timestamp(), float(count)) for begin, count in found.per_ten_minutes],
            [(flood.begin.timestamp(), flood.end.timestamp()) for flood in found.floods],
        ),
    )
    yield "".join(others)


def _table(table: Table) -> str:
    def cells(tag: str, row: tuple[str, ...]) -> str:
        classes = ('<{} class="text">' if column < table.texts else "<{}>" for column in range(len(row)))
        return "".join(f"{open_.format(tag)}{escape(cell)}</{tag}>" for open_, cell in zip(classes, row, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<section><div class="wide"><table><caption>{escape(table.title)}</caption>'
        f"<thead><tr>{cells('th', table.headings)}</tr></thead><tbody>{body}</tbody></table></div>{note}</section>"
    )


def _figure(caption: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"


def _length(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"

"""The plots of the report as SVG: text, with no script and nothing that is loaded from elsewhere.

Times are seconds since 1970 in UTC. Series differ in colour and in dash, so that they can be told apart in grey print.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import floor, log10
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float]
Ticks: TypeAlias = Iterable[tuple[float, str]]

WIDTH: Final = 760
HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 30, 40
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56779c", "#7a5c00")
"""After Okabe and Ito, who chose colours that the colour-blind can tell apart; dark enough for lines on white."""
_DASHES: Final = ("none", "7 3", "2 3", "9 3 2 3")
_GREY, _INK, _FLOOD = "#8a8a8a", "#222222", "#f6d5b8"
_DOTS = f'stroke="{_COLOURS[0]}" stroke-width="7" stroke-linecap="round" stroke-dasharray="0 11"'
_TIME_STEPS_S: Final = (60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)
_DAY_S: Final = 86_400


@dataclass(frozen=True)
class _Axes:
    """The field of a plot: what range of values it shows."""

    x: Point
    y: Point

    def at(self, point: Point) -> str:
        """Where a point is drawn."""
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (point[1] - self.y[0]) / (self.y[1] - self.y[0])
        return (
            f"{_LEFT + across * (WIDTH - _LEFT - _RIGHT):.1f},{HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM):.1f}"
        )

    def box(self, low: Point, high: Point, attributes: str) -> str:
        """A rectangle between two corners."""
        left, bottom = map(float, self.at(low).split(","))
        right, top = map(float, self.at(high).split(","))
        return (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" {attributes}/>'
        )


def power(sites: Mapping[str, Sequence[Point]], width_s: float) -> str:
    """Power over time, a line per site that breaks where longer than its step nothing is known.

    Args:
        sites: per site, time and kW, ascending.
        width_s: seconds from one point to the next.
    """
    points = [point for series in sites.values() for point in series]
    axes = _Axes(_span(x for x, _ in points), (0.0, _ceiling(y for _, y in points)))
    drawn: list[str] = []
    legend: list[tuple[str, str]] = []
    for number, (site, series) in enumerate(sites.items()):
        style = f'stroke="{_colour(number)}" stroke-dasharray="{_DASHES[number % len(_DASHES)]}"'
        drawn += [_line(axes, part, style) for part in _unbroken(series, width_s)]
        legend.append((site, style))
    return _plot("Power of each site, kW", axes, (_times(axes.x), _numbers(axes.y)), drawn, legend)


def rates(counts: Sequence[Point], floods: Sequence[Point]) -> str:
    """Annunciations in each ten minutes as bars; what lies in a flood has a field behind it.

    Args:
        counts: begin of the ten minutes, and the number.
        floods: begin and end of each flood.
    """
    times = _span([*(x for x, _ in counts), *(x + 600 for x, _ in counts)])
    axes = _Axes(times, (0.0, _ceiling([12.0, *(y for _, y in counts)])))
    drawn = [axes.box((begin, 0), (end, axes.y[1]), f'fill="{_FLOOD}"') for begin, end in floods]
    drawn += [axes.box((x + 40, 0), (x + 560, y), f'fill="{_COLOURS[0]}"') for x, y in counts if y]
    for level, dash in ((10.0, "7 3"), (5.0, "2 3")):
        drawn.append(_line(axes, [(times[0], level), (times[1], level)], f'stroke="{_GREY}" stroke-dasharray="{dash}"'))
    legend = [
        ("flood", f'stroke="{_FLOOD}" stroke-width="10"'),
        ("begins above 10", f'stroke="{_GREY}" stroke-dasharray="7 3"'),
        ("ends below 5", f'stroke="{_GREY}" stroke-dasharray="2 3"'),
    ]
    return _plot("Annunciations in ten minutes", axes, (_times(times), _numbers(axes.y)), drawn, legend)


def consumption(points: Sequence[Point], curve: Callable[[float], float]) -> str:
    """Specific consumption over load: measured as circles, the curve of the nameplate as a line.

    Args:
        points: kW and L/kWh.
        curve: L/kWh at so many kW.
    """
    highest = max([_ceiling(x for x, _ in points), 160.0])
    line = [(kw, curve(kw)) for kw in (10 + (highest - 10) * step / 60 for step in range(61))]
    top = min(_ceiling(y for _, y in points), 2 * line[0][1]) if points else line[0][1]
    axes = _Axes((0.0, highest), (0.0, max(top, 0.5)))
    visible = [(kw, at) for kw, at in line if at <= axes.y[1]]
    drawn = [_line(axes, visible, f'stroke="{_COLOURS[1]}" stroke-dasharray="7 3"')]
    for point in points:
        x, y = axes.at((point[0], min(point[1], axes.y[1]))).split(",")
        drawn.append(f'<circle cx="{x}" cy="{y}" r="3.5" fill="none" stroke="{_COLOURS[0]}" stroke-width="1.5"/>')
    legend = [("nameplate", f'stroke="{_COLOURS[1]}" stroke-dasharray="7 3"'), ("measured", _DOTS)]
    title = "Specific consumption, L/kWh, over load, kW"
    return _plot(title, axes, (_numbers(axes.x), _numbers(axes.y)), drawn, legend)


def availability(sets: Sequence[tuple[str, float, float, float]]) -> str:
    """A bar per set: the shares of its known time available, tripped, and otherwise unavailable.

    Args:
        sets: name and the three shares, which add up to one.
    """
    row, left = 22, 150
    height = 34 + row * len(sets) + 8
    field = WIDTH - left - 70
    kinds = (("available", "#a6d8c0"), ("tripped", "#a63c00"), ("off or out of service", _GREY))
    parts, x = [], float(left)
    for label, colour in kinds:
        parts.append(f'<rect x="{x}" y="8" width="12" height="12" fill="{colour}"/>{_text(x + 18, 18, label)}')
        x += 40 + 7 * len(label)
    for number, (name, *shares) in enumerate(sets):
        y, x = 34 + row * number, float(left)
        parts.append(_text(left - 8, y + 13, _short(name), "end"))
        for share, (_, colour) in zip(shares, kinds, strict=True):
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{share * field:.1f}" height="{row - 6}" fill="{colour}"/>')
            x += share * field
        parts.append(_text(left + field + 8, y + 13, f"{shares[0]:.1%}"))
    return _svg("Availability of each set", height, parts)


def _plot(
    title: str, axes: _Axes, ticks: tuple[Ticks, Ticks], drawn: Iterable[str], legend: Sequence[tuple[str, str]]
) -> str:
    grid: list[str] = []
    labels: list[str] = []
    for value, label in ticks[0]:
        x, y = map(float, axes.at((value, axes.y[0])).split(","))
        grid.append(f'<path d="M{x:.1f},{y:.1f}v5" stroke="{_GREY}"/>')
        labels.append(_text(x, y + 20, label, "middle"))
    for value, label in ticks[1]:
        x, y = map(float, axes.at((axes.x[0], value)).split(","))
        grid.append(f'<path d="M{x:.1f},{y:.1f}H{WIDTH - _RIGHT}" stroke="#dddddd"/>')
        labels.append(_text(x - 8, y + 4, label, "end"))
    x = float(_LEFT)
    for label, style in legend:
        labels.append(
            f'<g stroke-width="2"><path d="M{x:.0f},14h26" fill="none" {style}/></g>' + _text(x + 32, 18, _short(label))
        )
        x += 56 + 7 * len(_short(label))
    corner = axes.at((axes.x[0], axes.y[0]))
    base = f'<path d="M{corner}H{WIDTH - _RIGHT}" stroke="{_INK}"/>'
    return _svg(title, HEIGHT, [*grid, *drawn, base, *labels])


def _svg(title: str, height: int, parts: Iterable[str]) -> str:
    name = escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}" '
        f'font-family="sans-serif" font-size="12"><title>{name}</title>{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}">{escape(text)}</text>'


def _line(axes: _Axes, points: Sequence[Point], style: str) -> str:
    return f'<polyline points="{" ".join(map(axes.at, points))}" fill="none" stroke-width="1.6" {style}/>'


def _unbroken(series: Sequence[Point], width_s: float) -> list[list[Point]]:
    parts: list[list[Point]] = []
    for point in series:
        if parts and point[0] - parts[-1][-1][0] <= 1.5 * width_s:
            parts[-1].append(point)
        else:
            parts.append([point])
    return parts


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _span(values: Iterable[float]) -> Point:
    found = sorted(values) or [0.0]
    return found[0], max(found[-1], found[0] + 1.0)


def _ceiling(values: Iterable[float]) -> float:
    """A round number above all values, and by at most half above the largest; 1 if none is positive."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(highest))
    return next(unit * factor for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20) if unit * factor > highest * 1.02)


def _numbers(span: Point) -> Ticks:
    step = span[1] / 4 if span[1] / 4 in (0.25, 0.5) or span[1] % 4 == 0 or span[1] < 4 else span[1] / 5
    count = round(span[1] / step)
    return [(step * number, f"{step * number:.6g}") for number in range(count + 1)]


def _times(span: Point) -> Ticks:
    length = span[1] - span[0]
    step = next((step for step in _TIME_STEPS_S if length / step <= 8), _TIME_STEPS_S[-1])
    form = "%m-%d" if step >= _DAY_S else "%H:%M:%S" if length < 300 else "%H:%M"
    first = -int(-span[0] // step) * step
    ticks = range(first, int(span[1]) + 1, step)
    return [(float(tick), datetime.fromtimestamp(tick, UTC).strftime(form)) for tick in ticks]

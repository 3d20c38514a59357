"""The report as text and as a page, from figures that are made up."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from analysis import report
from analysis.performance import plots
from analysis.performance.alarms import Span, performance
from analysis.performance.findings import Findings
from analysis.performance.page import page
from analysis.performance.plant import REFERENCE
from analysis.performance.tables import encodable

START = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = "N" + "x" * 63
HOSTILE = "<script>alert('&')</script>"


def transition(second: float, **changes: Any) -> dict[str, Any]:
    return {
        "stream_id": "run-1",
        "site": "S1",
        "generator_id": "G1",
        "alarm_id": "OIL_LOW",
        "number": int(second),
        "time": f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S.%fZ}",
        "state": "UNACK",
        "suppression": "NONE",
        "priority": "high",
        "annunciated": True,
    } | changes


def findings(name: str = "G1", site: str = "S1", **changes: Any) -> Findings:
    """A set that ran for two hours, tripped for half an hour, and took its bus with it for a minute."""
    period = Span(START, START + timedelta(hours=48))
    generator = {
        "site": site,
        "generator_id": name,
        "covered": 0.999,
        "energy_kwh": 200.0,
        "energy_integral_kwh": 199.96,
        "fuel_l": 57.6,
        "fuel_level_l": None,
        "specific_l_per_kwh": 0.2881,
        "curve_l_per_kwh": 0.288,
        "running_h": 2.1,
        "service_h": 2.0,
        "starts": 3,
        "available_h": 1.5,
        "forced_outage_h": 0.5,
        "other_outage_h": 0.0,
        "availability": 0.75,
    }
    alarms = [transition(20 * number, generator_id=name, site=site) for number in range(12)]
    known: dict[str, Any] = {
        "stream_id": "run-1",
        "period": period,
        "readings": 17280,
        "rating": REFERENCE,
        "sites": [generator | {"sets": 1, "dead_h": 1 / 60, "not_served_kwh": 1.67}],
        "generators": [generator],
        "outages": [
            {"site": site, "begin": START, "hours": 1 / 60, "demand_kw": 100.0, "not_served_kwh": 1.67},
        ],
        "consumption": [{"generator_id": name, "power_kw": 100.0, "specific_l_per_kwh": 0.288}],
        "power": [
            {"site": site, "begin": START + timedelta(minutes=10 * number), "power_kw": 100.0} for number in range(3)
        ],
        "power_width_s": 600,
        "alarms": performance(alarms, period),
    }
    return Findings(**(known | changes))


def test_the_report_is_text_that_an_operator_can_read() -> None:
    lines = report.terminal(findings()).splitlines()
    assert lines[:9] == [
        "run-1",
        "2026-01-01 00:00:00 to 2026-01-03 00:00:00 UTC, 17,280 readings of 1 sets",
        "",
        "Sites",
        "site  sets  kWh  fuel L  L/kWh  curve   avail  dead s  unserved",
        "───────────────────────────────────────────────────────────────",
        "S1       1  200      58  0.288  0.288  75.0 %      60       1.7",
        "",
        "Energy and fuel",
    ]
    assert "G1   99.9 %  200.0   200.0    57.6       -  0.288  0.288" in lines
    assert "G1        2.10       2.00       3       0.50   0.00  75.0 %" in lines
    assert "time in flood            0.3 %  < 1 %    16.4.4" in lines
    assert "OIL_LOW  S1    G1         12  100.0 %" in lines
    assert "OIL_LOW  S1    G1                    3" in lines


def test_no_line_is_longer_than_a_terminal_is_wide_whatever_the_names() -> None:
    text = report.terminal(findings(name=LONGEST, site=LONGEST))
    assert max(map(len, text.splitlines())) <= 80
    assert LONGEST[:15] + "…" in text


def test_a_terminal_without_the_characters_gets_a_likeness_in_ascii() -> None:
    text = report.terminal(findings(name=LONGEST))
    assert encodable(text, "utf-8") == text
    plain = encodable(text, "ascii")
    assert plain.isascii()
    assert LONGEST[:15] + "~" in plain
    assert "?" not in plain


def test_a_report_without_transitions_says_so() -> None:
    bare = findings(alarms=None)
    assert "No alarm transitions were given." in report.terminal(bare)
    assert "No alarm transitions were given." in page(bare)


class Parsed(HTMLParser):
    """The elements of a page, and the values of attributes that load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in {"src", "href", "action", "data", "onload"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = page(findings())
    parsed = Parsed(text)
    assert parsed.open == []
    assert parsed.loads == []
    assert not {"script", "link", "img", "iframe", "object"} & set(parsed.tags)
    assert parsed.tags.count("svg") == 4
    assert "url(" not in text
    assert "@import" not in text


def test_names_are_text_on_the_page_and_never_markup() -> None:
    """The contract keeps such names out; the files of a historian may come from anywhere."""
    text = page(findings(name=HOSTILE, site=HOSTILE, stream_id=HOSTILE))
    parsed = Parsed(text)
    assert "script" not in parsed.tags
    assert parsed.open == []
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in text


def test_the_page_has_the_figures_of_the_terminal() -> None:
    text = re.sub(r"<[^>]+>", "|", page(findings()))
    for figure in ("|0.288|", "|75.0 %|", "|200.0|", "|2.10|", "|16.4.6|", "|12|"):
        assert figure in text


def elements(svg: str, kind: str) -> list[dict[str, str]]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own text, which has to be XML
    return [element.attrib for element in root.iter(f"{{http://www.w3.org/2000/svg}}{kind}")]


def test_a_line_of_power_breaks_where_nothing_is_known() -> None:
    svg = plots.power({"S1": [(0, 50), (600, 50), (3600, 100), (4200, 0)]}, 600)
    assert [line["points"] for line in elements(svg, "polyline")] == [
        "58.0,156.7 156.0,156.7",
        "646.0,93.3 744.0,220.0",
    ]


def test_bars_stand_on_their_ten_minutes_and_floods_behind_them() -> None:
    svg = plots.rates([(0, 12), (600, 0)], [(300, 900)])
    flood, bar = elements(svg, "rect")
    assert (flood["x"], flood["width"]) == ("229.5", "343.0")
    assert (bar["x"], bar["y"], bar["height"]) == ("80.9", "68.0", "152.0")


def test_shares_of_availability_fill_the_bar() -> None:
    svg = plots.availability([("G1", 0.5, 0.25, 0.25)])
    bars = [(float(bar["x"]), float(bar["width"])) for bar in elements(svg, "rect")[3:]]
    assert bars == [(150.0, 270.0), (420.0, 135.0), (555.0, 135.0)]


def test_consumption_off_the_scale_stays_on_the_plot() -> None:
    svg = plots.consumption([(100, 0.288), (12, 9.0)], lambda kw: 4.1 / kw + 0.247)
    assert all(0 <= float(circle["cy"]) <= plots.HEIGHT for circle in elements(svg, "circle"))
    assert len(elements(svg, "circle")) == 2


@pytest.mark.parametrize(
    "svg",
    [
        plots.power({}, 60),
        plots.power({"S1": [(0, 0)]}, 60),
        plots.rates([], []),
        plots.consumption([], lambda kw: 4.1 / kw + 0.247),
        plots.availability([]),
    ],
)
def test_a_plot_of_nothing_is_still_a_plot(svg: str) -> None:
    assert "nan" not in svg
    assert len(elements(svg, "title")) == 1


def test_transitions_are_read_as_tail_prints_them_and_bare() -> None:
    lines = [json.dumps({"key": "run-1/G1/OIL_LOW", "value": transition(1)}), "", json.dumps(transition(2))]
    assert report.parse_transitions(lines) == [transition(1), transition(2)]


@pytest.mark.parametrize("line", ["{", "3", '{"key": "a", "value": null}', '{"key": "a"}', '{"value": 3}'])
def test_a_line_that_is_no_transition_is_named_by_its_number(line: str) -> None:
    with pytest.raises(report.ReportError, match="line 2 is no transition of an alarm"):
        report.parse_transitions([json.dumps(transition(1)), line])


def test_a_directory_that_is_no_historian_is_told_in_one_line(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        report.main([str(tmp_path)])
    assert "has no directory readings" in capsys.readouterr().err

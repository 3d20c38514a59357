"""The screen is a function of a status."""

import io
from dataclasses import replace

from rich.console import Console

from pipeline import screen
from pipeline.status import Alarm, Bus, Stage, Status

ROW = {
    "generator_id": "G1",
    "Records": 1200,
    "RecordsOnline": 0,
    "AvgPowerOutput": 101.26,
    "MinPowerOutput": -2.0,
    "MaxPowerOutput": 150.0,
    "AvgVoltage": None,
    "AvgFuelLevel": 80.0,
    "FaultAlarmsCount": 3,
}
STATUS = Status(
    elapsed_s=21.4,
    remaining_s=38.6,
    parts={"kafka": "running", "analysis": "downloading 3 of 5 jars"},
    bus=Bus("S1", 50.014, None, 509.4, 5, 10, capacity_kw=750.0),
    stages=(Stage("emitted", 1230, 10.04), Stage("committed", 1200, None, 30), Stage("decoded", 900, 9.0, 300, 31.25)),
    set_aside={"dead letters": 2, "late": 0},
    summary=(ROW,),
    urls={"stream": "http://127.0.0.1:8000/generator/stream"},
)


def _shown(status: Status, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(screen.render(status))
    output = console.file
    assert isinstance(output, io.StringIO)
    return [" ".join(line.split()) for line in output.getvalue().splitlines() if line.strip()]


def test_the_screen_says_that_the_plant_is_simulated_and_what_each_part_does() -> None:
    assert _shown(STATUS)[:2] == ["SIMULATED PLANT 21 s, 39 s left", "kafka: running analysis: downloading 3 of 5 jars"]


def test_the_screen_has_the_bus_with_a_dash_for_what_nobody_has_measured() -> None:
    assert "bus S1: 50.01 Hz, - V, demand 509 of 750 kW (5 of 10 sets), reserve 241 kW" in _shown(STATUS)


def test_the_screen_has_a_dash_for_a_demand_that_nobody_knows() -> None:
    bus = replace(STATUS, bus=Bus("S1", 50.0, 230.0, None, 5, 10, capacity_kw=750.0))
    assert "bus S1: 50.00 Hz, 230.0 V, demand - of 750 kW (5 of 10 sets), reserve - kW" in _shown(bus)


def test_the_screen_has_each_stage_with_total_rate_and_lag() -> None:
    lines = _shown(STATUS)
    assert "emitted 1,230 10.0 - -" in lines
    assert "committed 1,200 - 30 -" in lines
    assert "decoded 900 9.0 300 31.2" in lines


def test_the_screen_has_what_was_set_aside_and_where_to_look_closer() -> None:
    lines = _shown(STATUS)
    assert "dead letters 2, late 0" in lines
    assert "stream: http://127.0.0.1:8000/generator/stream" in lines


def test_the_summary_fits_a_terminal_of_eighty_columns() -> None:
    lines = _shown(STATUS)
    assert "generator records on line avg kW min kW max kW avg V fuel % alarms" in lines
    assert "G1 1,200 0 101.3 -2.0 150.0 - 80.0 3" in lines


def test_a_large_fleet_is_cut_and_the_rest_counted() -> None:
    lines = _shown(Status(summary=[{**ROW, "generator_id": f"G{number}"} for number in range(1, 24)]))
    assert sum(line.startswith("G") for line in lines) == 20
    assert "… and 3 more generators" in lines


def test_a_status_of_which_nothing_is_known_yet_can_be_shown() -> None:
    assert _shown(Status()) == ["SIMULATED PLANT 0 s"]


def test_the_line_for_a_log_has_stages_counters_and_bus() -> None:
    assert screen.line(STATUS) == (
        "   21 s | emitted 1,230 (10.0/s) → committed 1,200 → decoded 900 (9.0/s), 31 s behind | "
        "dead letters 2, late 0 | bus S1: 50.01 Hz, - V, demand 509 of 750 kW (5 of 10 sets), reserve 241 kW"
    )


def test_the_screen_names_the_first_unacknowledged_alarms_and_counts_the_others() -> None:
    alarms = [Alarm("VOLTAGE_LOW", f"G{n}", "high", "2026-01-01T12:30:15.000000Z", n % 2 == 1) for n in range(1, 8)]
    lines = _shown(replace(STATUS, alarms=alarms))
    assert "HIGH VOLTAGE_LOW G1: active, 12:30:15 UTC plant time" in lines
    assert "HIGH VOLTAGE_LOW G2: returned, 12:30:15 UTC plant time" in lines
    assert "… and 2 more unacknowledged alarms" in lines
    assert not any("G6" in line for line in lines)
    assert screen.line(replace(STATUS, alarms=alarms[:2])).endswith(
        " | unacknowledged alarms 2: VOLTAGE_LOW G1, VOLTAGE_LOW G2"
    )

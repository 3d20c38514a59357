import json

import pytest

from pipeline import status
from pipeline.status import Analysis, Bus, Rate

READING = {
    "stream_id": "s",
    "site": "S1",
    "generator_id": "G1",
    "seq": 1,
    "source_time": "2026-01-01T00:00:00Z",
    "server_time": "2026-01-01T00:00:00.25Z",
    "cause": "PERIODIC",
    "historical": False,
    "state": "RUNNING",
    "mode": "AUTO",
    "breaker_closed": True,
    "power_output_kw": 75.5,
    "reactive_power_kvar": 40.0,
    "voltage_v": 230.25,
    "bus_voltage_v": 230.0,
    "frequency_hz": 50.01,
    "bus_frequency_hz": 50.0,
    "current_a": 123.4,
    "engine_speed_rpm": 1500.3,
    "coolant_temperature_c": 88.0,
    "exhaust_temperature_c": 340.0,
    "oil_pressure_kpa": 400.0,
    "fuel_level_pct": 71.5,
    "fuel_rate_lph": 22.75,
    "energy_kwh": 1234.5,
    "run_hours_h": 17.25,
    "start_count": 3,
    "fault_alarms": [],
    "quality": {},
}


def _line(**changes: object) -> bytes:
    return json.dumps(READING | changes, separators=(",", ":")).encode()


def test_the_bus_is_the_first_sites_newest_readings_together() -> None:
    lines = [
        _line(power_output_kw=1.0),
        _line(generator_id="G2", power_output_kw=50.0, bus_frequency_hz=50.2),
        _line(generator_id="G3", breaker_closed=False, power_output_kw=0.0, bus_frequency_hz=50.1),
        _line(generator_id="G11", site="S2", power_output_kw=100.0, bus_frequency_hz=45.0),
        _line(seq=2),
    ]
    found = status.bus(lines, {"G1": 150.0, "G2": 100.0, "G3": 50.0, "G11": 1000.0})
    assert found is not None
    assert (found.capacity_kw, found.reserve_kw) == (250.0, 124.5)
    assert found.frequency_hz == pytest.approx(50.1)
    assert (found.site, found.voltage_v, found.demand_kw, found.on_line, found.sets) == ("S1", 230.0, 125.5, 2, 3)


def test_damaged_lines_tell_nothing() -> None:
    assert status.bus([b"{}", b"\xff"], {}) is None
    assert status.bus([], {}) is None


def test_what_nobody_has_measured_is_not_known() -> None:
    bad = {"bus_frequency_hz": "BadNoCommunication", "bus_voltage_v": "BadNoCommunication"}
    found = status.bus([_line(bus_frequency_hz=None, bus_voltage_v=None, quality=bad)], {"G2": 150.0})
    assert found == Bus("S1", None, None, 75.5, 1, 1, capacity_kw=None)
    assert found.reserve_kw is None


@pytest.mark.parametrize("breaker", [True, None], ids=["on the bus", "perhaps on the bus"])
def test_a_set_that_does_not_tell_its_power_leaves_demand_and_reserve_unknown(breaker: bool | None) -> None:
    bad = {"power_output_kw": "BadSensorFailure"} | ({} if breaker else {"breaker_closed": "BadSensorFailure"})
    silent = _line(generator_id="G2", power_output_kw=None, breaker_closed=breaker, quality=bad)
    found = status.bus([_line(), silent], {"G1": 150.0, "G2": 150.0})
    assert found is not None
    assert (found.demand_kw, found.reserve_kw) == (None, None)


def test_a_set_that_is_off_the_bus_need_not_tell_its_power() -> None:
    bad = {"power_output_kw": "BadSensorFailure"}
    silent = _line(generator_id="G2", power_output_kw=None, breaker_closed=False, quality=bad)
    found = status.bus([_line(), silent], {"G1": 150.0, "G2": 150.0})
    assert found is not None
    assert (found.demand_kw, found.reserve_kw) == (75.5, 74.5)


@pytest.mark.parametrize(
    ("metrics", "head"),
    [
        ("# HELP scada_generator_head_line Number\nscada_generator_head_line 1230.0\n", 1230),
        ("scada_generator_head_line 1.2e+06\n", 1_200_000),
        ("scada_generator_head_line_other 5\n", 0),
        ("", 0),
    ],
)
def test_the_head_is_read_from_the_metrics(metrics: str, head: int) -> None:
    assert status.head_line(metrics) == head


def test_a_rate_is_taken_over_the_last_ten_seconds() -> None:
    rate = Rate()
    assert rate.at(0, 0) is None
    assert rate.at(5, 100) == 20
    assert rate.at(10, 200) == 20
    assert rate.at(20, 200) == 0


def _event(query: str, records: int, lag_s: float = 0.0, **outcomes: int) -> str:
    event = {"event": "progress", "query": query, "records_total": records, "lag_s": lag_s, "outcomes": outcomes}
    return json.dumps(event)


def test_the_analysis_has_processed_what_its_slowest_query_has() -> None:
    analysis = Analysis()
    assert (analysis.records, analysis.lag_s) == (0, 0)
    analysis.read(_event("monitor", 500, lag_s=0.4))
    assert analysis.records == 0
    analysis.read(_event("historian", 300, lag_s=7.5))
    analysis.read(_event("monitor", 600))
    assert (analysis.records, analysis.lag_s) == (300, 7.5)


def test_the_historian_counts_what_was_set_aside() -> None:
    analysis = Analysis()
    none = dict.fromkeys(("rejected", "late", "skewed", "duplicates", "conflicts", "lost to retention"), 0)
    assert analysis.counts == none
    analysis.read(_event("historian", 1, accepted=9, rejected=2, late=1, duplicate=3, conflict=4, gap=5))
    analysis.read(_event("monitor", 1))
    expected = {"rejected": 2, "late": 1, "duplicates": 3, "conflicts": 4, "lost to retention": 5}
    assert analysis.counts == none | expected


@pytest.mark.parametrize("line", ["", "26/11/24 WARN StateStore: {", "[]", '"progress"', '{"event": "started"}'])
def test_other_lines_of_the_log_are_passed_over(line: str) -> None:
    analysis = Analysis()
    analysis.read(line)
    assert analysis.records == 0


def _transition(alarm: str, priority: str, second: int, **changes: str | None) -> dict[str, str | None]:
    time = f"2026-01-01T00:00:{second:02}.000000Z"
    given = {"alarm_id": alarm, "generator_id": "G1", "site": "S1", "priority": priority, "time": time}
    return {**given, "state": "UNACK", "suppression": "NONE", **changes}


def test_alarms_that_call_for_an_acknowledgement_come_by_priority_then_time() -> None:
    found = status.unacknowledged(
        [
            _transition("LOW_FUEL", "low", 9),
            _transition("VOLTAGE_LOW", "high", 1),
            _transition("FREQUENCY_LOW", "high", 5, generator_id=None, state="RTN_UNACK"),
            _transition("COOLANT_HIGH", "medium", 7, state="ACK"),
            _transition("OIL_LOW", "high", 8, suppression="SHELVED"),
            _transition("DEVICE_LOW_FUEL", None, 8, state="NORMAL"),  # type: ignore[arg-type]  # it has no priority
        ]
    )
    assert [(alarm.alarm_id, alarm.source, alarm.is_active) for alarm in found] == [
        ("FREQUENCY_LOW", "S1", False),
        ("VOLTAGE_LOW", "G1", True),
        ("LOW_FUEL", "G1", True),
    ]

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.reading import Reading

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def reading() -> Callable[..., Reading]:
    """A reading that keeps the contract, of some generator and sequence number."""

    def make(generator_id: str = "G1", seq: int = 0, **changes: object) -> Reading:
        time = BEGIN + timedelta(seconds=seq)
        fields: dict[str, object] = {
            "stream_id": "s",
            "site": "north",
            "generator_id": generator_id,
            "seq": seq,
            "source_time": time,
            "server_time": time,
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
            "bus_frequency_hz": 50.01,
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
        return msgspec.convert(fields | changes, Reading)

    return make


@pytest.fixture(scope="session")
def valid_line(reading: Callable[..., Reading]) -> Callable[..., bytes]:
    """A line of the stream, without its line break, that keeps the contract."""

    def make(generator_id: str = "G1", seq: int = 0, **changes: object) -> bytes:
        return msgspec.json.encode(reading(generator_id, seq, **changes))

    return make

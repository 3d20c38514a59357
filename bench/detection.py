"""Recall and false alarms of health and fault detection, by the simulated plant: `python -m bench.detection --help`.

Ordinary days tell the false alarms; for each class of faults a short run with the fault on several sets that are on
line tells the recall. The columns are computed in plain Python, as `tests/spark` proves them equal to Spark's.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from math import nan, sqrt
from typing import Any, Final

import msgspec

from analysis.detection.machine import Detections
from analysis.detection.residuals import NOT_AUTO, ON_LINE, OVERCRANK, PROTECTED, TRIPPED
from analysis.health.machine import Health
from analysis.place import Place
from contracts.reading import Reading
from generator.run import Run
from generator.settings import Settings

_DECODER: Final = msgspec.json.Decoder(Reading)
_PROTECTIONS: Final = {"REVERSE_POWER", "HIGH_COOLANT_TEMPERATURE", "LOW_OIL_PRESSURE", "OVERSPEED", "LOW_FUEL"}
_EVERYWHERE_LOW: Final = {
    "power_output_kw": -50.0,
    "reactive_power_kvar": -250.0,
    "coolant_temperature_c": -40.0,
    "exhaust_temperature_c": -40.0,
}
_LOW_ON_LINE: Final = (
    *("voltage_v", "bus_voltage_v", "frequency_hz", "bus_frequency_hz"),
    *("engine_speed_rpm", "oil_pressure_kpa", "fuel_level_pct", "fuel_rate_lph"),
)


def detection_values(row: Reading) -> tuple[Any, ...]:
    """What `analysis.detection.residuals.columns` makes of a reading."""

    def good(name: str) -> float:
        value = getattr(row, name)
        return nan if value is None or name in row.quality else value

    power, reactive = good("power_output_kw"), good("reactive_power_kvar")
    on_line = row.state == "RUNNING" and bool(row.breaker_closed)
    condition = None
    if row.state is not None and row.mode is not None and row.breaker_closed is not None:
        condition = (
            (row.state == "TRIPPED") * TRIPPED
            + ("OVERCRANK" in row.fault_alarms) * OVERCRANK
            + (row.mode != "AUTO") * NOT_AUTO
            + bool(_PROTECTIONS.intersection(row.fault_alarms)) * PROTECTED
            + on_line * ON_LINE
        )
    wire = next((name for name, low in _EVERYWHERE_LOW.items() if good(name) == low), None)
    if wire is None and on_line:
        wire = next((name for name in _LOW_ON_LINE if good(name) == 0), None)
    return (
        sqrt(power * power + reactive * reactive) - 0.003 * good("voltage_v") * good("current_a"),
        good("voltage_v") - good("bus_voltage_v"),
        good("frequency_hz") - good("bus_frequency_hz"),
        good("engine_speed_rpm") - 30.0 * good("frequency_hz"),
        *(good(name) for name in ("fuel_rate_lph", "coolant_temperature_c", "exhaust_temperature_c")),
        *(good(name) for name in ("oil_pressure_kpa", "fuel_level_pct", "power_output_kw", "reactive_power_kvar")),
        good("bus_voltage_v"),
        condition,
        wire,
    )


_QUANTITIES: Final = (
    *("power_output_kw", "reactive_power_kvar", "voltage_v", "bus_voltage_v", "frequency_hz", "bus_frequency_hz"),
    *("current_a", "fuel_rate_lph", "engine_speed_rpm", "coolant_temperature_c", "exhaust_temperature_c"),
    *("oil_pressure_kpa", "fuel_level_pct", "energy_kwh", "run_hours_h"),
)
_ENDS: Final = {
    "power_output_kw": (-50, 250),
    "reactive_power_kvar": (-250, 250),
    "voltage_v": (400,),
    "bus_voltage_v": (400,),
    "frequency_hz": (70,),
    "bus_frequency_hz": (70,),
    "current_a": (1000,),
    "engine_speed_rpm": (2500,),
    "coolant_temperature_c": (-40, 150),
    "exhaust_temperature_c": (-40, 900),
    "oil_pressure_kpa": (1000,),
    "fuel_rate_lph": (100,),
}


def health_values(row: Reading) -> tuple[Any, ...]:
    """What `analysis.health.columns.columns` makes of a reading."""
    values = {
        name: nan if name in row.quality or getattr(row, name) is None else getattr(row, name) for name in _QUANTITIES
    }
    at_end = next((name for name, ends in _ENDS.items() if values[name] in ends), None)
    poor = msgspec.json.encode(row.quality).decode() if row.quality else None
    return (*values.values(), row.state == "RUNNING" and bool(row.breaker_closed), at_end, poor)


def place(row: Reading) -> Place:
    """Where an accepted reading stands."""
    source, server = (round(when.timestamp() * 1e6) for when in (row.source_time, row.server_time))
    delay = (server - source) / 1e6
    outcome = "late" if delay > 600 else "skewed" if delay < -60 else "accepted"
    return Place(row.stream_id, row.site, row.generator_id, row.seq, source, server, server, row.historical, outcome)


def rows(run: Run, scans: int) -> Iterator[Reading]:
    """The readings of the first so many scans."""
    for _, blocks in run.advance(run.beginning, scans):
        for block in blocks:
            yield from map(_DECODER.decode, block.data.splitlines())


def begin(start: str, seed: int, generators: int = 10) -> Run:
    """A run of the plant from a time on."""
    return Run(
        Settings(
            stream_id=f"bench-{seed}",
            seed=seed,
            start=start,
            generators=generators,
            state_dir=None,
            replay=None,
            scan_interval_s=1.0,
            damage=0.0,
        )
    )


FAULTS: Final[dict[str, dict[str, Any]]] = {
    "spike of voltage": {"kind": "spike", "measurement": "voltage_v", "magnitude": 6},
    "spike of coolant temperature": {"kind": "spike", "measurement": "coolant_temperature_c", "magnitude": 6},
    "bias of voltage": {"kind": "bias", "measurement": "voltage_v", "magnitude": 3},
    "bias of frequency": {"kind": "bias", "measurement": "frequency_hz"},
    "bias of active power": {"kind": "bias", "measurement": "power_output_kw", "magnitude": 5},
    "bias of current": {"kind": "bias", "measurement": "current_a", "magnitude": 8},
    "bias of speed": {"kind": "bias", "measurement": "engine_speed_rpm"},
    "bias of fuel rate": {"kind": "bias", "measurement": "fuel_rate_lph", "magnitude": 3},
    "bias of coolant temperature": {"kind": "bias", "measurement": "coolant_temperature_c", "magnitude": 6},
    "bias of exhaust temperature": {"kind": "bias", "measurement": "exhaust_temperature_c", "magnitude": 40},
    "bias of oil pressure": {"kind": "bias", "measurement": "oil_pressure_kpa", "magnitude": -80},
    "drift of voltage": {"kind": "drift", "measurement": "voltage_v"},
    "drift of active power": {"kind": "drift", "measurement": "power_output_kw", "magnitude": 15},
    "drift of coolant temperature": {"kind": "drift", "measurement": "coolant_temperature_c", "magnitude": 9},
    "noise of voltage": {"kind": "noise", "measurement": "voltage_v"},
    "noise of oil pressure": {"kind": "noise", "measurement": "oil_pressure_kpa"},
    "wire break of oil pressure": {"kind": "wire_break", "measurement": "oil_pressure_kpa"},
    "fuel leak": {"kind": "fuel_leak"},
    "cooling failure": {"kind": "cooling_failure"},
    "lubrication failure": {"kind": "lubrication_failure"},
    "lubrication wear": {"kind": "lubrication_wear", "magnitude": 50},
    "governor hunting": {"kind": "governor_hunting"},
    "regulator failure": {"kind": "avr_failure"},
    "injector loss": {"kind": "injector_loss"},
    "breaker trip": {"kind": "breaker_trip"},
    "left out of automatic mode": {"kind": "left_out_of_auto"},
    "frozen exhaust temperature": {"kind": "frozen", "measurement": "exhaust_temperature_c"},
    "dropout of current": {"kind": "dropout", "measurement": "current_a"},
    "out of range": {"kind": "out_of_range", "measurement": "exhaust_temperature_c"},
    "link loss": {"kind": "link_loss"},
    "clock skew": {"kind": "clock_skew", "magnitude": 30},
    "clock step": {"kind": "clock_step"},
    "late delivery": {"kind": "late_delivery"},
}
"""Clearly visible faults: where the default magnitude is within the instruments' tolerance, a larger one."""

HEALTH_OF: Final = {
    "frozen": "frozen",
    "dropout": "bad",
    "out_of_range": "out_of_range",
    "link_loss": "bad",
    "clock_skew": "clock_skew",
    "clock_step": "clock_skew",
    "late_delivery": "clock_skew",
}
"""The condition of health that tells a class."""

_LEAD_S: Final = 900
_LASTS_S: Final = 1500
_SLOW: Final = {"drift", "lubrication_wear"}
_BEGUN: Final = "2026-01-05T10:00:00Z"
_BEGUN_US: Final = 1_767_607_200_000_000


def recall(fault: dict[str, Any], seed: int) -> tuple[int, int, list[float], Counter[str]]:
    """How many of the sets on line with the fault are told, after how many seconds, and what else is claimed.

    The fault begins a quarter of an hour after the start, on one set of ten that is on line then, in two runs.
    """
    kind = fault["kind"]
    told, delays, others = 0, [], Counter[str]()
    lasts_s = 5400 if kind in _SLOW else _LASTS_S
    for number in range(2):
        run = begin(_BEGUN, seed + number)
        last = list(rows(run, _LEAD_S))[-10:]
        origin = [row.generator_id for row in last if row.breaker_closed][number + 1]
        lasts = {} if kind in {"spike", "breaker_trip"} else {"duration_s": lasts_s}
        run.accept("f", {"fault": {"id": "f", "generator": origin, "after_s": _LEAD_S, **lasts, **fault}})
        found = claims(rows(run, _LEAD_S + lasts_s))
        run.close()
        wanted = HEALTH_OF.get(kind, kind)
        hits = [at - _BEGUN_US for set_, name, at in found if set_ == origin and name == wanted]
        told += bool(hits)
        delays += [hits[0] / 1e6 - _LEAD_S] if hits else []
        others.update(name for set_, name, _ in found if (set_, name) != (origin, wanted))
    return told, 2, delays, others


def claims(readings: Iterator[Reading]) -> list[tuple[str, str, int]]:
    """What is raised: set, class or condition, source time."""
    detections, health = Detections(), Health()
    found: list[tuple[str, str, int]] = []
    for row in readings:
        where = place(row)
        events = [
            (fault.event, fault.fault_class, fault.time) for fault in detections.read(where, detection_values(row))
        ]
        events += [(one.event, one.condition, one.time) for one in health.read(where, health_values(row))]
        found += [(row.generator_id, name, at) for event, name, at in events if event == "RAISED"]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of recall, or the false alarms of ordinary days."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--days", type=int, default=0, help="ordinary days of ten sets in place of the faults")
    parser.add_argument("--only", help="names of faults that contain this")
    asked = parser.parse_args(arguments)
    for day in range(asked.days):
        run = begin("2026-01-05T00:00:00Z", asked.seed + day)
        found = claims(rows(run, 86_400))
        run.close()
        print(f"seed {asked.seed + day}: {len(found)} false alarms {Counter(name for _, name, _ in found)}", flush=True)
    if not asked.days:
        print("| fault | told | after, s | also |\n|---|---|---|---|")
    for name, fault in FAULTS.items() if not asked.days else ():
        if asked.only and asked.only not in name:
            continue
        told, of, delays, others = recall(fault, asked.seed)
        after = ", ".join(f"{delay:.0f}" for delay in delays)
        also = ", ".join(f"{count} {other}" for other, count in others.items())
        print(f"| {name} {fault.get('magnitude', '')} | {told} of {of} | {after} | {also} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Plots for an engineer's eye: a day of the plant, a start-up, and each fault beside the same plant without it.

Run ``python -m generator.plots DIRECTORY``; needs matplotlib.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from contracts.schema import BAD
from generator import plant
from generator.batch import QUALITIES, QUALITY_ROW, Whole, joined
from generator.chance import Floats
from generator.controls import Controls
from generator.faults import KINDS, Fault, FaultClass
from generator.fleet import PlantConfig
from generator.instruments import INSTRUMENTS, ROW
from generator.scan import Scan
from generator.sequence import CLOSED, STOPPED, Phase
from generator.state import State
from generator.truth import label

MONDAY_10_US: Final = 1_767_607_200_000_000
"""2026-01-05 10:00 UTC."""
_TEN_HOURS_US: Final = 36_000_000_000
_BAD: Final = [code for code, name in enumerate(QUALITIES) if name.startswith(BAD)]
_LEAD_S: Final = 60
_SHOWN_S: Final = {
    FaultClass.DRIFT: 3600,
    FaultClass.FUEL_LEAK: 3600,
    FaultClass.COOLING_FAILURE: 1200,
    FaultClass.LUBRICATION_WEAR: 14_400,
    FaultClass.INJECTOR_LOSS: 1800,
    FaultClass.LEFT_OUT_OF_AUTO: 900,
    FaultClass.CLOCK_SKEW: 3600,
}
"""How long a fault is shown; the others two minutes."""
_MORE: Final = {
    FaultClass.COOLING_FAILURE: ("coolant_temperature_c", "power_output_kw"),
    FaultClass.LUBRICATION_WEAR: ("coolant_temperature_c",),
    FaultClass.FUEL_LEAK: ("fuel_rate_lph",),
}
"""What shows a fault best; the others by what they change, and power."""


def _run(config: PlantConfig, state: State, controls: Controls, count: int) -> tuple[State, list[Scan]]:
    scans = []
    for _ in range(count):
        state, scan = plant.step(config, state, controls)
        scans.append(scan)
    return state, scans


def _indicated(scans: Sequence[Scan], measurement: str, place: int) -> Floats:
    """What the device reports, not a number where it is Bad."""
    values = np.array([scan.truth.sampled.values[ROW[measurement], place] for scan in scans])
    codes = np.array([scan.truth.sampled.quality[QUALITY_ROW[measurement], place] for scan in scans])
    indicated: Floats = np.where(np.isin(codes, _BAD), np.nan, values)
    return indicated


def _name(axes: Any, measurement: str) -> None:
    axes.set_ylabel(f"{' '.join(measurement.split('_')[:-1])}\n{INSTRUMENTS[ROW[measurement]].unit}")
    axes.grid(visible=True, alpha=0.3)


def _panels(count: int) -> tuple[Any, Any]:
    return plt.subplots(count, 1, sharex=True, figsize=(10, 1 + 1.7 * count), layout="constrained", squeeze=False)


def day(config: PlantConfig) -> Any:
    """A day of one site: demand and who carries it, frequency, temperatures, fuel."""
    config = replace(config, start=config.start - _TEN_HOURS_US)
    _, scans = _run(config, plant.initial(config), Controls(scan_interval_us=10_000_000), 8640)
    hours = np.arange(len(scans)) / 360
    figure, panels = _panels(6)
    demand, online, *others = panels[:, 0]
    power = np.array([scan.truth.values[ROW["power_output_kw"]] for scan in scans])
    demand.stackplot(hours, power.T, linewidth=0)
    demand.plot(hours, [scan.truth.demand_kw[0] for scan in scans], "k", linewidth=0.6)
    demand.set_ylabel("demand and sets\nkW")
    online.plot(hours, [CLOSED[scan.truth.phase].sum() for scan in scans], "k", linewidth=1)
    online.set_ylabel("sets on line")
    shown = ("bus_frequency_hz", "coolant_temperature_c", "oil_pressure_kpa", "fuel_level_pct")
    for axes, measurement in zip(others, shown, strict=True):
        for place in range(config.generators):
            axes.plot(hours, _indicated(scans, measurement, place), linewidth=0.5)
        _name(axes, measurement)
    others[-1].set_xlabel("hour of the day, UTC")
    figure.suptitle("A Monday of site S1")
    return figure


def start_up(config: PlantConfig) -> Any:
    """A set that starts, synchronises, takes load, and is switched off later."""
    state, quiet = _run(config, plant.initial(config), Controls(), 60)
    state, busy = _run(config, state, Controls(demand_factor=1.25), 1200)
    place = int(np.flatnonzero(STOPPED[quiet[0].truth.phase] & CLOSED[state.phase])[0])
    off = Fault("off", FaultClass.LEFT_OUT_OF_AUTO, f"G{place + 1}", state.scan + 1)
    _, calm = _run(config, state, Controls(demand_factor=1.25, faults=(off,)), 1800)
    scans = quiet + busy + calm
    phases = np.array([scan.truth.phase for scan in scans])
    minutes = np.arange(len(scans)) / 60
    shown = ("engine_speed_rpm", "voltage_v", "power_output_kw", "coolant_temperature_c", "oil_pressure_kpa")
    figure, panels = _panels(len(shown) + 2)
    panels[0, 0].plot(minutes, phases[:, place], "k", linewidth=1, drawstyle="steps-post")
    panels[0, 0].set_yticks([*Phase], [phase.name.lower() for phase in Phase], fontsize=6)
    for axes, measurement in zip(panels[1:, 0], (*shown, "exhaust_temperature_c"), strict=True):
        axes.plot(minutes, _indicated(scans, measurement, place), linewidth=0.8)
        _name(axes, measurement)
    panels[-1, 0].set_xlabel("minutes")
    figure.suptitle(f"G{place + 1} starts, carries load, is switched off, cools down and stops")
    return figure


def fault(config: PlantConfig, kind: FaultClass) -> Any:
    """A fault, and the same plant without it."""
    seconds = _SHOWN_S.get(kind, 120)
    generator = "G10" if kind is FaultClass.FAIL_TO_START else "G1"
    demand = Controls(demand_factor=1.3 if kind is FaultClass.FAIL_TO_START else 1.0)
    place = int(generator[1:]) - 1
    measurement = "voltage_v" if KINDS[kind].instrument else None
    injected = Fault("F1", kind, generator, _LEAD_S + 1, _LEAD_S + 1 + seconds * 3 // 4, measurement=measurement)
    controls = replace(demand, faults=(injected,))
    before, lead = _run(config, plant.initial(config), demand if place == 0 else Controls(), _LEAD_S)
    truth = label(config, before, lambda _: controls, injected, _LEAD_S + seconds)
    faulty, healthy = (lead + _run(config, before, used, seconds)[1] for used in (controls, demand))
    changed = [name for name in truth.measurements if name in ROW]
    shown = list(dict.fromkeys((*_MORE.get(kind, ()), *changed, "power_output_kw")))
    time_s = np.arange(1, len(faulty) + 1) - _LEAD_S - 1
    figure, panels = _panels(min(len(shown), 6) + 2)
    for axes, name in zip(panels[:-2, 0], shown, strict=False):
        axes.plot(time_s, _indicated(healthy, name, place), color="0.7", linewidth=1.2, label="without the fault")
        axes.plot(time_s, _indicated(faulty, name, place), "C3", linewidth=0.8, label="with it")
        _name(axes, name)
    phases, arrivals = panels[-2, 0], panels[-1, 0]
    phases.plot(time_s, [scan.truth.phase[place] for scan in faulty], "C3", linewidth=1, drawstyle="steps-post")
    phases.set_yticks([*Phase], [phase.name.lower() for phase in Phase], fontsize=6)
    arrived = [(scan.number, *_delays(scan, place)) for scan in faulty if scan.batches]
    points = [(number - _LEAD_S - 1, delay) for number, *delays in arrived for delay in delays]
    arrivals.plot(*zip(*points, strict=True), "C0.", markersize=2)
    arrivals.set_ylabel("server - source\ntime, s")
    arrivals.set_xlabel("seconds since the fault")
    for axes in panels[:, 0]:
        axes.axvspan(0, seconds * 3 // 4 if KINDS[kind].longest_s != 0 else 1, color="C3", alpha=0.06)
        if truth.observable_from_us is not None:
            axes.axvline((truth.observable_from_us - truth.start_us) / 1e6, color="k", linestyle=":", linewidth=1)
    panels[0, 0].legend(loc="upper left", fontsize=7)
    magnitude = "" if truth.magnitude is None else f", {truth.magnitude:g} {truth.unit}".removesuffix(" 1")
    figure.suptitle(f"{kind.value}: {KINDS[kind].description}{magnitude} (dotted: observable from here)")
    return figure


def _delays(scan: Scan, place: int) -> list[float]:
    whole = joined(scan.batches).whole
    own = whole[:, whole[Whole.SET] == place]
    seconds: list[float] = ((own[Whole.SERVER_US] - own[Whole.SOURCE_US]) / 1e6).tolist()
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all plots to a directory."""
    parser = argparse.ArgumentParser(prog="python -m generator.plots", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the plots go; made when it is missing")
    parser.add_argument("--only", choices=["day", "start_up", *FaultClass], help="this plot alone")
    parser.add_argument("--seed", type=int, default=1, help="what all chance is drawn from")
    options = parser.parse_args(arguments)
    mpl.use("Agg")
    options.directory.mkdir(parents=True, exist_ok=True)
    config = PlantConfig("plots", options.seed, MONDAY_10_US, 10)
    for name in [options.only] if options.only else ["day", "start_up", *FaultClass]:
        match name:
            case "day":
                figure = day(config)
            case "start_up":
                figure = start_up(config)
            case _:
                figure = fault(config, FaultClass(name))
        figure.savefig(options.directory / f"{name}.png", dpi=70, pil_kwargs={"optimize": True})
        plt.close(figure)


if __name__ == "__main__":
    main()

"""The stream is a pure function of configuration and controls: the same bytes, whatever the machine and the history."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import get_args

import numpy as np
import pytest

from contracts.reading import Cause
from contracts.reading import State as SetState
from contracts.wire import encode_lines
from generator import plant
from generator.controls import Controls
from generator.faults import KINDS, Fault, FaultClass
from generator.fleet import PlantConfig
from generator.instruments import INSTRUMENTS
from generator.lines import FEW, Damage, damages, lines
from generator.readings import readings
from generator.scan import Scan
from generator.state import State

CONFIG = PlantConfig("golden", seed=42, start=1_767_225_600_000_000, generators=12)
PROGRAMME = ((60, Controls()), (60, Controls(demand_factor=1.6, noise=3)), (60, Controls(scan_interval_us=7_000_000)))
GOLDEN = "13c0d207c60fc7bdd1217c8333c00c2e6a9d2fc0cd994f5673fe4fd16e13eef6"
"""SHA-256 of the stream below. It changes only when the stream is meant to change: then say so in the changelog."""

FAULTY = PlantConfig("golden", seed=43, start=CONFIG.start, generators=84, damage=0.02)
FAULTS = tuple(
    Fault(
        kind,
        kind,
        "G84" if kind is FaultClass.FAIL_TO_START else f"G{10 * (number % 8) + 1 + number // 8}",
        10 + number,
        90 + number,
        measurement=INSTRUMENTS[number].measurement if KINDS[kind].instrument else None,
    )
    for number, kind in enumerate(FaultClass)
)
"""One of every class, on sets that run, but for the one that shows on a set that is to be started."""
FAULTY_PROGRAMME = (
    (30, Controls(faults=FAULTS)),
    (60, Controls(faults=FAULTS, demand_factor=1.6)),
    (40, Controls(faults=FAULTS, deadband=6, longest_silence_us=20_000_000)),
    (20, Controls(faults=FAULTS, scan_interval_us=7_000_000)),
)
FAULTY_GOLDEN = "d280932c99020fcba3427ed28d7e3f30450190cfb9b2801e78c0d5470ab7169b"
"""SHA-256 of what is served of a fleet that has every fault once, on a wire that damages lines; likewise."""


def simulate(config: PlantConfig, programme: Sequence[tuple[int, Controls]]) -> Iterator[Scan]:
    state = plant.initial(config)
    for scans, controls in programme:
        for _ in range(scans):
            state, scan = plant.step(config, state, controls)
            yield scan


def stream() -> bytes:
    return b"".join(encode_lines(readings(CONFIG, scan)) for scan in simulate(CONFIG, PROGRAMME))


def served() -> bytes:
    return b"".join(lines(FAULTY, scan) for scan in simulate(FAULTY, FAULTY_PROGRAMME))


def digests() -> list[str]:
    return [hashlib.sha256(content).hexdigest() for content in (stream(), served())]


def test_the_streams_are_the_golden_ones() -> None:
    assert digests() == [GOLDEN, FAULTY_GOLDEN]


def test_the_golden_stream_of_a_faulty_fleet_has_all_that_can_happen_to_a_line() -> None:
    """Lines set from tables and lines encoded one by one, Bad ones, late ones, none at all, and each damage."""
    rows, sizes, hits = [], [], []
    for scan in simulate(FAULTY, FAULTY_PROGRAMME):
        found = readings(FAULTY, scan)
        rows += found
        sizes += [len(batch) for batch in scan.batches]
        hits += [damage for damage, _ in damages(FAULTY, scan.number, len(found)).values()]
    assert min(sizes) < FEW < max(sizes)
    assert set(hits) == set(Damage)
    assert {row.cause for row in rows} == set(get_args(Cause))
    assert {row.historical for row in rows} == {False, True}
    assert {row.state for row in rows} == {None, *get_args(SetState)}
    assert {alarm for row in rows for alarm in row.fault_alarms} == {"OVERCRANK", "OVERCURRENT"}
    codes = {code for row in rows for code in row.quality.values()}
    assert codes == {"BadNoCommunication", "BadSensorFailure", "UncertainEngineeringUnitsExceeded"}


def test_the_streams_do_not_depend_on_what_the_processor_offers() -> None:
    """numpy picks other code where the processor lacks vector instructions; fed-back state must not feel it."""
    configuration = np.show_config(mode="dicts")
    assert configuration is not None
    disabled = " ".join(configuration["SIMD Extensions"].get("found", ()))
    script = (
        "import importlib.util, sys;"
        "spec = importlib.util.spec_from_file_location('golden', sys.argv[1]);"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module);"
        "print(*module.digests())"
    )
    output = subprocess.run(  # what numpy disables is decided when it is imported
        [sys.executable, "-c", script, __file__],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": disabled},
        capture_output=True,
        text=True,
        check=True,
    )
    assert output.stdout.split() == [GOLDEN, FAULTY_GOLDEN]


def test_a_state_survives_bytes_exactly_and_a_step_leaves_it_as_it_was() -> None:
    state = plant.initial(CONFIG)
    for _ in range(30):
        content = state.to_bytes()
        revived = State.from_bytes(content)
        assert revived == state
        after, scan = plant.step(CONFIG, state, PROGRAMME[1][1])
        again, same = plant.step(CONFIG, revived, PROGRAMME[1][1])
        assert after == again
        assert encode_lines(readings(CONFIG, scan)) == encode_lines(readings(CONFIG, same))
        assert state.to_bytes() == content
        state = after


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80", b"\x81\xa4scan\x01"])
def test_bytes_of_something_else_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not the bytes of a plant's state"):
        State.from_bytes(content)


def test_another_seed_is_another_stream() -> None:
    one, other = (
        readings(config, plant.step(config, plant.initial(config), Controls())[1])
        for config in (CONFIG, PlantConfig("golden", 43, CONFIG.start, 12))
    )
    assert [reading.power_output_kw for reading in one] != [reading.power_output_kw for reading in other]

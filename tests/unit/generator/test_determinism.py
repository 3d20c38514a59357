"""The stream is a pure function of configuration and controls: the same bytes, whatever the machine and the history."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from contracts.wire import encode_lines
from generator import plant
from generator.controls import Controls
from generator.fleet import PlantConfig
from generator.readings import readings
from generator.state import State

CONFIG = PlantConfig("golden", seed=42, start=1_767_225_600_000_000, generators=12)
PROGRAMME = ((60, Controls()), (60, Controls(demand_factor=1.6, noise=3)), (60, Controls(scan_interval_us=7_000_000)))
GOLDEN = "13c0d207c60fc7bdd1217c8333c00c2e6a9d2fc0cd994f5673fe4fd16e13eef6"
"""SHA-256 of the stream below. It changes only when the stream is meant to change: then say so in the changelog."""


def stream() -> bytes:
    state, lines = plant.initial(CONFIG), []
    for scans, controls in PROGRAMME:
        for _ in range(scans):
            state, scan = plant.step(CONFIG, state, controls)
            lines.append(encode_lines(readings(CONFIG, scan)))
    return b"".join(lines)


def test_the_stream_is_the_golden_one() -> None:
    assert hashlib.sha256(stream()).hexdigest() == GOLDEN


def test_the_stream_does_not_depend_on_what_the_processor_offers() -> None:
    """numpy picks other code where the processor lacks vector instructions; fed-back state must not feel it."""
    configuration = np.show_config(mode="dicts")
    assert configuration is not None
    disabled = " ".join(configuration["SIMD Extensions"].get("found", ()))
    script = (
        "import importlib.util, sys, hashlib;"
        "spec = importlib.util.spec_from_file_location('golden', sys.argv[1]);"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module);"
        "print(hashlib.sha256(module.stream()).hexdigest())"
    )
    output = subprocess.run(  # what numpy disables is decided when it is imported
        [sys.executable, "-c", script, __file__],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": disabled},
        capture_output=True,
        text=True,
        check=True,
    )
    assert output.stdout.strip() == GOLDEN


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

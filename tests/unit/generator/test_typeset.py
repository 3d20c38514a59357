"""Lines that are set from tables are the encoder's, byte for byte."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire import encode_lines
from generator import plant, typeset
from generator.batch import Batch, Whole, empty
from generator.controls import Controls
from generator.faults import Fault, FaultClass
from generator.fleet import PlantConfig
from generator.instruments import HIGH, INSTRUMENTS, LOW, SCALE
from generator.lines import FEW, lines
from generator.readings import build, readings

CONFIG = PlantConfig("run-1", seed=4, start=1_767_225_600_000_000, generators=150)


def encoded(batch: Batch) -> bytes:
    return encode_lines(list(build(CONFIG, batch)))


def drawn(seed: int, count: int) -> Batch:
    """Readings with anything that a Good reading may hold."""
    chance = np.random.default_rng(seed)
    batch = empty(count)
    least, most = (np.rint(end * SCALE).astype(np.int64) for end in (LOW, HIGH))
    batch.values[: len(INSTRUMENTS)] = chance.integers(least, most + 1, (len(INSTRUMENTS), count)) / SCALE
    batch.values[-2] = chance.integers(0, 10 ** chance.integers(1, 14), count) / 10
    batch.values[-1] = chance.integers(0, 10 ** chance.integers(1, 14), count) / 100
    for row, first, last in (
        (Whole.SET, 0, CONFIG.generators - 1),
        (Whole.SEQ, 0, 10 ** int(chance.integers(0, 15))),
        (Whole.SOURCE_US, CONFIG.start, CONFIG.start + 3_000_000),
        (Whole.SERVER_US, CONFIG.start, CONFIG.start + 3),
        (Whole.CAUSE, 0, 2),
        (Whole.HISTORICAL, 0, 1),
        (Whole.STATE, 0, 4),
        (Whole.MODE, 0, 2),
        (Whole.BREAKER, 0, 1),
        (Whole.START_COUNT, 0, 2**53 - 1),
        (Whole.ALARMS, 0, 2**11 - 1),
    ):
        batch.whole[row] = chance.integers(first, last + 1, count)
    return batch


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 100))
def test_any_good_readings_are_set_as_they_are_encoded(seed: int, count: int) -> None:
    batch = drawn(seed, count)
    assert typeset.lines(CONFIG, batch) == encoded(batch)


def test_the_ends_of_all_ranges_and_numbers_are_set_as_they_are_encoded() -> None:
    batch = empty(6)
    batch.values[: len(INSTRUMENTS)] = np.tile(np.hstack((LOW, HIGH, np.zeros_like(LOW))), 2)
    batch.values[-2] = (0, 0.1, 9_999.9, 10_000.0, 99_999_999.9, 1e12)
    batch.values[-1] = (0, 0.01, 0.1, 1.09, 10_000.1, 1e12)
    for row in (Whole.SEQ, Whole.START_COUNT):
        batch.whole[row] = (0, 9, 9_999, 10_000, 100_000_000, 2**53 - 1)
    assert typeset.lines(CONFIG, batch) == encoded(batch)


@pytest.mark.parametrize("noise", [1.0, 10.0])
def test_lines_are_the_encoded_readings_whatever_is_judged(noise: float) -> None:
    """Judged readings stand where they stood, first and last ones too."""
    faults = (
        Fault("first", FaultClass.DROPOUT, "G1", 3, 40, measurement="voltage_v"),
        Fault("link", FaultClass.LINK_LOSS, "G77", 5, 30),
        Fault("last", FaultClass.OUT_OF_RANGE, "G150", 3, 40, measurement="oil_pressure_kpa"),
        *(Fault(f"outage {site}", FaultClass.GATEWAY_OUTAGE, f"G{10 * site + 1}", 10 + site, 45) for site in range(12)),
        *(Fault(f"lost {place}", FaultClass.LINK_LOSS, f"G{place}", 60, 70) for place in range(1, 120)),
    )
    state = plant.initial(CONFIG)
    sizes = set()
    for _ in range(80):
        state, scan = plant.step(CONFIG, state, Controls(faults=faults, noise=noise))
        sizes |= {len(batch) >= FEW for batch in scan.batches}
        assert lines(CONFIG, scan) == encode_lines(readings(CONFIG, scan))
    assert sizes == {False, True}


def test_names_of_one_run_are_not_those_of_another() -> None:
    batch = drawn(1, 5)
    other = replace(CONFIG, stream_id="another")
    assert typeset.lines(other, batch) == typeset.lines(CONFIG, batch).replace(b"run-1", b"another")

"""Lines, damaged ones included, and the ledger that says what they are."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import judge
from contracts.errors import ContractError
from contracts.reading import Reading
from generator import plant
from generator.controls import Controls
from generator.faults import Fault, FaultClass
from generator.fleet import PlantConfig
from generator.ledger import Ledger
from generator.lines import Damage, damages, lines
from generator.scan import Scan

CONFIG = PlantConfig("run", seed=4, start=1_767_225_600_000_000, generators=10)
FAULTS = (
    Fault("late", FaultClass.LATE_DELIVERY, "G1", 3, 20, magnitude=4.0),
    Fault("silent", FaultClass.GATEWAY_OUTAGE, "G1", 10, 16),
    Fault("ahead", FaultClass.CLOCK_STEP, "G2", 5, magnitude=90.0),
)


def scans(config: PlantConfig, count: int) -> Iterator[Scan]:
    state = plant.initial(config)
    for _ in range(count):
        state, scan = plant.step(config, state, Controls(faults=FAULTS))
        yield scan


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), damage=st.sampled_from((0.0, 0.05, 0.5, 1.0)), most=st.integers(0, 700))
def test_the_ledger_tells_what_a_reader_finds_in_the_first_lines(seed: int, damage: float, most: int) -> None:
    config = replace(CONFIG, seed=seed, damage=damage)
    expected, found, seen = Ledger(), Ledger(), set()
    for scan in scans(config, 40):
        expected.add(config, scan, most - found.lines)
        for line in lines(config, scan).split(b"\n")[:-1][: most - found.lines]:
            assert line.strip()
            assert line.decode()
            try:
                reading = judge.parse(line)
            except ContractError as error:
                found.invalid += error.field == "fuel_level_pct"
                found.malformed += error.field != "fuel_level_pct"
                continue
            late_s = int((reading.server_time - reading.source_time).total_seconds() // 1)
            told = found.duplicates if line in seen else found.valid
            told[reading.generator_id, late_s] += 1
            seen.add(line)
    assert found == expected
    assert expected.lines == found.lines <= most


def test_without_damage_the_lines_are_the_readings() -> None:
    for scan in scans(CONFIG, 20):
        assert all(isinstance(judge.parse(line), Reading) for line in lines(CONFIG, scan).splitlines())


def test_each_damage_comes_as_often_as_the_configuration_says() -> None:
    config = replace(CONFIG, damage=0.2)
    drawn = [damages(config, number, 100) for number in range(1, 201)]
    assert sum(map(len, drawn)) == pytest.approx(4000, rel=0.05)
    kinds = Counter(damage for one in drawn for damage, _ in one.values())
    assert set(kinds) == set(Damage)
    assert min(kinds.values()) > 800


def test_damage_changes_nothing_but_the_lines_that_it_hits() -> None:
    config = replace(CONFIG, damage=0.1)
    for clean, damaged in zip(scans(CONFIG, 20), scans(config, 20), strict=True):
        hit = damages(config, clean.number, sum(map(len, clean.batches)))
        kept = [line for place, line in enumerate(lines(CONFIG, clean).splitlines()) if place not in hit]
        assert set(kept) <= set(lines(config, damaged).split(b"\n"))

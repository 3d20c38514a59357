"""Lines, damaged ones included, and the ledger that says what they are."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts import judge, published
from contracts.errors import ContractError
from contracts.reading import Reading
from generator import plant
from generator.controls import Controls
from generator.faults import Fault, FaultClass
from generator.fleet import PlantConfig
from generator.ledger import Ledger
from generator.lines import Damage, damages, lines
from generator.parameters import ChangeId
from generator.run import Run
from generator.scan import Scan
from generator.settings import Settings
from generator.simulation import Position
from generator.truth_endpoints import label_answer
from generator.yardstick import wire_labels

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


def test_damage_on_the_wire_is_labelled_from_the_first_line_that_it_hits(tmp_path: Path) -> None:
    begun = {"seed": 4, "start": "2026-01-01T10:00:00Z", "generators": 3, "damage": 0.02, "state_dir": tmp_path}
    run = Run(Settings.model_validate(begun))
    try:
        [(first, _)] = run.advance(run.beginning, 1)
        *_, (half, _) = run.advance(first, 50)
        kept = Position.from_bytes(half.scan, half.line, half.to_bytes())
        *_, (whole, _) = run.advance(kept, 400)
        early, labels = wire_labels(run, first), wire_labels(run, whole)
        seen: dict[str, int] = {}
        for number in range(1, 401):
            for damage, _ in damages(run.config, number, 3).values():
                seen.setdefault(damage, run.config.start + number * 1_000_000)
    finally:
        run.close()
    assert [label.kind for label in early] == [label.kind for label in labels] == list(Damage)
    assert {label.kind: label.observable_from_us for label in labels} == seen
    assert min(seen.values()) < run.config.start + 50 * 1_000_000 < max(seen.values())
    assert all(label.observable_from_us in {None, run.config.start + 1_000_000} for label in early)
    for label in labels:
        published.check("label", label_answer(label).model_dump(mode="json"))
        assert (label.id, label.origin, label.affected) == (f"wire/{label.kind}", None, ())
        assert (label.magnitude, label.unit) == (0.005, "1")
        assert (label.start_us, label.end_us) == (run.config.start + 1_000_000, None)


def test_no_client_can_name_a_change_as_damage_on_the_wire_is_named() -> None:
    names = TypeAdapter[str](ChangeId)
    for damage in Damage:
        with pytest.raises(ValidationError):
            names.validate_python(f"wire/{damage}")


def test_without_damage_there_is_no_label_of_it(tmp_path: Path) -> None:
    run = Run(Settings.model_validate({"seed": 4, "start": "2026-01-01T10:00:00Z", "state_dir": tmp_path}))
    try:
        *_, (reached, _) = run.advance(run.beginning, 10)
        assert wire_labels(run, reached) == []
    finally:
        run.close()

"""What instruments make of true values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from contracts import schema
from generator import plant
from generator.chance import Floats, Purpose, normal, uniform, words
from generator.controls import Controls
from generator.fleet import PlantConfig
from generator.instruments import INSTRUMENTS, ROW, indicate
from generator.readings import readings

COUNT = len(INSTRUMENTS)
numbers = arrays(np.float64, (COUNT, 3), elements=st.floats(-1e6, 1e6))


def test_the_instruments_are_those_of_the_contract_in_its_order() -> None:
    fields = schema.load("generator_reading").fields
    numeric = [field.name for field in fields if field.nullable and field.kind is schema.Kind.NUMBER]
    assert [instrument.measurement for instrument in INSTRUMENTS] == numeric[:COUNT]
    assert numeric[COUNT:] == ["energy_kwh", "run_hours_h"]


@given(clean=numbers, noise=numbers)
def test_indications_stay_in_range_and_say_when_they_are_clamped(clean: Floats, noise: Floats) -> None:
    values, clamped = indicate(clean, noise)
    for row, instrument in enumerate(INSTRUMENTS):
        assert ((values[row] >= instrument.low) & (values[row] <= instrument.high)).all()
        assert np.isin(values[row][clamped[row]], (instrument.low, instrument.high)).all()
        kept = values[row][~clamped[row] & (values[row] != 0)]
        expected = (clean + noise)[row][~clamped[row] & (values[row] != 0)]
        assert kept == pytest.approx(expected, abs=0.51 * 10**-instrument.decimals)
        assert [float(f"{value:.{instrument.decimals}f}") for value in values[row]] == values[row].tolist()
    assert not np.signbit(values[values == 0]).any()


def test_an_instrument_driven_past_its_range_says_so_in_the_reading() -> None:
    config = PlantConfig("run", 1, 1_767_225_600_000_000, 10)
    state = plant.initial(config)
    qualities = set()
    for _ in range(200):
        state, scan = plant.step(config, state, Controls(demand_factor=0.02, noise=10))
        qualities |= {item for reading in readings(config, scan) for item in reading.quality.items()}
    assert ("fuel_rate_lph", "UncertainEngineeringUnitsExceeded") in qualities


def test_at_standstill_nothing_is_indicated_whatever_the_noise() -> None:
    config = PlantConfig("run", 1, 1_767_225_600_000_000, 10)
    _, scan = plant.step(config, plant.initial(config), Controls(noise=10))
    stopped = [reading for reading in readings(config, scan) if reading.state == "STOPPED"]
    assert stopped
    for reading in stopped:
        assert reading.power_output_kw == reading.current_a == reading.engine_speed_rpm == reading.frequency_hz == 0
        assert reading.voltage_v == reading.oil_pressure_kpa == reading.fuel_rate_lph == 0
        assert reading.bus_voltage_v is not None
        assert reading.bus_voltage_v > 200


def test_measured_power_current_and_voltage_agree_within_two_per_cent() -> None:
    config = PlantConfig("run", 9, 1_767_225_600_000_000 + 9 * 3_600_000_000, 30)
    state = plant.initial(config)
    for _ in range(60):
        state, scan = plant.step(config, state, Controls())
        values = scan.batches[0].values
        power, reactive, volts, current = (
            values[ROW[name]] for name in ("power_output_kw", "reactive_power_kvar", "voltage_v", "current_a")
        )
        loaded = power > 40
        assert loaded.any()
        ratio = np.hypot(power, reactive)[loaded] / (3 * volts * current / 1000)[loaded]
        assert abs(ratio - 1).max() < 0.02


def test_noise_has_the_deviation_that_it_is_specified_with() -> None:
    drawn = normal(words(1, Purpose.SCAN, 3, 200_000))
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, abs=0.01)
    assert abs(drawn).max() < 4.9
    assert np.quantile(drawn, 0.975) == pytest.approx(1.96, abs=0.03)
    assert uniform(words(1, Purpose.SCAN, 3, 200_000)).mean() == pytest.approx(0.5, abs=0.005)


def test_words_depend_on_seed_purpose_and_index_and_on_nothing_else() -> None:
    assert (words(7, Purpose.EVENT, 5, 10) == words(7, Purpose.EVENT, 5, 1000)[:10]).all()
    event, scan = Purpose.EVENT, Purpose.SCAN
    keys = ((7, event, 5), (8, event, 5), (7, scan, 5), (7, event, 6), (2**63 - 1, event, 5))
    assert len({tuple(words(*key, 4).tolist()) for key in keys}) == len(keys)

"""The fleet as it was built."""

import jsonschema_rs
import pytest

from contracts import schema
from generator.fleet import PlantConfig, fleet, nameplates


@pytest.mark.parametrize(("count", "sites"), [(1, 1), (10, 1), (11, 2), (1000, 100)])
def test_a_fleet_is_sites_of_at_most_ten(count: int, sites: int) -> None:
    built = fleet(PlantConfig("run", 1, 0, count))
    assert built.site_count == len(set(built.sites)) == sites
    assert len(set(built.generator_ids)) == count
    assert max(map(built.sites.count, built.sites)) <= 10
    assert [built.places[name] for name in built.generator_ids] == list(range(count))


def test_nameplates_keep_their_contract_and_agree_with_the_reference_set() -> None:
    validator = jsonschema_rs.Draft202012Validator(dict(schema.load("nameplate").document))
    plates = nameplates(PlantConfig("run", 1, 0, 12))
    assert [plate["generator_id"] for plate in plates] == [f"G{number}" for number in range(1, 13)]
    for plate in plates:
        validator.validate(plate)
        assert (plate["rated_power_factor"], plate["rated_current_a"], plate["rated_speed_rpm"]) == (0.8, 271.7, 1500)
        assert plate["fuel_rate_full_load_lph"] == pytest.approx(41.15)

"""The fleet as it was built: its sites and sets, and how each set differs from the data sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from generator.chance import Flags, Floats, Integers, Purpose, uniform, words
from generator.instruments import INSTRUMENTS
from generator.nameplate import (
    IDLE_LPH,
    LPH_PER_KW,
    POLES,
    RATED_A,
    RATED_HZ,
    RATED_KVA,
    RATED_KW,
    RATED_RPM,
    RATED_V,
    SETS_PER_SITE,
    TANK_L,
    TRIP_COOLANT_C,
    TRIP_OIL_KPA,
)


@dataclass(frozen=True)
class PlantConfig:
    """What makes the plant what it is from its beginning.

    Attributes:
        stream_id: name of the run.
        seed: what all chance is drawn from, 0 to 2**63 - 1.
        start: simulated time before the first scan, in microseconds since the epoch.
        generators: number of sets, in sites of at most ten.
        damage: share of the lines that are damaged on the wire, 0 to 1.
    """

    stream_id: str
    seed: int
    start: int
    generators: int = SETS_PER_SITE
    damage: float = 0.0


@dataclass(frozen=True, eq=False)
class Fleet:
    """Constants of the fleet; arrays have one number per set or, where it says so, per site.

    Attributes:
        generator_ids, sites: names, one per set.
        places: number of the set with this name.
        site: number of the set's site.
        installed_kw: per site, the sum of its sets' ratings.
        day_shift_us: per site, how much earlier its day begins.
        load_scale: per site, its demand relative to the profile.
        reactive_share: per site, reactive over active demand (tan φ).
        governor_trim_kw, avr_trim_kvar: the set's error in sharing load.
        fuel_scale, oil_scale: the set's fuel consumption and oil pressure relative to the data sheet.
        gain, offset: shape (instruments, sets), calibration errors.
    """

    generator_ids: tuple[str, ...]
    sites: tuple[str, ...]
    places: Mapping[str, int]
    site: Integers
    installed_kw: Floats
    day_shift_us: Integers
    load_scale: Floats
    reactive_share: Floats
    governor_trim_kw: Floats
    avr_trim_kvar: Floats
    fuel_scale: Floats
    oil_scale: Floats
    gain: Floats
    offset: Floats

    @property
    def site_count(self) -> int:
        """Number of sites."""
        return len(self.installed_kw)

    def per_site(self, values: Floats | Flags) -> Floats:
        """Sums of the sets' values over each site, added in the order of the sets."""
        sums: Floats = np.bincount(  # type: ignore[assignment]  # numpy's types forget that weighted counts are floats
            self.site, weights=values, minlength=self.site_count
        )
        return sums

    def first_of_site(self, keys: Floats) -> Integers:
        """Number of the set with the smallest key of each site; infinite keys come last."""
        padded = np.full(self.site_count * SETS_PER_SITE, np.inf)
        padded[: len(keys)] = keys
        inner: Integers = padded.reshape(-1, SETS_PER_SITE).argmin(axis=1)
        return inner + np.arange(self.site_count) * SETS_PER_SITE


_SPREADS: Final = 4
"""Ways in which sets differ beside their instruments."""


@lru_cache(maxsize=4)
def fleet(config: PlantConfig) -> Fleet:
    """The fleet that this configuration builds."""
    count = config.generators
    site = np.arange(count) // SETS_PER_SITE
    sites = int(site[-1]) + 1
    drawn = uniform(words(config.seed, Purpose.FLEET, 0, 3 * sites)).reshape(3, sites)
    spread = 2 * uniform(words(config.seed, Purpose.FLEET, 1, _SPREADS * count)).reshape(_SPREADS, count) - 1
    errors = 2 * uniform(words(config.seed, Purpose.FLEET, 2, 2 * len(INSTRUMENTS) * count)) - 1
    gains, offsets = errors.reshape(2, len(INSTRUMENTS), count)
    return Fleet(
        generator_ids=tuple(f"G{number}" for number in range(1, count + 1)),
        places={f"G{place + 1}": place for place in range(count)},
        sites=tuple(f"S{number + 1}" for number in site),
        site=site,
        installed_kw=np.bincount(site) * np.float64(RATED_KW),
        day_shift_us=(drawn[0] * 3_600_000_000).astype(np.int64),
        load_scale=0.9 + 0.15 * drawn[1],
        reactive_share=0.48 + 0.16 * drawn[2],
        governor_trim_kw=1.5 * spread[0],
        avr_trim_kvar=1.5 * spread[1],
        fuel_scale=1 + 0.008 * spread[2],
        oil_scale=1 + 0.04 * spread[3],
        gain=1 + np.array([[instrument.gain_error] for instrument in INSTRUMENTS]) * gains,
        offset=np.array([[instrument.offset_error] for instrument in INSTRUMENTS]) * offsets,
    )


def nameplates(config: PlantConfig) -> list[dict[str, str | float]]:
    """The nameplates of the fleet's sets, as the nameplate contract has them."""
    built = fleet(config)
    return [
        {
            "site": site,
            "generator_id": generator_id,
            "rated_power_kw": RATED_KW,
            "rated_apparent_power_kva": RATED_KVA,
            "rated_power_factor": RATED_KW / RATED_KVA,
            "rated_voltage_v": RATED_V,
            "rated_frequency_hz": RATED_HZ,
            "rated_current_a": round(RATED_A, 1),
            "rated_speed_rpm": RATED_RPM,
            "poles": POLES,
            "fuel_tank_l": TANK_L,
            "fuel_rate_no_load_lph": IDLE_LPH,
            "fuel_rate_full_load_lph": IDLE_LPH + LPH_PER_KW * RATED_KW,
            "coolant_temperature_trip_c": TRIP_COOLANT_C,
            "oil_pressure_trip_kpa": TRIP_OIL_KPA,
        }
        for generator_id, site in zip(built.generator_ids, built.sites, strict=True)
    ]


@lru_cache(maxsize=4)
def nameplate_lines(config: PlantConfig) -> bytes:
    """The nameplates as lines of JSON, each ending in LF, in the order of the fleet."""
    return msgspec.json.Encoder().encode_lines(nameplates(config))

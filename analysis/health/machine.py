"""Health over the rows of all streams, in log order."""

from typing import Any, Final, Self

from analysis.health.finding import Finding
from analysis.health.generator_set import GeneratorSet
from analysis.place import Place

SILENCE_US: Final = 60_000_000
"""A set whose newest reading is a minute older than the newest of its site is silent."""
_CHECK_US: Final = 10_000_000


class Health:
    """The health of every set of every stream. Memory: constant per stream and set.

    A whole site that is silent is not told here: nothing in the log says so. Rows that are late, skewed, historical or
    older than the newest of their set count for numbering and clock only.
    """

    def __init__(self) -> None:
        self._sites: dict[tuple[str, str], dict[str, GeneratorSet]] = {}
        self._checks: dict[tuple[str, str], int] = {}

    def read(self, place: Place, values: tuple[Any, ...]) -> list[Finding]:
        """Take a row: where it stands, and the values of `analysis.health.columns.columns` in their order."""
        site = (place.stream_id, place.site)
        sets = self._sites.get(site)
        if sets is None:
            sets = self._sites[site] = {}
            self._checks[site] = place.source_time + _CHECK_US
        one = sets.get(place.generator_id)
        if one is None:
            one = sets[place.generator_id] = GeneratorSet(place)
        events = one.read(place, values)
        if one.newest >= self._checks[site]:
            self._checks[site] = one.newest + _CHECK_US
            for other in sets.values():
                if other.newest >= 0:
                    events += other.silent(one.newest, SILENCE_US)
        return events

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [
            [*site, self._checks[site], {name: one.dump() for name, one in sets.items()}]
            for site, sets in self._sites.items()
        ]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The health that gave this dump."""
        made = cls()
        for stream_id, site, check, sets in dumped:
            made._checks[stream_id, site] = check
            made._sites[stream_id, site] = {name: GeneratorSet.load(one) for name, one in sets.items()}
        return made

"""Fault detection over the rows of all streams, in log order."""

from collections.abc import Mapping
from typing import Any, Self

from analysis.detection.claims import Detection
from analysis.detection.generator_set import GeneratorSet, Sisters
from analysis.detection.nameplate import Nameplate
from analysis.place import Place


class Detections:
    """The detectors of every set of every stream.

    Readings that are late, skewed, historical or no newer than the newest of their set are passed over: the detectors
    follow the plant as it is now. Memory: constant per stream and set.
    """

    def __init__(self) -> None:
        self._plates: dict[str, Nameplate] = {}
        self._sets: dict[tuple[str, str], GeneratorSet] = {}
        self._sisters: dict[tuple[str, str], Sisters] = {}
        self._sites: dict[tuple[str, str], str] = {}

    def rate(self, nameplate: Mapping[str, Any]) -> None:
        """Take a value of the nameplate topic; it holds for the set of that name from now on."""
        plate = self._plates[nameplate["generator_id"]] = Nameplate.of(nameplate)
        for (_, generator_id), one in self._sets.items():
            if generator_id == nameplate["generator_id"]:
                one.plate = plate

    def read(self, place: Place, values: tuple[Any, ...]) -> list[Detection]:
        """Take a row: where it stands, and the values of `analysis.detection.residuals.columns` in their order."""
        if place.historical or place.outcome != "accepted":
            return []
        key = (place.stream_id, place.generator_id)
        one = self._sets.get(key)
        if one is None:
            one = self._add(key, place.site)
        if place.source_time <= one.newest:
            return []
        return one.read(place, values)

    def _add(self, key: tuple[str, str], site: str) -> GeneratorSet:
        stream_id, generator_id = key
        sisters = self._sisters.setdefault((stream_id, site), {})
        made = self._sets[key] = GeneratorSet(self._plates.get(generator_id, Nameplate()), sisters)
        self._sites[key] = site
        return made

    def dump(self) -> dict[str, Any]:
        """A JSON value to go on from."""
        return {
            "plates": {generator_id: list(plate) for generator_id, plate in self._plates.items()},
            "sisters": [[*key, {name: list(row) for name, row in sets.items()}] for key, sets in self._sisters.items()],
            "sets": [[*key, self._sites[key], one.dump()] for key, one in self._sets.items()],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Self:
        """The detectors that gave this dump."""
        made = cls()
        made._plates = {generator_id: Nameplate(*plate) for generator_id, plate in dumped["plates"].items()}
        made._sisters = {(stream_id, site): sets for stream_id, site, sets in dumped["sisters"]}
        for stream_id, generator_id, site, content in dumped["sets"]:
            key = (stream_id, generator_id)
            plate = made._plates.get(generator_id, Nameplate())
            made._sets[key] = GeneratorSet.load(content, plate, made._sisters.setdefault((stream_id, site), {}))
            made._sites[key] = site
        return made

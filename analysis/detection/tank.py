"""The fuel tank of one set: what its level shows beyond the fuel that is burnt."""

from math import isnan
from typing import Any, Final, Self

from analysis.detection import classify
from analysis.detection.block import Block
from analysis.detection.claims import Claims, Detection, Evidence
from analysis.detection.leak import DECISION_L, Leak
from analysis.place import Place

_BALANCE: Final = "tank_balance_l"
_GAUGE: Final = "fuel_level_pct"


class Tank:
    """Leaks of the tank, and steps of its gauge."""

    def __init__(self) -> None:
        self._leak = Leak()
        self._stepped: int | None = None

    def lose_track(self) -> None:
        """Begin anew after readings without a level or rate; what has been claimed stays."""
        self._leak.lose_track()

    def judge(
        self, place: Place, block: Block, level_pct: float, rate_lph: float, tank_l: float, claims: Claims
    ) -> list[Detection]:
        """Take a block of readings.

        Args:
            place: of the reading that ends the block.
            block: the readings.
            level_pct: their mean level; NaN where it is not known.
            rate_lph: the fuel that is burnt in L/h; NaN where it is not known.
            tank_l: volume of the tank.
            claims: those of the set; written to.
        """
        if isnan(level_pct) or isnan(rate_lph):
            self.lose_track()
            return []
        leak, time = self._leak, place.source_time
        burnt_l = rate_lph * ((time - block.begun) / 1e6) / 3600
        leak.add(level_pct * block.readings, block.readings, burnt_l, block.begun)
        if not leak.end(time, tank_l):
            return []
        events: list[Detection] = []
        if leak.stepped:
            self._stepped = time
            events += claims.raise_("bias", place, Evidence(_GAUGE, None, None, block.begun))
        if leak.state:
            events += claims.raise_("fuel_leak", place, Evidence(_BALANCE, leak.excess_l, DECISION_L, leak.since))
        else:
            events += claims.clear("fuel_leak", _BALANCE, place)
        if self._stepped is not None and time - self._stepped > classify.STEPPED_US:
            self._stepped = None
            events += claims.clear("bias", _GAUGE, place)
        return events

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [self._leak.dump(), self._stepped]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The tank that gave this dump."""
        made = cls()
        leak, made._stepped = dumped
        made._leak = Leak.load(leak)
        return made

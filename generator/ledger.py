"""The expected ledger: what lines contain, counted from the plant and not from the lines."""

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from generator.batch import Whole, joined
from generator.fleet import PlantConfig, fleet
from generator.lines import Damage, damages
from generator.scan import Scan


class Outcome(IntEnum):
    """What a line is."""

    VALID = 0
    DUPLICATE = 1
    INVALID = 2
    MALFORMED = 3


_OUTCOME = {
    Damage.MALFORMED: Outcome.MALFORMED,
    Damage.TRUNCATED: Outcome.MALFORMED,
    Damage.INVALID: Outcome.INVALID,
    Damage.DUPLICATED: Outcome.VALID,
}


@dataclass
class Ledger:
    """What some lines contain.

    Attributes:
        malformed: lines that are no JSON.
        invalid: lines of JSON that break the contract.
        valid: lines that keep it, the first of each reading, by ``generator_id`` and lateness: whole seconds from
            source time to server time, rounded down, so below 0 where a device's clock is ahead.
        duplicates: further lines of the same readings, likewise.
    """

    malformed: int = 0
    invalid: int = 0
    valid: Counter[tuple[str, int]] = field(default_factory=Counter)
    duplicates: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def lines(self) -> int:
        """How many lines."""
        return self.malformed + self.invalid + self.valid.total() + self.duplicates.total()

    def add(self, config: PlantConfig, scan: Scan, most: int | None = None) -> None:
        """Count the lines of a scan, only the first ``most`` of them if that is given."""
        if not scan.batches:
            return
        built = fleet(config)
        whole = joined(scan.batches).whole
        late_s = (whole[Whole.SERVER_US] - whole[Whole.SOURCE_US]) // 1_000_000
        outcome = np.full(len(late_s), int(Outcome.VALID))
        times = np.ones(len(late_s), dtype=np.int64)
        for place, (damage, _) in damages(config, scan.number, len(late_s)).items():
            outcome[place] = _OUTCOME[damage]
            times[place] += damage is Damage.DUPLICATED
        of_line = np.repeat(np.arange(len(late_s)), times)
        repeated = np.concatenate(([False], of_line[1:] == of_line[:-1]))
        what = np.where(repeated, int(Outcome.DUPLICATE), outcome[of_line])
        told = np.stack((what, whole[Whole.SET][of_line], late_s[of_line]))[:, :most]
        kinds, counts = np.unique(told, axis=1, return_counts=True)
        for (kind, place, late), count in zip(kinds.T.tolist(), counts.tolist(), strict=True):
            match Outcome(kind):
                case Outcome.VALID:
                    self.valid[built.generator_ids[place], late] += count
                case Outcome.DUPLICATE:
                    self.duplicates[built.generator_ids[place], late] += count
                case Outcome.INVALID:
                    self.invalid += count
                case Outcome.MALFORMED:
                    self.malformed += count

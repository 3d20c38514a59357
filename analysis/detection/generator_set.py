"""One generator set under the eyes of its detectors."""

from collections.abc import Sequence
from math import isnan, nan
from typing import Any, Final, Self

from analysis.detection import classify, models, sharing
from analysis.detection.block import BLOCK_US, JUMP, NOISY, Block, numbers, plain
from analysis.detection.claims import Claims, Detection, Evidence
from analysis.detection.cusum import Cusum
from analysis.detection.device import Device
from analysis.detection.hunting import SWING, Hunting
from analysis.detection.limits import LIMITS
from analysis.detection.nameplate import Nameplate
from analysis.detection.noise import RATIO, Noise
from analysis.detection.residuals import CHANNELS, ON_LINE
from analysis.detection.spikes import Spikes
from analysis.detection.tank import Tank
from analysis.detection.temperatures import Temperatures
from analysis.place import Place

LOST_US: Final = 60_000_000
"""After a minute without readings the lags of the models are not known any more."""
SETTLED_US: Final = 30_000_000
WARM_US: Final = 2_400_000_000
"""On line for so long: synchronising is over; the oil is warm."""

_FUEL, _COOLANT, _EXHAUST, _OIL, _LEVEL, _POWER, _REACTIVE, _BUS_VOLTAGE = range(4, 12)
_CHANNELS: Final = len(CHANNELS)


Sisters = dict[str, list[float]]
"""By ``generator_id`` the last block's [end, active power, reactive power] of the sets of a site that are on line."""


class GeneratorSet:
    """The detectors of one set in one stream. Memory: constant, but for `Claims`.

    Args:
        plate: the ratings.
        sisters: the sets of the site, this one among them; shared, and written to.
    """

    def __init__(self, plate: Nameplate, sisters: Sisters) -> None:
        self.plate = plate
        self.sisters = sisters
        self.newest = -1
        self._count = 0
        self._block: Block | None = None
        self._block_end = 0
        self._device = Device()
        self._on_line_since: int | None = None
        self._temperatures = Temperatures()
        self._recent: list[list[float]] = []
        self._misshared = 0
        self._sums = {name: Cusum() for name in LIMITS}
        self._steps: dict[str, int] = {}
        self._noise = [Noise() for _ in range(NOISY)]
        self._spikes = [Spikes() for _ in range(NOISY)]
        self._hunting = Hunting()
        self._tank = Tank()
        self._claims = Claims()

    def read(self, place: Place, values: Sequence[Any]) -> list[Detection]:
        """Take an accepted reading that is newer than all before; `residuals.columns` has the order of the values."""
        time = place.source_time
        events: list[Detection] = []
        if time - self.newest > LOST_US:
            self._lose_track()
        self.newest = time
        condition = values[_CHANNELS]
        device = self._device
        if condition != device.condition or values[-1] != device.wire:
            events += device.judge(place, condition, values[-1], self._claims)
        if time >= self._block_end:
            events += self._end_block(place)
        block = self._block
        if block is None:
            block = self._begin_block(time)
        self._count += 1
        is_on_line = condition is not None and condition & ON_LINE != 0
        before = block.last
        if block.add(values[:_CHANNELS], is_on_line) and is_on_line:
            self._note_jumps(before, values, time)
        if is_on_line:
            self._hunting.update(values[_POWER], time, self._swing_kw)
        return events

    @property
    def _swing_kw(self) -> float:
        return SWING * self.plate.rated_power_kw

    def _begin_block(self, time: int) -> Block:
        last = self._block.last if self._block else (nan,) * _CHANNELS
        self._block = Block(time, last)
        self._block_end = time + BLOCK_US
        return self._block

    def _lose_track(self) -> None:
        self._block = self._on_line_since = None
        self._block_end = 0
        self._temperatures.lose_track()
        self._tank.lose_track()

    def _note_jumps(self, before: Sequence[float], values: Sequence[float], time: int) -> None:
        for channel, limit in enumerate(JUMP):
            change = values[channel] - before[channel]
            if abs(change) > limit:
                self._spikes[channel].jump(time, self._count, change)

    def _end_block(self, place: Place) -> list[Detection]:
        block, time = self._block, place.source_time
        self._begin_block(time)
        if block is None:
            return []
        means, dt_s = block.means(), (time - block.begun) / 1e6
        burnt_lph = self._burnt_lph(means)
        events = self._tank.judge(place, block, means[_LEVEL], burnt_lph, self.plate.tank_l, self._claims)
        if block.on_line < block.readings:
            self._on_line_since = None
            self._temperatures.lose_track()
            self._recent = []
            self._sisters_without_this(place)
            return events
        if self._on_line_since is None:
            self._on_line_since = block.begun
        events += self._judge_residuals(place, means, dt_s)
        events += self._judge_noise(place, block)
        events += self._judge_spikes(place)
        events += self._judge_hunting(place)
        events += self._judge_sharing(place, means)
        return events

    def _burnt_lph(self, means: list[float]) -> float:
        """The fuel rate; that of the model where the meter reads low, which would look like a leak."""
        rate, power_kw = means[_FUEL], means[_POWER]
        if self._sums["fuel_rate_lph"].low > 0 and not isnan(rate) and not isnan(power_kw):
            return models.fuel_lph(power_kw, self.plate)
        return rate

    def _residuals(self, means: list[float], dt_s: float, time: int) -> dict[str, float]:
        """The block's residuals by name; NaN where one is not known."""
        power_kw, plate = means[_POWER], self.plate
        found = dict(zip(CHANNELS[:_FUEL], means, strict=False))
        found["fuel_rate_lph"] = means[_FUEL] - models.fuel_lph(power_kw, plate)
        found["coolant_temperature_c"], found["exhaust_temperature_c"] = self._temperatures.residuals(
            means[_COOLANT], means[_EXHAUST], power_kw, dt_s, plate
        )
        oil = means[_OIL] - models.OIL_WARM_KPA
        is_warm = self._on_line_since is not None and time - self._on_line_since > WARM_US
        found["oil_pressure_kpa"] = oil if is_warm else min(oil, 0.0)
        return found

    def _judge_residuals(self, place: Place, means: list[float], dt_s: float) -> list[Detection]:
        time = place.source_time
        events: list[Detection] = []
        residuals = self._residuals(means, dt_s, time)
        if self._on_line_since is None or time - self._on_line_since <= SETTLED_US:
            return events
        recent, self._recent = self._recent, [*self._recent[-1:], [residuals[name] for name in LIMITS]]
        for channel, (name, limit) in enumerate(LIMITS.items()):
            residual = residuals[name]
            if isnan(residual):
                continue
            # From two blocks ago: a step within a block is in two differences by halves.
            before = recent[0][channel] if recent else nan
            if limit.step is not None and abs(residual - before) > limit.step:
                self._steps[name] = time
            sums = self._sums[name]
            told = sums.state
            state = sums.update(residual, limit.allowance, limit.decision, time)
            if state == told:
                continue
            for fault_class in self._claims.shown_by(name):
                events += self._claims.clear(fault_class, name, place)
            if state:
                shown = self._classify(name, state, sums.since, time)
                if shown is not None:
                    events += self._claims.raise_(shown, place, Evidence(name, residual, limit.allowance, sums.since))
        return events

    def _classify(self, name: str, direction: int, since: int, time: int) -> str | None:
        step = self._steps.get(name)
        if LIMITS[name].step is None:
            step = self._spikes[CHANNELS.index(name)].step
        stepped = step is not None and time - step <= classify.STEPPED_US
        match name:
            case "fuel_rate_lph":
                return classify.of_fuel(direction, stepped)
            case "coolant_temperature_c":
                return classify.of_coolant(direction, stepped, time - since)
            case "oil_pressure_kpa":
                return classify.of_oil(direction, stepped, time - since)
            case "exhaust_temperature_c" if direction < 0 and self._sums["fuel_rate_lph"].high > 0:
                return None  # a lost injector cools the exhaust
            case _:
                return classify.of_instrument(stepped)

    def _judge_noise(self, place: Place, block: Block) -> list[Detection]:
        events: list[Detection] = []
        for channel, noise in enumerate(self._noise):
            ratio = block.variance_ratio(channel)
            if isnan(ratio):
                continue
            before, name = noise.state, CHANNELS[channel]
            if noise.update(ratio) == before:
                continue
            if noise.state:
                events += self._claims.raise_("noise", place, Evidence(name, ratio, RATIO, block.begun))
            else:
                events += self._claims.clear("noise", name, place)
        return events

    def _judge_spikes(self, place: Place) -> list[Detection]:
        events: list[Detection] = []
        for channel, spikes in enumerate(self._spikes):
            name = CHANNELS[channel]
            events += self._claims.clear("spike", name, place)
            found = spikes.judge(place.source_time)
            if found is not None:
                time, size = found
                events += self._claims.raise_("spike", place, Evidence(name, size, JUMP[channel], time))
        return events

    def _judge_hunting(self, place: Place) -> list[Detection]:
        before = self._hunting.state
        if self._hunting.judge(place.source_time) == before:
            return []
        if before:
            return self._claims.clear("governor_hunting", "power_output_kw", place)
        evidence = Evidence("power_output_kw", None, self._swing_kw, self._hunting.turns[0])
        return self._claims.raise_("governor_hunting", place, evidence)

    def _judge_sharing(self, place: Place, means: list[float]) -> list[Detection]:
        power_kw, reactive_kvar, bus_v = means[_POWER], means[_REACTIVE], means[_BUS_VOLTAGE]
        if isnan(power_kw + reactive_kvar + bus_v):
            self._sisters_without_this(place)
            return []
        time = place.source_time
        self.sisters[place.generator_id] = [time, power_kw, reactive_kvar]
        others = [
            (power, reactive)
            for name, (end, power, reactive) in self.sisters.items()
            if name != place.generator_id and time - end <= 3 * BLOCK_US
        ]
        off = sharing.misshared_kvar(power_kw, reactive_kvar, others)
        plate = self.plate
        has_failed = off is not None and sharing.has_failed(
            off, bus_v, plate.rated_voltage_v, plate.rated_apparent_power_kva
        )
        self._misshared = min(self._misshared + 1, 2) if has_failed else max(self._misshared - 1, 0)
        if self._misshared == 2:
            threshold = sharing.MISSHARED * plate.rated_apparent_power_kva
            evidence = Evidence("reactive_power_kvar", off, threshold, time - 2 * BLOCK_US)
            return self._claims.raise_("avr_failure", place, evidence)
        if self._misshared == 0:
            return self._claims.clear("avr_failure", "reactive_power_kvar", place)
        return []

    def _sisters_without_this(self, place: Place) -> None:
        self.sisters.pop(place.generator_id, None)

    def dump(self) -> list[Any]:
        """A JSON value to go on from; without nameplate and sisters."""
        return [
            [self.newest, self._count, self._block and self._block.dump(), self._block_end, self._device.dump()],
            [self._on_line_since, self._temperatures.dump(), [plain(row) for row in self._recent], self._misshared],
            {name: sums.dump() for name, sums in self._sums.items()},
            dict(self._steps),
            [noise.dump() for noise in self._noise],
            [spikes.dump() for spikes in self._spikes],
            [self._hunting.dump(), self._tank.dump(), self._claims.dump()],
        ]

    @classmethod
    def load(cls, dumped: list[Any], plate: Nameplate, sisters: Sisters) -> Self:
        """The set that gave this dump, with its nameplate and its sisters."""
        made = cls(plate, sisters)
        now, watched, sums, made._steps, noise, spikes, (hunting, tank, claims) = dumped
        made.newest, made._count, block, made._block_end, device = now
        made._device = Device.load(device)
        made._block = block and Block.load(block)
        made._on_line_since, temperatures, recent, made._misshared = watched
        made._temperatures = Temperatures.load(temperatures)
        made._recent = [numbers(row) for row in recent]
        made._sums = {name: Cusum.load(one) for name, one in sums.items()}
        made._noise = [Noise.load(one) for one in noise]
        made._spikes = [Spikes.load(one) for one in spikes]
        made._hunting, made._tank = Hunting.load(hunting), Tank.load(tank)
        made._claims = Claims.load(claims)
        return made

"""The state of the plant between two scans, as one value."""

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from generator.batch import Batch
from generator.chance import Flags, Floats, Integers

Memory = dict[str, tuple[int, float]]
"""Per fault, since when it has been in force (microseconds since the epoch), and what a frozen instrument holds."""


@dataclass(frozen=True, eq=False)
class Held:
    """Readings that a gateway holds.

    Attributes:
        due_us: when they are forwarded, microseconds since the epoch; None: stored until the site can be reached.
        site: number of the site.
        batch: the readings.
    """

    due_us: int | None
    site: int
    batch: Batch


class State(msgspec.Struct, frozen=True, eq=False):
    """The plant after a scan. Arrays have one value per set or, where it says so, per site; nobody writes to them.

    Attributes:
        scan: number of the last scan, 0 before the first.
        clock_us: simulated time of it, microseconds since the epoch.
        phase, elapsed_s, duration_s: step of the sequence, how long it has lasted and when it will end by itself.
        loading: weight of the set in sharing the site's load, 0 to 1.
        rpm, terminal_v: engine speed and generator voltage.
        coolant_c, soak_k: coolant temperature and what a stop would still add to it from the hot block.
        oil_c, oil_kpa, exhaust_c: oil temperature and pressure, exhaust temperature.
        fuel_l, refuelling: content of the tank, whether it is being filled.
        energy_kwh, run_hours_h, start_count: counters.
        trips: bits of the protections that have picked up (`generator.protection`).
        latched: bits of those that have tripped a set that is not reset yet.
        seq: number of the next reading.
        sensed: shape (instruments, sets), what the lagging sensors feel.
        base_kw, base_kvar: per site, the load that secondary control has taken over from droop.
        connected: per site, share of the demand that is not shed.
        flicker: per site, the demand's fluctuation, relative.
        planned_kw: per site, smoothed demand that dispatch goes by.
        short_s, surplus_s: per site, how long there have been too few or too many sets.
        memory: of the faults that have begun, by id.
        outbox: readings that the gateways hold, in the order in which they came.
        silent: per site, whether its gateway was not to be reached at the last scan.
        reported: with report by exception, the last reading of each set that was sent.
        reported_us: time of it, microseconds since the epoch.
    """

    scan: int
    clock_us: int
    phase: Integers
    elapsed_s: Floats
    duration_s: Floats
    loading: Floats
    rpm: Floats
    terminal_v: Floats
    coolant_c: Floats
    soak_k: Floats
    oil_c: Floats
    oil_kpa: Floats
    exhaust_c: Floats
    fuel_l: Floats
    refuelling: Flags
    energy_kwh: Floats
    run_hours_h: Floats
    start_count: Integers
    trips: Integers
    latched: Integers
    seq: Integers
    sensed: Floats
    base_kw: Floats
    base_kvar: Floats
    connected: Floats
    flicker: Floats
    planned_kw: Floats
    short_s: Floats
    surplus_s: Floats
    memory: Memory
    outbox: tuple[Held, ...]
    silent: Flags
    reported: Batch
    reported_us: Integers

    def to_bytes(self) -> bytes:
        """The state as bytes, the same for equal states."""
        return msgspec.msgpack.encode(self, enc_hook=_pack)

    @classmethod
    def from_bytes(cls, content: bytes) -> "State":
        """The state that `to_bytes` made these of, exactly.

        Raises:
            ValueError: they are not those of a state.
        """
        try:
            return msgspec.msgpack.decode(content, type=cls, ext_hook=_unpack, dec_hook=_keep)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not the bytes of a plant's state: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash


def _pack(value: Any) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(1, msgspec.msgpack.encode((value.dtype.str, value.shape, value.tobytes())))


def _unpack(_code: int, content: memoryview) -> Any:
    kind, shape, numbers = msgspec.msgpack.decode(content, type=tuple[str, tuple[int, ...], bytes])
    return np.frombuffer(numbers, dtype=kind).reshape(shape)


def _keep(_kind: type, value: Any) -> Any:
    return value

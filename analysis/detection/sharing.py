"""Reactive load sharing: a set whose excitation has run away."""

from typing import Final

MISSHARED: Final = 0.16
VOLTAGE_OFF: Final = 0.012
LOADED: Final = 0.1


def misshared_kvar(power_kw: float, reactive_kvar: float, others: list[tuple[float, float]]) -> float | None:
    """Reactive power beyond the share that the set's active power gives it, in kvar.

    Sets in parallel share reactive load in proportion to active load. The share is taken from the others alone.

    Args:
        power_kw: active power of the set.
        reactive_kvar: its reactive power.
        others: active and reactive power of the other sets on the bus.

    Returns:
        The difference; None where no other set carries load.
    """
    carried = sum(power for power, _ in others)
    if carried <= 0:
        return None
    return reactive_kvar - power_kw * sum(reactive for _, reactive in others) / carried


def has_failed(misshared: float, bus_v: float, rated_v: float, rated_kva: float) -> bool:
    """Whether a voltage regulator has failed: its set is off the share, and the bus voltage is off the same way.

    Sixteen per cent of the rated apparent power is 30 kvar; healthy sets differ by few kvar. The sisters of a faulty
    set are off the other way than the voltage, which tells them from it. The regulators hold the voltage within 1 %.
    """
    off = bus_v / rated_v - 1
    return abs(misshared) > MISSHARED * rated_kva and abs(off) > VOLTAGE_OFF and (misshared > 0) == (off > 0)

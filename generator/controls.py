"""What can be changed about the plant while it runs."""

from dataclasses import dataclass

from generator.faults import Fault


@dataclass(frozen=True)
class Controls:
    """The plant's controls; a change holds from the scan after it on.

    Attributes:
        scan_interval_us: simulated microseconds from one scan to the next, 100,000 to 60,000,000.
        ambient_temperature_c: temperature around the sets in °C, -30 to 50.
        demand_factor: what the demand profile is multiplied with, 0 to 2.
        noise: what the instruments' noise is multiplied with, 0 to 10.
        deadband: report by exception: a reading is sent when a measurement has moved by more than so many standard
            deviations of its noise, or state, mode, breaker, alarms or a quality have changed; 0 sends every scan.
        longest_silence_us: with a deadband, simulated microseconds after which a reading is sent all the same.
        faults: the faults, those to come and those that are over included; each id once, each set one of the fleet's.
    """

    scan_interval_us: int = 1_000_000
    ambient_temperature_c: float = 25.0
    demand_factor: float = 1.0
    noise: float = 1.0
    deadband: float = 0.0
    longest_silence_us: int = 60_000_000
    faults: tuple[Fault, ...] = ()

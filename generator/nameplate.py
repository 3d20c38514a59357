"""The reference generator set: what its nameplate, its data sheet and its controller's settings say.

A 150 kW stand-by set for prime power in parallel operation. Constants without a source are engineering judgement.
"""

from typing import Final

SETS_PER_SITE: Final = 10
"""Most sets on one bus."""

RATED_KW: Final = 150.0
RATED_KVAR: Final = 112.5
RATED_KVA: Final = 187.5
"""Rated active, reactive and apparent power, at power factor 0.8 as is usual for generator sets (ISO 8528-1)."""
OVERLOAD: Final = 1.1
"""What a set carries for an hour in twelve, as a share of its rating (ISO 8528-1, prime power)."""

RATED_V: Final = 230.0
"""Phase to neutral; 400 V line to line (IEC 60038)."""
RATED_HZ: Final = 50.0
POLES: Final = 4
RPM_PER_HZ: Final = 120.0 / POLES
RATED_RPM: Final = RATED_HZ * RPM_PER_HZ
RATED_A: Final = 1000 * RATED_KVA / (3 * RATED_V)
"""271.7 A per phase."""

DROOP: Final = 0.04
"""Fall of frequency from no load to full load, of the rated frequency; 3 to 5 % is usual for sharing load."""
REACTIVE_DROOP: Final = 0.04
"""Fall of voltage from no load to rated reactive load, of the rated voltage."""

IDLE_LPH: Final = 4.10
LPH_PER_KW: Final = 0.247
"""Fuel: the affine curve (as in HOMER Pro's generator model: intercept and slope) through a published chart of a
150 kW set at 1/4, 1/2, 3/4 and full load: 13.6, 22.3, 31.8 and 41.3 L/h. It stays within 2 % of the chart."""

TANK_L: Final = 500.0
REFUEL_BELOW: Final = 0.23
REFUEL_UPTO: Final = 0.95
REFUEL_LPH: Final = 3000.0
"""A delivery comes some time after the device has annunciated low fuel, and fills at 50 L/min."""

HEATER_C: Final = 40.0
"""What the heater keeps the coolant of a stopped set at, so that it can take load soon."""
THERMOSTAT_C: Final = 87.0
"""Warm coolant without load; the thermostat opens at 82 and is open at 93."""
OIL_WARM_KPA: Final = 400.0
OIL_COLD_KPA: Final = 550.0
EXHAUST_IDLE_C: Final = 180.0
EXHAUST_FULL_C: Final = 500.0

TRIP_COOLANT_C: Final = 107.0
TRIP_OIL_KPA: Final = 140.0
TRIP_RPM: Final = 1.15 * RATED_RPM
TRIP_REVERSE_KW: Final = -0.1 * RATED_KW
WARN_FUEL: Final = 0.25
WARN_V: Final = (0.9 * RATED_V, 1.1 * RATED_V)
WARN_HZ: Final = (48.5, 51.5)
WARN_A: Final = 1.1 * RATED_A
"""Settings of the controller."""

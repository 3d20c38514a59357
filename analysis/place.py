"""Where a valid reading stands: what every machine of the monitor is told of it, whatever it measures."""

from typing import NamedTuple


class Place(NamedTuple):
    """Where a valid reading stands: in its stream, in time, and in the log.

    Attributes:
        stream_id: the run.
        site: the plant (ISA-95 site).
        generator_id: the generator set, unique in the fleet.
        seq: its number among the readings of this set in this run.
        source_time: when the device sampled it, simulated, in microseconds since 1970 in UTC.
        server_time: when the server had it, likewise.
        appended: Kafka's timestamp of the record, by the wall clock, likewise.
        historical: whether it was stored while communication was lost, and forwarded later.
        outcome: ``accepted``, ``late`` or ``skewed``; copies and conflicts never reach a machine.
    """

    stream_id: str
    site: str
    generator_id: str
    seq: int
    source_time: int
    server_time: int
    appended: int
    historical: bool
    outcome: str

"""What the device says of itself: each of these is a fault or its end by definition."""

from analysis.detection.claims import Claims, Detection, Evidence
from analysis.detection.memory import Memory
from analysis.detection.residuals import NOT_AUTO, ON_LINE, OVERCRANK, PROTECTED, TRIPPED
from analysis.place import Place


class Device(Memory):
    """The device of one set.

    Attributes:
        condition: the last known bits of `analysis.detection.residuals`.
        wire: the measurement whose wire is broken; None where none is.
    """

    __slots__ = ("condition", "wire")

    def __init__(self) -> None:
        self.condition = 0
        self.wire: str | None = None

    def judge(self, place: Place, condition: int | None, wire: str | None, claims: Claims) -> list[Detection]:
        """Take what has changed; a condition of None is not known. The claims of the set are written to."""
        events: list[Detection] = []
        if condition is not None:
            before, self.condition = self.condition, condition
            tripped = condition & TRIPPED and not before & TRIPPED
            if tripped and before & ON_LINE and not condition & PROTECTED:
                events += claims.raise_("breaker_trip", place, Evidence("state", None, None, place.source_time))
            for bit, fault_class, named in (
                (OVERCRANK, "fail_to_start", "fault_alarms"),
                (NOT_AUTO, "left_out_of_auto", "mode"),
            ):
                if condition & bit:
                    events += claims.raise_(fault_class, place, Evidence(named, None, None, place.source_time))
                else:
                    events += claims.clear(fault_class, named, place)
            if not condition & TRIPPED:
                events += claims.clear("breaker_trip", "state", place)
        if wire != self.wire:
            if self.wire is not None:
                events += claims.clear("wire_break", self.wire, place)
            if wire is not None:
                events += claims.raise_("wire_break", place, Evidence(wire, None, None, place.source_time))
            self.wire = wire
        return events

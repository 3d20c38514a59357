"""The changes that the control log holds: one key that names the kind, and its content."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from generator import parameters
from generator.controls import Controls
from generator.fault_requests import fault

Change = Mapping[str, Any]

MOST_FAULTS: Final = 1_000
"""Faults in force or to come at once: each costs time at every scan."""


class UnknownFaultError(ValueError):
    """There is no fault of that id that is in force or to come."""


def steps(change: Change, scan: int, controls: Controls) -> list[tuple[int, Change]]:
    """The single steps of a change, each with the first scan that it is in force for; only a scenario has several.

    Args:
        change: the change as the control log has it.
        scan: the first scan that it is in force for.
        controls: those in force for this scan without it.
    """
    match change:
        case {"scenario": list(parts), **rest} if not rest:
            # Faults know when they begin: they are in the controls from the start, to be seen and removed.
            return [
                (
                    scan + round(part["after_s"] * 1_000_000 / controls.scan_interval_us),
                    {"parameters": part["parameters"]},
                )
                if "parameters" in part
                else (scan, part)
                for part in parts
            ]
    return [(scan, change)]


def fault_ids(change: Change) -> list[str]:
    """The names of the faults that a change brings."""
    match change:
        case {"fault": dict(request)}:
            return [request["id"]]
        case {"scenario": list(parts)}:
            return [part["fault"]["id"] for part in parts if "fault" in part]
    return []


def apply(controls: Controls, change: Change, scan: int) -> Controls:
    """The controls after a single step.

    Args:
        controls: those before it.
        change: the step.
        scan: the first scan that it is in force for.

    Raises:
        UnknownFaultError: a fault is to end that is not there.
        ValueError: it is none of the kinds that are known, or breaks a rule.
    """
    match change:
        case {"parameters": dict(values), **rest} if not rest:
            return parameters.change(controls, values)
        case {"fault": dict(request), **rest} if not rest:
            faults = tuple(known for known in controls.faults if known.end is None or known.end > scan)
            if len(faults) >= MOST_FAULTS:
                raise ValueError(f"there must be at most {MOST_FAULTS} faults at once")
            return replace(controls, faults=(*faults, fault(request, scan, controls.scan_interval_us)))
        case {"end": str(id_), **rest} if not rest:
            return _ended(controls, id_, scan)
    raise ValueError(f"no change that is known: {', '.join(change)}")


def _ended(controls: Controls, id_: str, scan: int) -> Controls:
    """The controls with a fault that ends at this scan; one that has not begun by then never will."""
    ending = next((known for known in controls.faults if known.id == id_), None)
    if ending is None or (ending.end is not None and ending.end <= scan):
        raise UnknownFaultError(f"there is no fault {id_!r} in force or to come")
    kept = (replace(ending, end=scan),) if ending.start < scan else ()
    return replace(controls, faults=(*(known for known in controls.faults if known is not ending), *kept))

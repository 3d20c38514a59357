"""Scenarios: named courses of events, one JSON file each beside this module.

A file has a description and the steps: each after so many simulated seconds a change of parameters or a fault.
"""

import json
from importlib import resources
from typing import Any


def names() -> list[str]:
    """The names of the scenarios there are."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def load(name: str) -> dict[str, Any]:
    """A scenario as its file has it.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in names():
        raise KeyError(name)
    scenario: dict[str, Any] = json.loads(resources.files(__name__).joinpath(f"{name}.json").read_bytes())
    return scenario


def steps(name: str, id_: str) -> list[dict[str, Any]]:
    """The steps of a scenario as the control log has them; its faults are named after the change with a number.

    Raises:
        KeyError: there is none of this name.
    """
    numbered: list[dict[str, Any]] = []
    for number, step in enumerate(load(name)["steps"], start=1):
        if "fault" in step:
            numbered.append({"fault": {"id": f"{id_}:{number}", "after_s": step["after_s"], **step["fault"]}})
        else:
            numbered.append(step)
    return numbered

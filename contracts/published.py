"""What leaves the pipeline, and the check of a value against its contract: for tests, and for consumers of a topic.

The readings have a faster judge in `contracts.judge`; here every other contract is judged by its JSON Schema.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jsonschema_rs

from contracts import schema, topics
from contracts.errors import ContractError

BY_TOPIC: Final = {
    topics.READINGS: "generator_reading",
    topics.DEAD_LETTERS: "dead_letter",
    topics.PROGRESS: "progress",
    topics.NAMEPLATE: "nameplate",
    topics.REJECTED: "rejected",
    topics.SUMMARY: "summary",
    topics.STATISTICS: "statistics",
    topics.ALARMS: "alarm",
    topics.OPERATOR_ACTIONS: "operator_action",
    topics.HEALTH: "health",
    topics.DETECTIONS: "detection",
}
"""The contract of each topic: of its values, of a dead letter's headers."""


@dataclass(frozen=True)
class Operation:
    """What an operation of the control API takes and gives, by their contracts' names.

    Attributes:
        request: contract of the body; None where there is none.
        answer: contract of a good answer. The bad ones are a ``problem``.
    """

    request: str | None
    answer: str


BY_OPERATION: Final = {
    ("GET", "/generator/parameters"): Operation(None, "parameters"),
    ("PATCH", "/generator/parameters"): Operation("parameter_change", "parameter_answer"),
    ("GET", "/generator/faults"): Operation(None, "faults"),
    ("POST", "/generator/faults"): Operation("fault_request", "fault"),
    ("DELETE", "/generator/faults/{id}"): Operation(None, "fault_end"),
    ("POST", "/generator/scenarios"): Operation("scenario_request", "scenario_answer"),
    ("GET", "/generator/recording"): Operation(None, "recording"),
    ("GET", "/generator/labels"): Operation(None, "labels"),
    ("GET", "/generator/ledger"): Operation(None, "ledger"),
}
"""The contracts of the control API."""


def check(name: str, value: Any) -> None:
    """Check a JSON value against the contract of that name.

    Raises:
        ContractError: naming the field, the rule and the value.
        FileNotFoundError: there is no such contract.
    """
    error = next(_validator(name).iter_errors(value), None)
    if error is not None:
        raise ContractError(
            ".".join(map(str, error.instance_path)), f"breaks {name}: {error.kind.name}", error.instance
        )


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        schema.document(f"{name}.v1.json"), validate_formats=True, retriever=schema.contract_of
    )

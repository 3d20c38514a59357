"""What leaves the pipeline, and the check of a value against its contract: for tests, and for consumers of a topic.

The readings have a faster judge in `contracts.judge`; here every other contract is judged by its JSON Schema.
"""

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
}
"""The contract of each topic: of its values, of a dead letter's headers."""


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
    return jsonschema_rs.Draft202012Validator(schema.document(f"{name}.v1.json"), validate_formats=True)

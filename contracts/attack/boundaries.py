"""The boundaries at which a contract is enforced, each as a run of the corpus that names the first wrong verdict.

A boundary is built from whatever contract is importable when it is run: `contracts.attack.scratch` makes that a mutant.
The cases and their verdicts stay those of the real contract, so a mutant turns the run red, or nobody would notice it.
"""

import importlib
import operator
from typing import Final

from contracts import avro, judge
from contracts.attack import corpus, judges
from contracts.attack.corpus import Case
from contracts.attack.rules import rules

Inputs = tuple[tuple[Case, bytes], ...]


def _as_value(case: Case) -> bytes | None:
    """A line on Kafka: encoded if it is accepted, else as far as Avro can carry it."""
    return avro.encode(judge.parse(case.data)) if case.accepted else judges.carried(case.data)


LINES: Final[Inputs] = tuple((case, case.data) for case in corpus.lines())
"""What reaches a reader of the stream."""

VALUES: Final[Inputs] = (
    *((case, value) for case in corpus.lines() if (value := _as_value(case))),
    *((case, case.data) for case in corpus.values()),
)
"""What reaches a reader of the topic."""


def openapi() -> str | None:
    """The item schema that OpenAPI publishes, which is the Pydantic model's: the contract's rules, and its verdicts."""
    try:
        document = importlib.import_module("contracts.schema").load("generator_reading").document
        published = importlib.import_module("contracts.model").GeneratorReading.model_json_schema()
    except (ImportError, ValueError) as error:
        return f"does not start: {str(error).partition(' (')[0]}"
    if rules(published) != rules(document):
        return "itemSchema has other rules than the contract"
    return first_wrong("contracts.model", "GeneratorReading.parse", LINES)


def stream() -> str | None:
    """The items of the stream, as a client validates them: by the contract's JSON Schema."""
    return first_wrong("contracts.judge", "reference", LINES)


def bridge() -> str | None:
    """The bridge's judge of lines, as it decides what goes to Kafka and what to the dead letters."""
    return first_wrong("contracts.judge", "parse", LINES)


def topic() -> str | None:
    """A reader of the topic: Avro and the rules."""
    return first_wrong("contracts.avro", "decode", VALUES)


BOUNDARIES: Final = {"OpenAPI": openapi, "stream": stream, "bridge": bridge, "topic": topic}
"""HTTP's two and Kafka's two; Spark's needs a session and is in ``tests/spark``."""


def first_wrong(module: str, reader: str, cases: Inputs) -> str | None:
    """The first case that a reader, imported anew, does not judge as written; or that it cannot be imported."""
    try:
        read = operator.attrgetter(reader)(importlib.import_module(module))
    except (KeyError, ValueError, AttributeError) as error:
        return f"does not start: {error}"
    for case, data in cases:
        try:
            read(data)
            accepted = True
        except Exception:  # whatever a reader built from a mutant trips over, it does not accept
            accepted = False
        if accepted != case.accepted:
            return str(case)
    return None

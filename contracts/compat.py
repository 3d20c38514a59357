"""Whether two versions of a schema can live together: backward, forward, or both, and the rule that decides it.

Backward: who knows NEW can read all that writers of OLD have written. Forward: who knows OLD can read all that writers
of NEW will write. Full: both.

Registries answer by resolution alone. A change of unit, of logical type or, in Avro, of range keeps every byte readable
and makes it mean something else: these are compared too, Avro's units and ranges by what the rendering writes of them.
"""

from dataclasses import dataclass
from typing import Any

from contracts import avro_resolution, json_resolution


@dataclass(frozen=True)
class Verdict:
    """How two versions of a schema live together.

    Attributes:
        against_backward: why a reader of NEW may misread what OLD has written; empty if it cannot.
        against_forward: why a reader of OLD may misread what NEW will write; empty if it cannot.
    """

    against_backward: tuple[str, ...]
    against_forward: tuple[str, ...]

    @property
    def backward(self) -> bool:
        """Whether a reader of NEW can read what OLD has written."""
        return not self.against_backward

    @property
    def forward(self) -> bool:
        """Whether a reader of OLD can read what NEW will write."""
        return not self.against_forward

    @property
    def full(self) -> bool:
        """Whether both is so."""
        return self.backward and self.forward

    def __str__(self) -> str:
        text = []
        for name, reasons in (("backward", self.against_backward), ("forward", self.against_forward)):
            text += [f"{name}: {'no' if reasons else 'yes'}", *(f"  {reason}" for reason in reasons)]
        return "\n".join([*text, f"full: {'yes' if self.full else 'no'}"])


def compare(old: Any, new: Any) -> Verdict:
    """The verdict on two versions, both the JSON Schema of a record or both Avro (parsed JSON).

    Raises:
        ValueError: one is the one and one the other.
    """
    if _is_json_schema(old) != _is_json_schema(new):
        raise ValueError("one of them is a JSON Schema and the other is not")
    misread = json_resolution.misread if _is_json_schema(old) else avro_resolution.misread
    return Verdict(tuple(misread(new, old)), tuple(misread(old, new)))


def _is_json_schema(document: Any) -> bool:
    return isinstance(document, dict) and "properties" in document

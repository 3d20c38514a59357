"""Evolutions of a schema with the verdict that is right, as data."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from contracts import render, schema
from contracts.attack import edits


@dataclass(frozen=True)
class Evolution:
    """A change from one version of a schema to the next, and how the two live together.

    Attributes:
        language: ``JSON Schema`` or ``Avro``.
        description: what changes.
        old, new: the two versions, parsed.
        backward, forward: the right verdicts.
        because: a part of each reason that has to be given.
        missed: the verdicts, backward and forward, of resolution alone, where they are others.
    """

    language: str
    description: str
    old: Any
    new: Any
    backward: bool
    forward: bool
    because: tuple[str, ...]
    missed: tuple[bool, bool] | None

    def __str__(self) -> str:
        return f"{self.language}: {self.description}"


def evolutions() -> Iterator[Evolution]:
    """The table, JSON Schema first."""
    data = tomllib.loads(resources.files(__package__).joinpath("evolutions.toml").read_text(encoding="utf-8"))
    for language, key in (("JSON Schema", "json"), ("Avro", "avro")):
        for row in data[key]:
            missed = row.get("missed")
            yield Evolution(
                language,
                row["is"],
                *_versions(row, key),
                backward=row["backward"],
                forward=row["forward"],
                because=tuple(row.get("because", ())),
                missed=(missed["backward"], missed["forward"]) if missed else None,
            )


def _versions(row: dict[str, Any], key: str) -> tuple[Any, Any]:
    if "old" in row:
        return json.loads(row["old"]), json.loads(row["new"])
    old = dict(schema.document("generator_reading.v1.json"))
    new = edits.edited(old, *(getattr(edits, name)(*arguments) for name, *arguments in row["edits"]))
    if key == "json":
        return old, new
    before, after = (render.avro(schema.read("generator_reading", 1, version)) for version in (old, new))
    return before, after

"""The docs page of the contract, rendered: what is promised, and what shows that it is kept."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from contracts import published, schema, topics
from contracts.attack import corpus
from contracts.attack.evolutions import evolutions
from contracts.attack.mutants import table
from contracts.schema import Contract, Field, Kind

PATH: Final = Path("docs") / "contract.md"

_INTRODUCTION: Final = """\
# The contract

Rendered from `contracts/` by `python -m contracts render`; CI fails when it is stale. How the contract is tested, and
how to do the same for a record of your own, is in [contract-testing.md](contract-testing.md).

The JSON Schema of each record is the source. Avro, Spark and the typed record are rendered from it. Units are codes of
UNECE Recommendation 20, as in OPC UA; the last word of a field's name says the same."""


def page() -> str:
    """The text of the page."""
    return "\n\n".join([_INTRODUCTION, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    for name in ("generator_reading", "nameplate"):
        contract = schema.load(name)
        yield f"## `scada.{name}` v{contract.version}"
        yield contract.document["description"]
        yield _table(("field", "type", "unit", "range", "meaning", "source of the term"), map(_field, contract.fields))
        yield from _definitions(contract)
    yield "## Topics"
    rows = ((f"`{topic.name}`", topic.key, str(topic.partitions), topic.content) for topic in topics.TOPICS)
    yield _table(("topic", "key", "partitions", "content"), rows)
    yield "## Everything else that leaves"
    yield "Each has a JSON Schema in `contracts/schemas/`."
    for name in OTHERS:
        document = schema.document(f"{name}.v1.json")
        yield f"### {document['title']}"
        yield document["description"]
        members = ((f"`{field}`", rule["description"]) for field, rule in document["properties"].items())
        yield _table(("field", "meaning"), members)
    yield "### The control API"
    yield "Every error is answered with a [Problem](#problem)."
    yield _table(("operation", "takes", "answers"), map(_operation, published.BY_OPERATION.items()))
    yield "### The master alarm database"
    yield "`contracts/alarms.v1.json`, by ISA-18.2. A limit is in the unit of its measurement."
    head = ("alarm", "condition", "on/off delay, s", "priority", "when", "consequence", "action")
    yield _table(head, map(_alarm, schema.alarms()))
    yield from _proof()


def _operation(row: tuple[tuple[str, str], published.Operation]) -> tuple[str, ...]:
    (method, path), operation = row
    return f"`{method} {path}`", _link(operation.request) if operation.request else "", _link(operation.answer)


def _link(name: str) -> str:
    title = schema.document(f"{name}.v1.json")["title"]
    return f"[{title}](#{title.lower()})"


def _alarm(row: dict[str, Any]) -> tuple[str, ...]:
    sign = {"HIGH": ">", "LOW": "<"}.get(row["type"])
    what = f"`{row['measurement']}`" if row["measurement"] else f"silence of {row['limit']} scans"
    condition = f"{what} {sign} {row['limit']}, deadband {row['deadband']}" if sign else what
    if row["symbols"]:
        condition = f"{what} {' or '.join(row['symbols'])}"
    when = row["enabled_when"] + (f" for {row['settle_s']} s" if row["settle_s"] else "")
    delays = f"{row['on_delay_s']}/{row['off_delay_s']}"
    return f"`{row['alarm_id']}`", condition, delays, row["priority"], when, row["consequence"], row["action"]


OTHERS: Final = (
    *("summary", "statistics", "alarm", "operator_action", "health", "detection"),
    *("rejected", "dead_letter", "progress"),
    *("label", "labels", "ledger", "recording", "alarm_definition"),
    *("parameters", "parameter_change", "parameter_answer"),
    *("fault", "faults", "fault_request", "fault_end", "scenario_request", "scenario_answer", "problem"),
)
"""The contracts of all that leaves besides readings and nameplates."""


def _field(field: Field) -> tuple[str, ...]:
    kind = field.kind.value + ("?" if field.nullable else "")
    if field.definition:
        kind = f"[{field.definition}](#{field.definition})" + {Kind.ENUM_SET: " set", Kind.ENUM_MAP: " by field"}.get(
            field.kind, "?" if field.nullable else ""
        )
    unit = f"{field.unit[1]} ({field.unit[0]})" if field.unit else ""
    bounded = field.kind in {Kind.NUMBER, Kind.INTEGER}
    bounds = f"{field.minimum}…{field.maximum}" if bounded else ""
    return f"`{field.name}`", kind, unit, bounds, field.description, terms()["source"][field.name]


@cache
def terms() -> dict[str, dict[str, Any]]:
    """``source`` of each field's term, and what each ``symbol`` of a definition means."""
    return tomllib.loads(resources.files("contracts").joinpath("terms.toml").read_text(encoding="utf-8"))


def _definitions(contract: Contract) -> Iterator[str]:
    for name in dict.fromkeys(field.definition for field in contract.fields if field.definition):
        rule = contract.document["$defs"][name]
        yield f"### {name}"
        if "description" in rule:
            yield rule["description"]
        if "enum" in rule:
            meanings = terms()["symbol"][name]
            yield _table(("symbol", "meaning"), ((f"`{symbol}`", meanings[symbol]) for symbol in rule["enum"]))
        else:
            yield f"Pattern: `{rule['pattern']}`"


def _proof() -> Iterator[str]:
    yield "## What is thrown at it"
    counts = Counter(case.hostility for case in (*corpus.lines(), *corpus.values()))
    yield (
        f"{counts.total()} written cases in {len(counts)} classes of hostility run through every judge that they can "
        "reach: the JSON Schema under a reference validator, the Pydantic model, the fast judge, Avro and Spark."
    )
    yield _table(("class", "cases"), ((name, str(count)) for name, count in counts.items()))
    yield "## What each mutant of the contract is caught by"
    yield (
        "One rule of the schema is changed in a scratch copy, and everything is rendered from it. The corpus, whose "
        "verdicts stay, must turn red at each boundary; named is the first case that does, or why nothing starts. One "
        "mutant of each operator is shown. CI runs every mutant of every field, in Spark those shown; the nightly run "
        "runs all of them there too."
    )
    boundaries = next(iter(table().values())).keys()
    yield _table(("mutant", *boundaries), ((name, *row.values()) for name, row in table().items()))
    yield "## Which evolutions can live together"
    yield (
        "What `python -m contracts compat OLD NEW` says. *Missed* is where resolution alone, as a schema registry does "
        "it, says yes to both."
    )
    rows = (
        (row.language, row.description, _word(row.backward), _word(row.forward), "missed" if row.missed else "")
        for row in evolutions()
    )
    yield _table(("in", "change", "backward", "forward", ""), rows)


def _word(is_so: Any) -> str:
    return "yes" if is_so else "no"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

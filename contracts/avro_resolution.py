"""What a reader with one Avro schema makes of values that were written with another.

Avro 1.12 specification, "Schema Resolution", and what it leaves to applications: logical types, and the units and
ranges that `contracts.render` writes as attributes of the fields. References by name are compared as names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_PROMOTIONS: Final = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


def misread(reader: Any, writer: Any, at: str = "") -> Iterator[str]:
    """Why a reader with one Avro schema may misread values that were written with another (parsed JSON both)."""
    if isinstance(writer, list) or isinstance(reader, list):
        yield from _unions(reader, writer, at)
        return
    mine, theirs = _full(reader), _full(writer)
    if mine.get("logicalType") != theirs.get("logicalType"):
        yield _mismatch(at, f"is {theirs.get('logicalType')}", f"takes it for {mine.get('logicalType')}")
    known, written = mine["type"], theirs["type"]
    if known == written:
        yield from _COMPLEX.get(known, _nothing)(mine, theirs, at)
    elif known not in _PROMOTIONS.get(written, ()):
        yield _mismatch(at, f"is {written}", f"cannot promote it to {known}")


def _enums(mine: Schema, theirs: Schema, at: str) -> Iterator[str]:
    yield from _same_name(mine, theirs, at)
    unknown = [symbol for symbol in theirs["symbols"] if symbol not in mine["symbols"]]
    if unknown and "default" not in mine:
        yield _mismatch(at, f"may be {', '.join(unknown)}", "has no such symbol and no default")


def _arrays(mine: Schema, theirs: Schema, at: str) -> Iterator[str]:
    yield from misread(mine["items"], theirs["items"], f"{at}[]")


def _maps(mine: Schema, theirs: Schema, at: str) -> Iterator[str]:
    yield from misread(mine["values"], theirs["values"], f"{at}{{}}")


def _fixed(mine: Schema, theirs: Schema, at: str) -> Iterator[str]:
    yield from _same_name(mine, theirs, at)
    if mine["size"] != theirs["size"]:
        yield _mismatch(at, f"has {theirs['size']} bytes", f"expects {mine['size']}")


def _nothing(_mine: Schema, _theirs: Schema, _at: str) -> Iterator[str]:
    return iter(())


def _full(schema: Any) -> Any:
    return schema if isinstance(schema, dict) else {"type": schema}


def _mismatch(at: str, written: str, reader: str) -> str:
    return f"{at or 'the value'}: {written}, and the reader {reader}"


def _same_name(mine: Schema, theirs: Schema, at: str) -> Iterator[str]:
    """Names are compared without their namespace, and the reader's aliases count."""
    names = {name.rpartition(".")[2] for name in (mine["name"], *mine.get("aliases", ()))}
    if theirs["name"].rpartition(".")[2] not in names:
        yield _mismatch(at, f"is named {theirs['name']}", f"knows {mine['name']}")


def _unions(reader: Any, writer: Any, at: str) -> Iterator[str]:
    known = reader if isinstance(reader, list) else [reader]
    for branch in writer if isinstance(writer, list) else [writer]:
        reasons = [list(misread(candidate, branch, at)) for candidate in known]
        if all(reasons):
            same_type = (why for mine, why in zip(known, reasons, strict=True) if _kind(mine) == _kind(branch))
            yield from next(same_type, [_mismatch(at, f"may be {_kind(branch)}", "has no branch for that")])


def _kind(schema: Any) -> str:
    return str(_full(schema)["type"])


def _records(mine: Schema, theirs: Schema, at: str) -> Iterator[str]:
    yield from _same_name(mine, theirs, at)
    written = {field["name"]: field for field in theirs["fields"]}
    for field in mine["fields"]:
        path = f"{at}.{field['name']}" if at else field["name"]
        found = next((written[name] for name in (field["name"], *field.get("aliases", ())) if name in written), None)
        if found is None:
            if "default" not in field:
                yield _mismatch(path, "is not written", "has no default for it")
            continue
        yield from misread(field["type"], found["type"], path)
        if field.get("unit") != found.get("unit"):
            yield _mismatch(path, f"is in {found.get('unit')}", f"takes it for {field.get('unit')}")
        yield from _ranges(field, found, path)


def _ranges(mine: Schema, theirs: Schema, path: str) -> Iterator[str]:
    for keyword, word, sign in (("minimum", "least", 1), ("maximum", "largest", -1)):
        bound, written = mine.get(keyword), theirs.get(keyword)
        if bound is not None and (written is None or sign * written < sign * bound):
            yield _mismatch(path, f"has {written} as its {word} value", f"allows {bound}")


_COMPLEX: Final = {"record": _records, "enum": _enums, "array": _arrays, "map": _maps, "fixed": _fixed}

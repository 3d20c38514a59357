"""JSON text to values, with everything refused that two readers could understand differently.

The rules are those of I-JSON (RFC 7493): UTF-8 without a byte order mark, no duplicate keys, no lone surrogates, and,
as RFC 8259 says already, neither NaN nor Infinity nor anything after the value.
"""

import json
import math
from typing import Any, Final, NoReturn

from contracts.errors import ContractError

BYTE_LIMIT: Final = 65_536
"""Longest text that is parsed, in bytes. A record is about 600 bytes, 3 KiB with every quality code set."""

DEPTH_LIMIT: Final = 16
"""Deepest nesting of arrays and objects. The records have two levels; validators run out of stack at some hundred."""


def loads(text: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ContractError: the text is not JSON, or not in the profile of this module.
    """
    if len(text) > BYTE_LIMIT:
        raise ContractError("", f"must be at most {BYTE_LIMIT} bytes of JSON", text)
    try:
        value = _DECODER.decode(_checked_encoding(text))
    except UnicodeDecodeError:
        raise ContractError("", "must be UTF-8", text) from None
    except json.JSONDecodeError as error:
        raise ContractError("", f"must be JSON ({error.msg.lower()} at character {error.pos})", text) from None
    except RecursionError:
        raise ContractError("", _TOO_DEEP, text) from None
    _check(value, 0, text)
    return value


def _checked_encoding(text: bytes) -> str:
    decoded = text.decode("utf-8")
    if decoded.startswith("\ufeff"):
        raise ContractError("", "must not begin with a byte order mark", text)
    return decoded


def _check(value: Any, depth: int, text: bytes) -> None:
    """Refuse what is nested too deep or has no UTF-8 form, wherever it stands."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise ContractError("", "must not contain lone surrogates", value)
    elif isinstance(value, dict | list):
        if depth == DEPTH_LIMIT:
            raise ContractError("", _TOO_DEEP, text)
        for member in value:
            _check(member, depth + 1, text)
        if isinstance(value, dict):
            for member in value.values():
                _check(member, depth + 1, text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for key, member in pairs:
            if key in seen:
                raise ContractError(key, "must not be given twice", member)
            seen.add(key)
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ContractError("", "must not contain numbers beyond double precision", digits)
    return value


def _int(digits: str) -> int:
    # Python refuses to convert very long digit strings, and nothing in the contract has more than 20 digits.
    if len(digits) > 400:
        raise ContractError("", "must not contain numbers beyond double precision", digits)
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ContractError("", "must not contain NaN or Infinity", name)


_TOO_DEEP: Final = f"must be nested at most {DEPTH_LIMIT} deep"
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant
)

"""What a contract says when something does not keep it."""

from typing import Final

VALUE_LIMIT: Final = 200
"""Characters of an offending value (or field name) that an error repeats; a hostile one may be megabytes long."""


class ContractError(ValueError):
    """A value that breaks the contract.

    Attributes:
        field: dotted path of the field, such as ``quality.voltage_v``; empty for the record as a whole. A record may
            bring names of its own: as long as it likes, and with lone surrogates.
        rule: the rule that it breaks, as a clause: ``must be at most 400``.
        value: the offending value as it was found.
    """

    def __init__(self, field: str, rule: str, value: object) -> None:
        super().__init__(field, rule, value)
        self.field = field
        self.rule = rule
        self.value = value

    def __str__(self) -> str:
        field = _cut(self.field[: VALUE_LIMIT + 1]).encode(errors="backslashreplace").decode()
        return f"{field or 'record'} {self.rule}, got {self.shown_value}"

    @property
    def shown_value(self) -> str:
        """The offending value as text of at most ``VALUE_LIMIT`` characters."""
        # A container is sliced before it is shown, so that the cost is bounded too.
        value = self.value[: VALUE_LIMIT + 1] if isinstance(self.value, str | bytes | list) else self.value
        return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"

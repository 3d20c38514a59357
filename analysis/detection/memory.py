"""What a detector remembers, as a JSON value."""

from typing import Any, Self


class Memory:
    """A detector whose attributes are named by its slots, and are JSON values."""

    __slots__: tuple[str, ...] = ()

    def dump(self) -> list[Any]:
        """The attributes in the order of the slots."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """The detector that gave this dump."""
        made = cls.__new__(cls)
        for name, value in zip(cls.__slots__, dumped, strict=True):
            setattr(made, name, value)
        return made

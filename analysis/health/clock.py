"""Clock skew: how far the device's clock is off the server's."""

from typing import Any, Final, Self

AHEAD_US: Final = 500_000
BEHIND_US: Final = 2_000_000
READINGS: Final = 10


class Clock:
    """The running offset: server time less source time of the readings that are not forwarded from a store.

    Ten readings in a row off the band are a skewed clock, ten within it end that. No reading comes from the future:
    half a second ahead is a clock that runs fast. Two seconds behind are a clock that runs slow, or readings that are
    delivered late, which these two times cannot tell apart.

    Attributes:
        off, on: readings in a row off and within the band.
        offset_us: smallest offset (by amount) of those off the band.
        since: source time of the first of them.
        is_skewed: whether the clock is.
    """

    __slots__ = ("is_skewed", "off", "offset_us", "on", "since")

    def __init__(self) -> None:
        self.off = self.on = self.offset_us = self.since = 0
        self.is_skewed = False

    def update(self, offset_us: int, time: int) -> bool:
        """Take the next reading's offset; whether something has changed."""
        if -AHEAD_US <= offset_us <= BEHIND_US:
            self.off = 0
            if not self.is_skewed:
                return False
            self.on += 1
            self.is_skewed = self.on < READINGS
            return not self.is_skewed
        if not self.off or abs(offset_us) < abs(self.offset_us):
            self.offset_us = offset_us
        if not self.off:
            self.since = time
        self.off = min(self.off + 1, READINGS)
        self.on = 0
        if self.is_skewed or self.off < READINGS:
            return False
        self.is_skewed = True
        return True

    @property
    def limit_us(self) -> int:
        """The end of the band that the offset is beyond."""
        return -AHEAD_US if self.offset_us < 0 else BEHIND_US

    def dump(self) -> list[Any]:
        """A JSON value to go on from."""
        return [self.off, self.on, self.offset_us, self.since, self.is_skewed]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """What gave this dump."""
        made = cls()
        made.off, made.on, made.offset_us, made.since, made.is_skewed = dumped
        return made

"""The person at the terminal, or behind a log: what is shown, and the signals that come."""

import signal
import time
from types import FrameType, TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live

from pipeline import screen
from pipeline.status import Status

_LINE_EVERY_S: Final = 5.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminal:
    """Shows a status as a screen on a terminal, else as lines; counts the signals that ask to stop.

    Args:
        console: where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._signals = 0
        self._line_due = 0.0
        self._said: dict[str, str] = {}

    def stopping(self) -> bool:
        """Whether a signal has come."""
        return self._signals > 0

    def hurrying(self) -> bool:
        """Whether another one has."""
        return self._signals > 1

    def show(self, status: Status) -> None:
        """Show a status in place of the one before; on a log, what has changed, and how far it is from time to time."""
        if self._live:
            self._live.update(screen.render(status), refresh=True)
            return
        now = time.monotonic()
        for part, state in status.parts.items():
            is_due = now >= self._line_due or not state.startswith("downloading")
            if self._said.get(part) != state and is_due:
                self._said[part] = state
                self._line_due = now + _LINE_EVERY_S if state.startswith("downloading") else self._line_due
                self.say(f"{status.elapsed_s:5.0f} s | {part}: {state}")
        if status.stages and now >= self._line_due:
            self._line_due = now + _LINE_EVERY_S
            self.say(screen.line(status))

    def say(self, text: str) -> None:
        """Show a line of text."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._handlers = {number: signal.signal(number, self._count) for number in _SIGNALS}
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

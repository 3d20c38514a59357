"""Answers that take long, found beside the simulation for as long as somebody waits for them."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

from generator.run import Run
from generator.yardstick import Yardstick

MOST_WAITING: Final = 8
"""Requests at once for answers of one kind, the one that is being worked on included."""
LOOK_S: Final = 0.5
"""Seconds after which it is looked again whether whoever asked is still there."""

Result = TypeVar("Result")


class BusyError(Exception):
    """As many wait as may."""


class Aside:
    """A yardstick on a thread of its own: one question at a time, a few may wait.

    Args:
        name: of the thread.
        run: the run.
        stopping: whether the service stops.
    """

    def __init__(self, name: str, run: Run, stopping: Callable[[], bool]) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._waiting = 0
        self._gone = Event()
        self._yardstick = Yardstick(run, lambda: stopping() or self._gone.is_set())

    async def ask(self, question: Callable[[Yardstick], Result], is_gone: Callable[[], Awaitable[bool]]) -> Result:
        """The answer to a question.

        Args:
            question: what to ask the yardstick.
            is_gone: whether whoever asked has left.

        Raises:
            BusyError: as many wait as may.
            StoppedError: the service stops, or whoever asked has left.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError
        gone = Event()
        self._waiting += 1
        try:
            answer = asyncio.get_running_loop().run_in_executor(self._thread, self._answered, question, gone)
            while not (await asyncio.wait([answer], timeout=LOOK_S))[0]:
                if await is_gone():
                    gone.set()
            return answer.result()
        finally:
            gone.set()
            self._waiting -= 1

    def _answered(self, question: Callable[[Yardstick], Result], gone: Event) -> Result:
        self._gone = gone
        return question(self._yardstick)

    def close(self) -> None:
        """Wait for what is being worked on, and answer nothing more."""
        self._thread.shutdown(wait=True, cancel_futures=True)

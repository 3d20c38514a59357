"""Runs processes so that each ends with us: in order when we stop, together when we are killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pipeline import reaper
from pipeline.errors import PipelineError

_TAIL_BYTES: Final = 16_384
_TAIL_LINES: Final = 8
_TAIL_WIDTH: Final = 300
_FRAME: Final = re.compile(r"\s+(at |\.\.\. \d+ more)")
_TICK_S: Final = 0.05
_LEFTOVERS_S: Final = 5.0

# A part begins when it is told to, which is after the reaper knows of it; if we die in between, it never does.
_GATE: Final = ("/bin/sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh")


class Stopped(Exception):  # noqa: N818 - not an error: somebody wished it
    """We were asked to stop while something was awaited."""


@dataclass(frozen=True)
class Part:
    """A process to run.

    Attributes:
        name: what people call it.
        command: program and arguments.
        log: file that gets what it prints; that of the run before is kept beside it.
        environment: all of its variables; ours if empty.
        stop_s: seconds that it may take to stop when asked.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_s: float = 30.0


class PartDiedError(PipelineError):
    """A part ended by itself."""

    def __init__(self, part: Part, exit_code: int) -> None:
        how = f"exit code {exit_code}" if exit_code >= 0 else f"signal {signal.Signals(-exit_code).name}"
        super().__init__(
            f"{part.name} ended by itself ({how}); its log is {part.log}, which ends with\n{last_lines(part.log)}"
        )
        self.part = part
        self.exit_code = exit_code


class Supervisor:
    """Starts parts, notices when one dies, stops all.

    Each part is a session of its own, so that Ctrl-C in a terminal reaches only us. A helper process
    (`pipeline.reaper`) ends the parts if we are killed.

    Args:
        stopping: whether somebody wishes us to stop; looked at while something is awaited.
        hurrying: whether somebody wishes us to stop at once: parts are killed then.
        keep: file descriptors that stay open until all parts have ended, ours and the helper's: locks.
    """

    def __init__(
        self,
        stopping: Callable[[], bool] = lambda: False,
        hurrying: Callable[[], bool] = lambda: False,
        keep: Iterable[int] = (),
    ) -> None:
        self._stopping = stopping
        self._hurrying = hurrying
        self._running: dict[str, tuple[Part, subprocess.Popen[bytes]]] = {}
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", reaper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=tuple(keep),
            text=True,
            bufsize=1,
        )

    def start(self, part: Part) -> None:
        """Start a part."""
        part.log.parent.mkdir(parents=True, exist_ok=True)
        if part.log.exists():
            part.log.replace(part.log.with_suffix(".previous.log"))
        with part.log.open("ab") as output:
            process = subprocess.Popen(
                (*_GATE, *part.command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=dict(part.environment) or None,
                start_new_session=True,
            )
        self._tell("+", process.pid)
        if process.stdin is not None:
            with process.stdin as gate:
                gate.write(b"\n")
        self._running[part.name] = part, process

    def is_running(self, name: str) -> bool:
        """Whether the part was started and has not ended."""
        return name in self._running and self._running[name][1].poll() is None

    def check(self) -> None:
        """Look after the parts.

        Raises:
            PartDiedError: one has ended by itself.
            Stopped: somebody wishes us to stop.
        """
        if self._stopping():
            raise Stopped
        for part, process in list(self._running.values()):
            if (exit_code := process.poll()) is not None:
                self._bury(part.name)
                raise PartDiedError(part, exit_code)

    def wait_until(self, is_so: Callable[[], bool], seconds: float, wish: str) -> None:
        """Wait for a condition, looking after the parts meanwhile.

        Raises:
            PartDiedError: one has ended by itself.
            Stopped: somebody wishes us to stop.
            PipelineError: the condition did not come about in time.
        """
        deadline = time.monotonic() + seconds
        while not is_so():
            self.check()
            if time.monotonic() > deadline:
                raise PipelineError(f"after {seconds:.0f} s {wish}")
            time.sleep(_TICK_S)

    def stop(self, name: str) -> int | None:
        """Ask a part to stop and wait until it has; its exit code, None if it was not running.

        One that takes too long is killed, and so is what it leaves behind.
        """
        if name not in self._running:
            return None
        part, process = self._running[name]
        process.terminate()
        deadline = time.monotonic() + part.stop_s
        while process.poll() is None and time.monotonic() < deadline and not self._hurrying():
            time.sleep(_TICK_S)
        return self._bury(name)

    def _bury(self, name: str) -> int:
        """Make sure that nothing of a part is left; its exit code."""
        _, process = self._running.pop(name)
        if process.poll() is None:
            reaper.signal_group(process.pid, signal.SIGKILL)
        exit_code = process.wait()
        reaper.signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _LEFTOVERS_S
        while reaper.signal_group(process.pid, 0) and time.monotonic() < deadline:
            time.sleep(_TICK_S)
        reaper.signal_group(process.pid, signal.SIGKILL)
        self._tell("-", process.pid)
        return exit_code

    def _tell(self, sign: str, group: int) -> None:
        pipe = self._reaper.stdin
        if pipe is not None and self._reaper.poll() is None:
            pipe.write(f"{sign}{group}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)
        self._reaper.communicate()


def last_lines(log: Path) -> str:
    """The end of a log, indented, for people: without the frames of Java's stack traces, and no line too long."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        text = ""
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not _FRAME.match(line)]
    return "\n".join(f"  {line[:_TAIL_WIDTH]}" for line in lines[-_TAIL_LINES:]) or "  (nothing)"

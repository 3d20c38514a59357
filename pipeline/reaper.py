"""Ends the parts of a `scada` that was killed: run as a script, it outlives its starter just long enough.

Standard input brings ``+PGID`` for each process group that was started and ``-PGID`` for each that has ended. At its
end, which comes however the starter ends, the groups that are left are asked to stop, and after a while killed.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import Final

PATIENCE_S: Final = 20.0


def watch(lines: Iterable[str]) -> set[int]:
    """The process groups that are left when the lines end."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; whether there is one. Signal 0 only asks."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # on macOS a group of zombies only does not permit it
        return False
    return True


def end(groups: set[int]) -> None:
    """Ask the groups to stop, and kill those that have not after ``PATIENCE_S`` seconds."""
    deadline = time.monotonic() + PATIENCE_S
    left = {group for group in groups if signal_group(group, signal.SIGTERM)}
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if signal_group(group, 0)}
    for group in left:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(watch(sys.stdin))

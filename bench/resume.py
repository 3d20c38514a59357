"""How long it takes to have any line of a long stream, in the running process and after a kill -9.

    python -m bench.resume
    python -m bench.resume --lines 1000000 --fleet 100

A client reads the stream once, unpaced. Then lines that have left the buffer long ago are asked for, and again after
the process was killed and started anew with the same state directory: that start brings the plant back to its frontier.
"""

import argparse
import os
import platform
import signal
import tempfile
import time

from bench.generator_stream import fetched, served

SHARES = (0.1, 0.5, 0.9, 0.9999)


def waits(address: tuple[str, int], lines: int) -> str:
    """Seconds until a line at each share of the stream is there."""
    told = []
    for share in SHARES:
        started = time.perf_counter()
        fetched(address, 1, after=int(lines * share))
        told.append(f"line {int(lines * share) + 1:,}: {time.perf_counter() - started:.2f} s")
    return ", ".join(told)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--fleet", type=int, default=1_000)
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as state:
        settings = {"GENERATORS": str(arguments.fleet), "SPEED": "unpaced", "STATE_DIR": state}
        with served("generator.app:app", signal.SIGKILL, **settings) as address:
            started = time.perf_counter()
            fetched(address, arguments.lines)
            took = time.perf_counter() - started
            print(f"{arguments.lines:,} lines of a fleet of {arguments.fleet:,}, read once: {took:.1f} s")
            print("in the running process:", waits(address, arguments.lines))
        started = time.perf_counter()
        with served("generator.app:app", **settings) as address:
            print(f"killed, started again and ready: {time.perf_counter() - started:.1f} s")
            print("after that:", waits(address, arguments.lines))


if __name__ == "__main__":
    main()

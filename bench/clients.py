"""Many clients on one live stream, some of which stop reading: are the others served on time, does memory stay bounded?

    python bench/clients.py
    python bench/clients.py --clients 200 --stalled 50 --fleet 100 --seconds 60

The pace is live. A client's delay is how long after the first client it has a scan's last line; the scans' jitter is
how much the time between two of them, at the first client, differs from the interval.
"""

import argparse
import asyncio
import os
import platform
import re
import signal
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

INTERVAL_S = 0.1
DEADLINE_S = 10.0
REQUEST = b"GET /generator/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def follow(address: tuple[str, int], fleet: int, until: float, arrivals: list[list[float]]) -> None:
    """Read the stream and note when each scan's last line arrives."""
    reader, writer = await asyncio.open_connection(*address, limit=2**20)
    writer.write(REQUEST)
    await reader.readuntil(b"\r\n\r\n")
    times: list[float] = []
    arrivals.append(times)
    lines = 0
    while time.perf_counter() < until:
        chunk = await reader.readexactly(int(await reader.readline(), 16) + 2)
        lines += chunk.count(b"}\n")
        while lines >= (len(times) + 1) * fleet:
            times.append(time.perf_counter())
    writer.close()


async def stall(address: tuple[str, int], seconds: float) -> None:
    """Ask for the stream and do not read."""
    _, writer = await asyncio.open_connection(*address, limit=1)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport reads
    writer.write(REQUEST)
    await asyncio.sleep(seconds)
    writer.transport.abort()


def resident_mib(process: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def metric(address: tuple[str, int], name: str) -> float:
    """A metric of the service."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    return float(text.partition(f"\n{name} ")[2].split()[0])


async def main() -> None:
    """Run clients against a service of its own and print what they saw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--stalled", type=int, default=50)
    parser.add_argument("--fleet", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    settings = {
        "GENERATORS": str(arguments.fleet),
        "SCAN_INTERVAL_S": str(INTERVAL_S),
        "SEND_TIMEOUT_S": str(DEADLINE_S),
        "MAX_STREAMS": str(arguments.clients + arguments.stalled),
    }
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "generator.app:app", "--port", "0", "--no-access-log"),
        env=os.environ | {f"SCADA_GENERATOR_{name}": value for name, value in settings.items()},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    address = "", 0
    while not address[1]:
        line = (await service.stderr.readline()).decode() if service.stderr else ""
        if running := re.search(r"on http://([\d.]+):(\d+)", line):
            address = running[1], int(running[2])
    await asyncio.sleep(1)
    before = peak = resident_mib(service.pid)
    until = time.perf_counter() + arguments.seconds
    arrivals: list[list[float]] = []
    clients = [follow(address, arguments.fleet, until, arrivals) for _ in range(arguments.clients - arguments.stalled)]
    tasks = [asyncio.create_task(client) for client in clients]
    tasks += [asyncio.create_task(stall(address, arguments.seconds)) for _ in range(arguments.stalled)]
    while time.perf_counter() < until:
        await asyncio.sleep(0.5)
        peak = max(peak, resident_mib(service.pid))
    await asyncio.gather(*tasks)
    cut_off = await metric(address, "scada_generator_cut_off_total")
    service.send_signal(signal.SIGTERM)
    started = time.perf_counter()
    status = await service.wait()
    ended = time.perf_counter() - started
    scans = min(map(len, arrivals))
    first = [min(times[scan] for times in arrivals) for scan in range(scans)]
    behind = [1e3 * (times[scan] - first[scan]) for times in arrivals for scan in range(10, scans)]
    jitter = [1e3 * abs(later - earlier - INTERVAL_S) for earlier, later in pairwise(first[10:])]
    load = os.getloadavg()[0]
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}")
    print(f"clients: {arguments.clients}, of which {arguments.stalled} do not read; fleet of {arguments.fleet}")
    print(
        f"scans of {arguments.seconds / INTERVAL_S:.0f} that were due: {scans} to {max(map(len, arrivals))} per client"
    )
    for name, values in (("behind the first client", behind), ("jitter of the scans", jitter)):
        p50, *_, p99 = statistics.quantiles(values, n=100)[49:]
        print(f"{name}, ms: p50 {p50:.0f}, p99 {p99:.0f}, most {max(values):.0f}")
    print(f"resident memory of the service, MiB: {before:.0f} before, {peak:.0f} at most")
    print(f"cut off: {cut_off:.0f} clients; from SIGTERM to exit code {status}: {ended:.2f} s")


if __name__ == "__main__":
    asyncio.run(main())

"""Records per second of the served stream, unpaced, beside the bare encoder and FastAPI's own per-item streaming.

    python bench/generator_stream.py
    python bench/generator_stream.py --fleets 1000 --seconds 20

Each service is a uvicorn process on core 0, its client a raw socket on core 1; the encoder runs on core 0 as well.
Figures are medians of the rounds; ratios travel between machines, rates do not.
"""

import argparse
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from importlib import metadata

from fastapi import FastAPI

from contracts.model import GeneratorReading
from contracts.reading import Reading
from contracts.wire import encode, encode_lines
from generator import plant
from generator.controls import Controls
from generator.fleet import PlantConfig
from generator.readings import readings

ROUNDS = 3
PREPARED = 1_000
START_US = 1_767_225_600_000_000
VERSIONS = ("fastapi", "msgspec", "numpy", "pydantic", "starlette", "uvicorn")


def prepared() -> list[Reading]:
    """One scan of a fleet of a thousand."""
    config = PlantConfig("bench", 1, START_US, PREPARED)
    _, scan = plant.step(config, plant.initial(config), Controls())
    return readings(config, scan)


per_item = FastAPI()


@per_item.get("/generator/stream")
async def per_item_stream(limit: int) -> AsyncIterable[GeneratorReading]:
    """What FastAPI itself does with an iterator of models: JSON Lines, item by item."""
    models = [GeneratorReading.model_validate_json(encode(reading)) for reading in prepared()]
    for number in range(limit):
        yield models[number % PREPARED]


@contextmanager
def served(application: str, end: signal.Signals = signal.SIGTERM, /, **settings: str) -> Iterator[tuple[str, int]]:
    """An application under uvicorn on core 0, ended by that signal."""
    os.sched_setaffinity(0, {0})
    environment = os.environ | {f"SCADA_GENERATOR_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "uvicorn", application, "--port", "0", "--no-access-log"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    try:
        found = (re.search(r"on http://([\d.]+):(\d+)", line) for line in process.stderr or ())
        host, port = next(running.groups() for running in found if running)
        address = host, int(port)
        while b" 503 " in fetched(address, 1)[:16]:
            pass
        yield address
    finally:
        process.send_signal(end)
        process.communicate()


def fetched(address: tuple[str, int], limit: int, after: int = 0) -> bytes:
    """The first bytes of an answer with so many lines after a cursor; it is read to its end."""
    with socket.create_connection(address) as client:
        asked = f"GET /generator/stream?after={after}&limit={limit} HTTP/1.1"
        client.sendall(f"{asked}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        first = client.recv(65_536)
        while client.recv(2**20):
            pass
    return first


def served_rate(seconds: float, application: str, **settings: str) -> float:
    """Records per second of a fresh service, over about so long."""
    with served(application, **settings) as address:
        limit = 2_000
        while True:
            # A stream that has been read comes from the buffer; a fresh process has to simulate every line.
            started = time.perf_counter()
            fetched(address, limit)
            took = time.perf_counter() - started
            if took > min(1.0, seconds / 4):
                break
            limit *= 4
    with served(application, **settings) as address:
        limit = max(1_000, round(limit / took * seconds))
        started = time.perf_counter()
        fetched(address, limit)
        return limit / (time.perf_counter() - started)


def encoder_rate(seconds: float) -> float:
    """Records per second of the encoder on prepared records, a thousand at a time."""
    records = prepared()
    os.sched_setaffinity(0, {0})
    done, started = 0, time.perf_counter()
    while (took := time.perf_counter() - started) < seconds:
        encode_lines(records)
        done += len(records)
    return done / took


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--fleets", type=int, nargs="+", default=[10, 100, 1_000, 10_000])
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS))
    rates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        rates.setdefault("bare encoder, prepared records", []).append(encoder_rate(arguments.seconds))
        per_item_rate = served_rate(arguments.seconds, "bench.generator_stream:per_item")
        rates.setdefault("FastAPI per item, prepared models", []).append(per_item_rate)
        for fleet in arguments.fleets:
            rate = served_rate(arguments.seconds, "generator.app:app", GENERATORS=str(fleet), SPEED="unpaced")
            rates.setdefault(f"served, simulated, fleet of {fleet:,}", []).append(rate)
    encoder, item, *_ = (statistics.median(measured) for measured in rates.values())
    print(f"{'':40} {'records/s':>10} {'of encoder':>11} {'per item':>9}   load {os.getloadavg()[0]:.1f}")
    for name, measured in rates.items():
        rate = statistics.median(measured)
        print(f"{name:40} {rate:>10,.0f} {rate / encoder:>11.0%} {rate / item:>8.1f}x")


if __name__ == "__main__":
    main()

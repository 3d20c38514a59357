"""How fast the bridge is, beside the bare libraries it stands on, on the same records in the same run.

    python bench/bridge.py
    python bench/bridge.py --bootstrap-servers 127.0.0.1:9092

Without brokers: validating and encoding, on one core. With them also end to end: the bridge as a process, from an HTTP
server to acknowledged records, beside bare kafka-python sending the same records ready made. The topics must exist.
Figures are medians; ratios travel between machines, rates do not.
"""

import argparse
import io
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata, resources
from multiprocessing.connection import Connection
from typing import Any

import fastavro
import jsonschema_rs
import msgspec
import numpy as np
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from contracts import avro, judge, schema, topics, wire
from contracts.model import GeneratorReading
from contracts.reading import Reading
from producer.lines import Line
from producer.partition import partition_of
from producer.route import Message, message, route

ROUNDS = 7
VERSIONS = ("fastavro", "jsonschema-rs", "kafka-python", "msgspec", "pydantic")


def readings(count: int) -> list[Reading]:
    """Readings of ten generators, each a site of its own: measurements with noise, a Bad one in every hundred."""
    noise = np.random.default_rng(1).normal(size=(count, 15)).round(3)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    template: dict[str, object] = {
        "stream_id": "bench",
        "cause": "PERIODIC",
        "historical": False,
        "state": "RUNNING",
        "mode": "AUTO",
        "breaker_closed": True,
        "start_count": 12,
        "fault_alarms": [],
    }
    centres = {
        "power_output_kw": 75,
        "reactive_power_kvar": 40,
        "voltage_v": 230,
        "bus_voltage_v": 230,
        "frequency_hz": 50,
        "bus_frequency_hz": 50,
        "current_a": 125,
        "engine_speed_rpm": 1500,
        "coolant_temperature_c": 88,
        "exhaust_temperature_c": 340,
        "oil_pressure_kpa": 400,
        "fuel_level_pct": 70,
        "fuel_rate_lph": 22,
        "energy_kwh": 12345,
        "run_hours_h": 678,
    }
    made = []
    for seq in range(count):
        measured = {name: centre + float(noise[seq, i]) for i, (name, centre) in enumerate(centres.items())}
        bad = {"oil_pressure_kpa": None} if seq % 100 == 0 else {}
        scanned = begin + timedelta(seconds=seq)
        times = {"source_time": scanned, "server_time": scanned + timedelta(milliseconds=80)}
        quality = dict.fromkeys(bad, "BadSensorFailure")
        identity = {"site": f"S{seq % 10}", "generator_id": f"G{seq % 10}", "seq": seq, "quality": quality}
        made.append(msgspec.convert(template | measured | bad | times | identity, Reading))
    return made


def compare(works: dict[str, Callable[[], object]], count: int) -> dict[str, float]:
    """Seconds per record of each work: the median of rounds in which they take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            begun = time.process_time()
            work()
            seconds[name].append((time.process_time() - begun) / count)
    return {name: statistics.median(rounds) for name, rounds in seconds.items()}


def each(items: Iterable[Any], function: Callable[[Any], object]) -> None:
    """Call a function with each item and keep nothing."""
    deque(map(function, items), maxlen=0)


def bare_fastavro(records: Iterable[dict[str, Any]], parsed: Any) -> None:
    """What `contracts.avro` stands on, without anything around it."""
    for record in records:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, record)
        buffer.getvalue()


def on_one_core(count: int) -> None:
    """Print the rates of validating and encoding."""
    made = readings(count)
    encoded = [wire.encode(reading) for reading in made]
    lines = [Line(number, line) for number, line in enumerate(encoded, start=1)]
    records = [msgspec.structs.asdict(reading) for reading in made]
    avsc = json.loads(resources.files("contracts").joinpath("schemas", "generator_reading.v1.avsc").read_text())
    parsed = fastavro.parse_schema(avsc)
    validator = jsonschema_rs.Draft202012Validator(
        dict(schema.load("generator_reading").document), validate_formats=True
    )
    seconds = compare(
        {
            "bare fastavro: encode": lambda: bare_fastavro(records, parsed),
            "bridge: validate and encode": lambda: each(encoded, lambda line: avro.encode(judge.parse(line))),
            "bridge: line to message": lambda: each(lines, lambda line: message(route(line), "bench")),
            "bridge: validate": lambda: each(encoded, judge.parse),
            "jsonschema-rs: json.loads and validate": lambda: each(
                encoded, lambda line: validator.is_valid(json.loads(line))
            ),
            "pydantic: validate": lambda: each(encoded, GeneratorReading.model_validate_json),
        },
        count,
    )
    size = statistics.mean(map(len, encoded))
    print(f"{count} records, {size:.0f} bytes as JSON, {len(avro.encode(made[1]))} as Avro; one core")
    table(seconds, "bare fastavro: encode")


def table(seconds: dict[str, float], yardstick: str) -> None:
    """Print rates, and ratios to the yardstick's."""
    print(f"{'':44}{'records/s':>12}{'ratio':>8}")
    for name, one in seconds.items():
        print(f"{name:44}{1 / one:12,.0f}{seconds[yardstick] / one:8.2f}")
    print()


def serve(body: bytes, stream_id: str, port: Connection) -> None:
    """Serve a stream that is there as a whole, to as many clients as come, one after the other."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.endswith("/nameplates"):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Stream-Id", stream_id)
            self.end_headers()
            try:
                self.wfile.write(body)
                while True:
                    time.sleep(1)
                    self.wfile.write(b"\n")
            except OSError:
                pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_address[1])
    server.serve_forever()


def end_to_end(count: int, bootstrap_servers: str) -> None:
    """Print the rates of the whole bridge and of bare kafka-python into a broker."""
    lines = [wire.encode(reading) for reading in readings(count)]
    messages = [message(route(Line(number, line)), "bench") for number, line in enumerate(lines, start=1)]
    seconds: dict[str, list[float]] = {"bare kafka-python: send": [], "bridge: HTTP to acknowledged": []}
    for _ in range(3):
        seconds["bare kafka-python: send"].append(bare_kafka(messages, bootstrap_servers) / count)
        seconds["bridge: HTTP to acknowledged"].append(whole_bridge(lines, bootstrap_servers) / count)
    print(f"{count} records into Kafka at {bootstrap_servers}; broker and server share the cores")
    table({name: statistics.median(rounds) for name, rounds in seconds.items()}, "bare kafka-python: send")


def bare_kafka(messages: list[Message], bootstrap_servers: str) -> float:
    """Seconds that kafka-python needs for ready messages, set as the bridge sets it, with nothing to bound it."""
    producer = KafkaProducer(
        bootstrap_servers=bootstrap_servers,
        linger_ms=20,
        batch_size=1 << 18,
        compression_type="lz4",
        metrics_enabled=False,
    )
    partitions = len(producer.partitions_for(topics.READINGS))
    begun = time.perf_counter()
    for topic, key, value, headers, site in messages:
        producer.send(topic, value, key, headers, partition_of(site or "", partitions))
    producer.flush()
    seconds = time.perf_counter() - begun
    producer.close()
    return seconds


def whole_bridge(lines: list[bytes], bootstrap_servers: str) -> float:
    """Seconds from the bridge's taking up the stream until the log has all its lines."""
    ours, theirs = multiprocessing.Pipe()
    stream = (b"".join(line + b"\n" for line in lines), f"bench-{uuid.uuid4().hex}", theirs)
    server = multiprocessing.Process(target=serve, args=stream, daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/generator/stream"
    command = [sys.executable, "-m", "producer", "--source", url, "--bootstrap-servers", bootstrap_servers]
    with KafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None) as consumer:
        numbers = consumer.partitions_for_topic(topics.READINGS)
        partitions = [TopicPartition(topics.READINGS, number) for number in numbers]
        target = sum(consumer.end_offsets(partitions).values()) + len(lines)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bridge:
            while "stream_taken_up" not in bridge.stdout.readline():  # type: ignore[union-attr]  # it is a pipe
                if bridge.poll() is not None:
                    raise SystemExit("the bridge ended")
            begun = time.perf_counter()
            while sum(consumer.end_offsets(partitions).values()) < target:
                time.sleep(0.02)
            seconds = time.perf_counter() - begun
            bridge.terminate()
            bridge.communicate()
    server.terminate()
    server.join()
    return seconds


def main() -> None:
    """Run the comparisons that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000, help="records per round on one core")
    parser.add_argument("--bootstrap-servers", help="measure end to end too, into this Kafka")
    arguments = parser.parse_args()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n")
    on_one_core(arguments.records)
    if arguments.bootstrap_servers:
        end_to_end(5 * arguments.records, arguments.bootstrap_servers)


if __name__ == "__main__":
    main()

"""What the service counts, for Prometheus; one registry per application, so that applications do not mix."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The service's metrics.

    Attributes:
        head_line, head_scan: numbers of the last line and scan that clients may read.
        buffered_bytes: encoded lines kept for all clients.
        streams: streams being served.
        lines_sent: lines sent, by media type.
        replays: how often a client was behind the buffer and its part was simulated anew.
        cut_off: clients cut off because they did not read.
        refused: streams refused because there were too many.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.head_line = self._gauge("head_line", "Number of the last line that clients may read")
        self.head_scan = self._gauge("head_scan", "Number of the last scan that clients may read")
        self.buffered_bytes = self._gauge("buffered_bytes", "Encoded lines kept for all clients, bytes")
        self.streams = self._gauge("streams", "Streams being served")
        self.lines_sent = Counter(
            "scada_generator_lines_sent", "Lines sent to clients", ["media_type"], registry=self._registry
        )
        self.replays = self._counter("replays", "Times that a client's part was simulated anew")
        self.cut_off = self._counter("cut_off", "Clients cut off because they did not read")
        self.refused = self._counter("refused", "Streams refused because there were too many")

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"scada_generator_{name}", meaning, registry=self._registry)

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(f"scada_generator_{name}", meaning, registry=self._registry)

    def exposition(self) -> bytes:
        """All of it in the text format that Prometheus scrapes."""
        return generate_latest(self._registry)

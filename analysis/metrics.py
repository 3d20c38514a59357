"""Metrics for Prometheus, in its text format, served on loopback."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Events = Mapping[str, Mapping[str, Any]]
"""The newest event of each query, as `analysis.progress` makes them."""

_BY_QUERY: Final = (
    ("records_total", "scada_analysis_records_total", "counter", "Records of the readings topic that were processed."),
    ("lag", "scada_analysis_lag_records", "gauge", "Records between the query and the end of the topic."),
    ("lag_s", "scada_analysis_lag_seconds", "gauge", "Age of the newest processed record; 0 at the end of the topic."),
    ("batch", "scada_analysis_batches_total", "counter", "Number of the newest batch."),
    ("input_rows", "scada_analysis_batch_rows", "gauge", "Records of the newest batch."),
    ("duration_ms", "scada_analysis_batch_milliseconds", "gauge", "How long the newest batch took."),
    ("state_bytes", "scada_analysis_state_bytes", "gauge", "Size of the newest snapshot of the query's state."),
)
_OUTCOMES: Final = ("scada_analysis_outcomes_total", "counter", "Records by what became of them.")


def text(events: Events) -> str:
    """The metrics in the text format of Prometheus (exposition format 0.0.4)."""
    lines: list[str] = []
    for field, name, kind, help_text in _BY_QUERY:
        samples = {f'{name}{{query="{query}"}}': event[field] for query, event in events.items() if field in event}
        lines += _family(name, kind, help_text, samples)
    outcomes = events.get("historian", {}).get("outcomes", {})
    name, kind, help_text = _OUTCOMES
    lines += _family(name, kind, help_text, {f'{name}{{outcome="{key}"}}': count for key, count in outcomes.items()})
    return "".join(f"{line}\n" for line in lines)


def _family(name: str, kind: str, help_text: str, samples: Mapping[str, float]) -> Iterator[str]:
    if samples:
        yield f"# HELP {name} {help_text}"
        yield f"# TYPE {name} {kind}"
        yield from (f"{sample} {value}" for sample, value in samples.items())


@contextmanager
def served(port: int, events: Callable[[], Events]) -> Iterator[int]:
    """Serve the metrics at ``/metrics`` on a port of loopback, 0 for any free one, until the block ends; the port.

    Raises:
        OSError: the port cannot be used.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(HTTPStatus.NOT_FOUND, "metrics are at /metrics")
                return
            body = text(events()).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", _CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: a question every few seconds is no event."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()

"""``python -m producer``: run the bridge until SIGINT or SIGTERM."""

import signal
import sys
import threading
import time
from functools import partial
from types import FrameType

import structlog
from pydantic import ValidationError

from producer.bridge import Bridge, FatalError
from producer.delivery import Limits
from producer.http_source import HttpSource
from producer.kafka_log import connect
from producer.settings import Settings

_UNSETTLED = 1
_FATAL = 2


def main() -> int:
    """Run the bridge; 0 after a clean stop, 1 if not everything was acknowledged, 2 if it cannot run as it is set."""
    try:
        settings = Settings(_cli_parse_args=True)
    except ValidationError as error:
        reasons = (": ".join(filter(None, [".".join(map(str, e["loc"])), e["msg"]])) for e in error.errors())
        return _fail("; ".join(reasons), _FATAL)
    _configure_logs()
    stop = _stop_on_signals()
    bridge = Bridge(
        HttpSource(settings.source),
        partial(connect, settings.kafka(), settings.delivery_timeout_s),
        Limits(settings.max_lines, settings.max_bytes, settings.delivery_timeout_s),
        stopping=stop.is_set,
        clock=time.monotonic,
        sleep=time.sleep,
    )
    try:
        settled = bridge.run()
    except FatalError as error:
        return _fail(str(error), _FATAL)
    if not settled:
        return _fail("stopped before Kafka acknowledged everything; the next start sends what is missing", _UNSETTLED)
    return 0


def _fail(reason: str, status: int) -> int:
    sys.stderr.write(f"producer: {' '.join(reason.split())}\n")
    return status


def _stop_on_signals() -> threading.Event:
    """An event that the first SIGINT or SIGTERM sets; the second has its usual effect."""
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


def _configure_logs() -> None:
    """One event per line: for people on a terminal, as JSON elsewhere."""
    render = structlog.dev.ConsoleRenderer() if sys.stdout.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render,
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    sys.exit(main())

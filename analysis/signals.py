"""Ask a job to stop, whichever of its two processes the signal reaches.

Under ``spark-submit`` the JVM is the parent of the Python process. What others start and stop is the JVM, and left to
itself it ends on SIGTERM in the middle of a batch, with exit code 143. Ctrl-C reaches both.
"""

import signal
import threading
from typing import Any, Final

from pyspark import SparkContext
from pyspark.java_gateway import ensure_callback_server_started

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _Handler:
    """A ``sun.misc.SignalHandler`` in Python, called by the JVM through py4j."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def handle(self, _signal: Any) -> None:
        self._stop.set()

    class Java:
        implements: Final = ("sun.misc.SignalHandler",)


def stop_on_signals(stop: threading.Event) -> None:
    """Sets the event on SIGINT and SIGTERM to the JVM, which no longer ends by them, and to this process.

    Call it again after the Spark context has started, which puts its own handler of SIGINT in place.
    """
    for number in _SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    SparkContext._ensure_initialized()
    # What PySpark does not export is py4j's, untyped: the way to what only the JVM can do.
    gateway: Any = SparkContext._gateway
    ensure_callback_server_started(gateway)  # type: ignore[no-untyped-call]  # py4j is
    misc = gateway.jvm.sun.misc
    for number in _SIGNALS:
        misc.Signal.handle(misc.Signal(number.name.removeprefix("SIG")), _Handler(stop))

"""The generator's HTTP application: `uvicorn generator.app:app`."""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any, Final

from fastapi import Depends, FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn import Server

from generator import (
    control_endpoints,
    nameplate_endpoint,
    openapi,
    operation,
    problems,
    stream_endpoint,
    truth_endpoints,
)
from generator.hub import Hub
from generator.metrics import Metrics
from generator.run import Run
from generator.settings import Settings, StartupError, read_settings
from generator.stream_response import ABORT

CONFIGURATION_ERROR: Final = 2
"""Exit code of a process that cannot start with the settings it has."""


class Application(FastAPI):
    """A FastAPI application that tells its responses how to end a connection whose client does not read.

    ASGI has no message for that. uvicorn's transport is found by the ``send`` that it passes in; under another server a
    client that is cut off keeps its connection until the server closes it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or lifespan."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        scope[ABORT] = getattr(transport, "abort", lambda: None)
        await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None) -> Application:
    """The application; nothing starts before its lifespan does.

    Args:
        settings: read from the environment when they are not given.

    Raises:
        StartupError: the environment holds settings that are unknown or wrong.
    """
    settings = settings or read_settings()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            hub = Hub(Run(settings), settings, metrics)
        except StartupError as error:
            if threading.current_thread() is threading.main_thread():
                # A lifespan can only fail with a traceback and the server's own exit code; here nothing runs yet.
                _refuse(error, os._exit)
            raise
        app.state.hub = hub
        if threading.current_thread() is threading.main_thread():
            _spare_the_collector()
        hub.start()
        with _signals_end_streams(hub):
            yield
        await hub.close()

    app = Application(
        title="SCADA generator",
        version="1",
        summary="A plant of diesel generator sets as an endless, numbered, repeatable stream of readings.",
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.settings = settings
    problems.install(app)
    app.include_router(stream_endpoint.routes(settings, metrics), dependencies=[Depends(problems.query_once)])
    app.include_router(nameplate_endpoint.router)
    app.include_router(control_endpoints.router)
    app.include_router(truth_endpoints.router, dependencies=[Depends(problems.query_once)])
    app.include_router(operation.routes(metrics))
    openapi.describe(app)
    return app


@contextmanager
def _signals_end_streams(hub: Hub) -> Iterator[None]:
    """On SIGINT and SIGTERM end the streams first: the server would wait for them to end by themselves."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.stop)
        handler = previous[signal.Signals(number)]
        server = getattr(handler, "__self__", None)
        if isinstance(server, Server) and not server.should_exit:
            # uvicorn's handler would do the same, and then end the process by the signal rather than with exit code 0.
            server.should_exit = True
        elif callable(handler):
            handler(number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _spare_the_collector() -> None:
    """Readings are made and dropped by the thousand and hold no cycles: looking for some doubles what they cost."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _refuse(error: StartupError, leave: Callable[[int], Any]) -> None:
    sys.stderr.write(f"generator: {error}\n")
    sys.stderr.flush()
    leave(CONFIGURATION_ERROR)


try:
    app = create_app()
except StartupError as refusal:
    _refuse(refusal, sys.exit)

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection

import pytest
import uvicorn

from generator.app import create_app
from generator.settings import Settings


@contextmanager
def _served(settings: Settings) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        while not _is_ready(f"{host}:{port}"):
            pass
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _is_ready(address: str) -> bool:
    with closing(HTTPConnection(address, timeout=30)) as connection:
        connection.request("GET", "/readyz")
        with connection.getresponse() as answer:
            return answer.status == HTTPStatus.OK


@pytest.fixture
def serve() -> Callable[[Settings], AbstractContextManager[str]]:
    """Serve a plant under uvicorn: host and port of one that is ready, as long as the block lasts."""
    return _served

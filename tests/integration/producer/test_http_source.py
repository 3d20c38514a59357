"""The HTTP edge against a real server; no broker."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from producer.bridge import FatalError, SourceConflictError, SourceLostError
from producer.http_source import HEARTBEAT_S, HttpSource


def test_silence_gives_empty_chunks_so_that_the_reader_can_look_after_other_things(
    server: Any, lines: Callable[[int], list[bytes]]
) -> None:
    server.lines = lines(3)
    server.is_silent.set()
    received = b""
    with HttpSource(server.url).open(0, None) as stream:
        assert stream.stream_id == server.stream_id
        for chunk in stream:
            if not chunk and received:
                break
            received += chunk
    assert received == b"".join(line + b"\n" for line in server.lines)


@pytest.mark.parametrize("is_silent", [True, False], ids=["in silence", "in full flow"])
def test_it_can_be_left_at_any_time(server: Any, lines: Callable[[int], list[bytes]], is_silent: bool) -> None:
    """Long before the read timeout would end it."""
    server.lines = lines(10) if is_silent else lines(50_000)
    if is_silent:
        server.is_silent.set()

    def begin_and_leave() -> None:
        with HttpSource(server.url).open(0, None) as stream:
            next(chunk for chunk in stream if chunk)

    leaving = threading.Thread(target=begin_and_leave)
    leaving.start()
    leaving.join(2 * HEARTBEAT_S)
    assert not leaving.is_alive()
    assert "http-stream" not in {thread.name for thread in threading.enumerate()}


def test_a_body_that_breaks_off_is_a_lost_source(server: Any, lines: Callable[[int], list[bytes]]) -> None:
    server.lines = lines(500)
    server.cuts = [100_001]
    received = b""

    def read() -> None:
        nonlocal received
        with HttpSource(server.url).open(0, None) as stream:
            for chunk in stream:
                received += chunk

    with pytest.raises(SourceLostError, match="broke off"):
        read()
    assert len(received) == 100_001


def test_nobody_there_is_a_lost_source() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/generator/stream"
        with pytest.raises(SourceLostError, match="does not answer"):
            HttpSource(url).stream_id()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (409, SourceConflictError),
        (416, SourceConflictError),
        (404, FatalError),
        (401, FatalError),
        (302, FatalError),
        (500, SourceLostError),
        (503, SourceLostError),
        (429, SourceLostError),
    ],
)
def test_what_a_refusal_means(server: Any, status: int, error: type[Exception]) -> None:
    server.status = status
    with pytest.raises(error, match=f"answered {status}"):
        HttpSource(server.url).stream_id()


def test_nameplates_stand_beside_the_stream(server: Any) -> None:
    server.nameplates = [b'{"generator_id":"G1"}', b'{"generator_id":"G2"}']
    with HttpSource(server.url).nameplates() as told:
        assert told.stream_id == server.stream_id
        assert b"".join(told).splitlines() == server.nameplates


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_source_need_not_tell_nameplates(server: Any, status: int) -> None:
    server.status = status
    with pytest.raises(SourceLostError, match=f"nameplates answered {status}"), HttpSource(server.url).nameplates():
        pass

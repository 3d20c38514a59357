"""The stream over HTTP."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError

from producer.bridge import FatalError, SourceConflictError, SourceLostError

HEARTBEAT_S: Final = 5.0
"""The source is never silent for longer than that (a blank line at least)."""

_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=3 * HEARTBEAT_S)
_CHUNK: Final = 1 << 16
_CHUNKS_AHEAD: Final = 4
_SILENCE_S: Final = 0.1
_PROBLEM_LIMIT: Final = 2000
_RETRIED: Final = frozenset({408, 425, 429})


class HttpStream:
    """The body of an answer, read ahead by a thread, so that its reader can look after other things in silence."""

    def __init__(self, response: urllib3.BaseHTTPResponse, stream_id: str) -> None:
        self._response = response
        self._chunks: queue.Queue[bytes | SourceLostError] = queue.Queue(_CHUNKS_AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read_ahead, name="http-stream", daemon=True)
        self._thread.start()
        self.stream_id = stream_id

    def __iter__(self) -> Iterator[bytes]:
        """The bytes in chunks, an empty one for every tenth of a second of silence, until the body ends.

        Raises:
            SourceLostError: it broke off.
        """
        while True:
            try:
                chunk = self._chunks.get(timeout=_SILENCE_S)
            except queue.Empty:
                yield b""
                continue
            if isinstance(chunk, SourceLostError):
                raise chunk
            if not chunk:
                return
            yield chunk

    def close(self) -> None:
        """Stop reading, in whatever state."""
        self._closed.set()
        with suppress(OSError, RuntimeError, ValueError):  # the connection may be gone already
            self._response.shutdown()
        self._thread.join()
        self._response.close()

    def _read_ahead(self) -> None:
        while not self._closed.is_set():
            chunk: bytes | SourceLostError
            try:
                chunk = self._response.read1(_CHUNK)
            except (HTTPError, OSError) as error:
                chunk = SourceLostError(f"the stream broke off: {error}")
            self._put(chunk)
            if not chunk or isinstance(chunk, SourceLostError):
                return

    def _put(self, chunk: bytes | SourceLostError) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._chunks.put(chunk, timeout=_SILENCE_S)
                return


class HttpSource:
    """A service that serves ``GET /generator/stream``; see `producer.bridge.Source`.

    Args:
        url: the stream's URL without a query.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT, headers={"Accept": "application/x-ndjson"})

    def stream_id(self) -> str:
        """Name of the stream that is served there now.

        Raises:
            SourceLostError: there is no answer.
            FatalError: there is no such stream.
        """
        response = self._get({"after": "0", "limit": "1"})
        try:
            return _stream_id(response)
        finally:
            response.close()

    @contextmanager
    def nameplates(self) -> Iterator[HttpStream]:
        """The nameplates of the stream's sets, a line of JSON each, which the generator has beside the stream.

        Raises:
            SourceLostError: it does not tell them, or not now.
        """
        url = urljoin(self._url, "nameplates")
        response = self._request(url, {})
        stream_id = response.headers.get("Stream-Id")
        if response.status != 200 or not stream_id:
            response.close()
            raise SourceLostError(f"{url} answered {response.status}, for stream {stream_id}")
        stream = HttpStream(response, stream_id)
        try:
            yield stream
        finally:
            stream.close()

    @contextmanager
    def open(self, after: int, digest: str | None) -> Iterator[HttpStream]:
        """Read on behind a line, with its digest as the proof that it is the same stream.

        Raises:
            SourceLostError: there is no answer.
            SourceConflictError: it is not the same stream, or has not come that far.
            FatalError: there is no such stream.
        """
        response = self._get({"after": str(after)} | ({"digest": digest} if digest else {}))
        begins_after = response.headers.get("Stream-After", str(after))
        if begins_after != str(after):
            response.close()
            raise FatalError(f"{self._url} was asked for what follows line {after} and begins after {begins_after}")
        stream = HttpStream(response, _stream_id(response))
        try:
            yield stream
        finally:
            stream.close()

    def _request(self, url: str, query: dict[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request("GET", url, fields=query, preload_content=False, redirect=False)
        except HTTPError as error:
            raise SourceLostError(f"{url} does not answer: {error}") from error

    def _get(self, query: dict[str, str]) -> urllib3.BaseHTTPResponse:
        response = self._request(self._url, query)
        if response.status == 200:
            return response
        try:
            problem = response.read(_PROBLEM_LIMIT).decode(errors="replace")
        except HTTPError as error:
            raise SourceLostError(f"{self._url} does not answer: {error}") from error
        finally:
            response.close()
        text = f"{self._url} answered {response.status} for what follows line {query['after']}: {problem}"
        if response.status in {409, 416}:
            raise SourceConflictError(
                f"{text}; it serves another history under the same stream id: give the source its own state back, "
                "or let it serve this one under a new stream id"
            )
        if _is_worth_another_try(response.status):
            raise SourceLostError(text)
        raise FatalError(f"{text}; is it the URL of a stream?")


def _is_worth_another_try(status: int) -> bool:
    return status >= 500 or status in _RETRIED


def _stream_id(response: urllib3.BaseHTTPResponse) -> str:
    stream_id = response.headers.get("Stream-Id")
    if not stream_id:
        response.close()
        raise FatalError("the source does not name its stream (header Stream-Id); is it the URL of a stream?")
    return stream_id

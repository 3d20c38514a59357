"""A stream as an HTTP response: lines as they come, heartbeats in between, an end at a line boundary."""

import asyncio
from typing import Final

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from generator.hub import Hub, Reader
from generator.metrics import Metrics
from generator.representation import HEARTBEAT, MediaType, body

ABORT: Final = "scada.abort"
"""Key in the ASGI scope of what ends the connection at once; ASGI has no word for it."""

log: Final = structlog.get_logger("generator")


class StreamResponse(Response):
    """The lines after a reader's cursor.

    Args:
        hub: where the lines come from.
        reader: the client's place, already joined; it leaves when the response ends.
        media_type: how the lines look.
        limit: lines after which the response ends; None for no end.
        send_timeout: seconds that the client may take to accept a chunk.
        metrics: where to count.
    """

    def __init__(
        self,
        hub: Hub,
        reader: Reader,
        media_type: MediaType,
        *,
        limit: int | None,
        send_timeout: float,
        metrics: Metrics,
    ) -> None:
        super().__init__(
            headers={
                "Stream-Id": hub.run.identity.stream_id,
                "Stream-After": str(reader.cursor),
                "Cache-Control": "no-store",
                "Vary": "Accept",
                "X-Accel-Buffering": "no",
            },
            media_type=media_type,
        )
        del self.headers["content-length"]
        self._hub = hub
        self._reader = reader
        self._format = media_type
        self._last = reader.cursor + limit if limit is not None else None
        self._send_timeout = send_timeout
        self._lines_sent = metrics.lines_sent.labels(media_type)
        self._cut_off = metrics.cut_off

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the lines until the limit, the client's leaving, its deadline or the service's end."""
        hangup = asyncio.create_task(self._hangup(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while not (hangup.done() or self._hub.stopping or self._hub.failure or self._reader.cursor == self._last):
                chunk, cursor = await self._next()
                async with asyncio.timeout(self._send_timeout):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                self._lines_sent.inc(cursor - self._reader.cursor)
                self._hub.moved(self._reader, cursor)
            async with asyncio.timeout(self._send_timeout):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            self._cut_off.inc()
            log.warning("client_cut_off", client=scope.get("client"), line=self._reader.cursor)
            self._reader.abort()
        finally:
            self._hub.leave(self._reader)
            hangup.cancel()

    async def _next(self) -> tuple[bytes, int]:
        blocks = await self._hub.read(self._reader)
        if self._last is not None:
            blocks = [block.between(0, self._last) for block in blocks if block.first <= self._last]
        if not blocks:
            return HEARTBEAT[self._format], self._reader.cursor
        return body(blocks, self._format), blocks[-1].last

    async def _hangup(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._hub.leave(self._reader)

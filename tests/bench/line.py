"""One keep-alive connection of the load generator: bytes out, whole answers in. It reads no more than it must."""

import asyncio
from collections.abc import Callable
from typing import cast

Heard = Callable[["Line", int, bytes, bytes], None]


class Line(asyncio.Protocol):
    """Calls `heard(line, status, head, body)` for each answer; status 0 means that the connection broke."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._buffer = b""
        self._waiting = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its bases.

    def send(self, request: bytes) -> None:
        assert self._transport
        self._waiting = True
        self._transport.write(request)

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(b"content-length:") + 15
        stop = head.find(b"\r\n", at)
        whole = end + 4 + int(head[at : stop if stop >= 0 else end])
        if len(self._buffer) >= whole:
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._waiting = False
            self._heard(self, int(head[9:12]), head, body)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        if self._waiting:
            self._waiting = False
            self._heard(self, 0, b"", b"")

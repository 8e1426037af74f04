"""The bad network between phones and servers: when it is faulty it drops, resets, cuts, delays and repeats.

Each connection carries one request. A request that is repeated may reach another server than the first time.
Only exchanges and enrolments suffer; the files of the apps and the console pass as they are.
"""

import asyncio
import re
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Final, Self

from tests.chaos.processes import Service
from tests.chaos.wire import NoAnswer, headers_of, read_message

FAULTY_PATHS: Final = (b"POST /api/exchange ", b"POST /api/enrol ")
CHANCE: Final = 0.14
SECONDS: Final = 60

_CONNECTION: Final = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)

Way = Callable[["Proxy", bytes, asyncio.StreamWriter], Awaitable[None]]


class Proxy:
    """Listens on a port of its own, and asks one of the services for each request."""

    def __init__(self, services: Sequence[Service], random: Random) -> None:
        self._services, self._random = services, random
        self.faulty = False
        self.faults: Counter[str] = Counter()
        self._late: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._late:
            task.cancel()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                head, body = await read_message(reader)
                request = _CONNECTION.sub(b"", head[:-4]) + b"\r\nConnection: close\r\n\r\n" + body
                await self._way(request)(self, request, writer)
                await writer.drain()
        except (OSError, TimeoutError, NoAnswer, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # The caller sees a connection that ended, as of any bad network.
        except asyncio.CancelledError:
            pass  # The run ends; asyncio would print each connection that was open.
        finally:
            writer.close()

    def _way(self, request: bytes) -> Way:
        if self.faulty and request.startswith(FAULTY_PATHS) and self._random.random() < CHANCE:
            name = self._random.choice(list(WAYS))
            self.faults[name] += 1
            return WAYS[name]
        return Proxy.passed

    async def ask(self, request: bytes) -> bytes:
        """The whole answer of one service. Raises NoAnswer, OSError."""
        service = self._random.choice(self._services)
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        try:
            writer.write(request)
            answer = await reader.read(-1)
        finally:
            writer.transport.abort()
        head, found, body = answer.partition(b"\r\n\r\n")
        length = headers_of(head).get("content-length")
        if not found or (length and len(body) < int(length)):
            raise NoAnswer("cut off")
        if head.split(b" ", 2)[1] == b"200":
            service.answered()
        return answer

    async def passed(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(await self.ask(request))

    async def dropped(self, _request: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._random.random())

    async def delayed(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._random.random() * 2)
        await self.passed(request, writer)

    async def doubled(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        both = await asyncio.gather(self.ask(request), self.ask(request))
        writer.write(self._random.choice(both))

    async def repeated_late(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._later(request))
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        await self.passed(request, writer)

    async def _later(self, request: bytes) -> None:
        await asyncio.sleep(self._random.random() * 10)
        try:
            await self.ask(request)
        except (OSError, NoAnswer):
            return

    async def request_cut(self, request: bytes, _writer: asyncio.StreamWriter) -> None:
        service = self._random.choice(self._services)
        _, upstream = await asyncio.open_connection("127.0.0.1", service.port)
        upstream.write(request[: self._random.randrange(1, len(request))])
        await upstream.drain()
        upstream.close()

    async def answer_cut(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        answer = await self.ask(request)
        writer.write(answer[: self._random.randrange(1, len(answer))])

    async def answer_lost(self, request: bytes, _writer: asyncio.StreamWriter) -> None:
        await self.ask(request)

    async def reset(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        if self._random.random() < 0.5:
            await self.ask(request)
        transport: socket.socket = writer.get_extra_info("socket")
        transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


WAYS: Final[dict[str, Way]] = {
    "dropped": Proxy.dropped,
    "delayed": Proxy.delayed,
    "doubled": Proxy.doubled,
    "repeated late": Proxy.repeated_late,
    "request cut": Proxy.request_cut,
    "answer cut": Proxy.answer_cut,
    "answer lost": Proxy.answer_lost,
    "reset": Proxy.reset,
}

"""Phones that come when they come, however busy the server is: each brings one mutation until it is acknowledged.

Like a real phone one that is told to come again waits as Retry-After says, and sends the same mutation again. Times
count from the instant at which the officer saved, so that a queue in this process counts too.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from msgspec import Struct

from tests.bench.bodies import NIL, REPORT, Pen, new_id
from tests.bench.line import Line
from tests.bench.rows import percentile

# Of so many phones one brings a full report, the others a nil.
REPORTS: Final = 10
_PATIENCE: Final = 60.0


class Surge(Struct, frozen=True, tag=True):
    """So many visits in some seconds from `at` on (seconds since 1970), evenly random, phones by turns.

    They share some lines, as behind a proxy; with none, each has one of its own.
    """

    at: float
    seconds: float
    visits: int
    lines: int


class Surged(Struct, frozen=True):
    """What came of it. `acknowledged` are mutation ids; times in seconds; `in_time` is how many came within the surge.

    `again` counts requests that were told to come again, `broken` those without an answer, `unheard` visits that gave
    up a minute after the end.
    """

    acknowledged: tuple[str, ...]
    in_time: int
    p50: float
    p99: float
    most: float
    again: int
    broken: int
    unheard: int
    busy: float


class Talk:
    """A line on which one asks and waits."""

    def __init__(self) -> None:
        self._line = Line(self._heard)
        self._answer: asyncio.Future[tuple[int, bytes, bytes]] | None = None

    async def open(self, port: int) -> None:
        await asyncio.get_running_loop().create_connection(partial(_same, self._line), "127.0.0.1", port)

    async def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self._line.send(request)
        return await self._answer

    def close(self) -> None:
        self._line.close()

    def _heard(self, line: Line, status: int, head: bytes, body: bytes) -> None:
        del line
        if self._answer and not self._answer.done():
            self._answer.set_result((status, head, body))


class Crowd:
    """One surge under way."""

    def __init__(self, port: int, order: Surge) -> None:
        self._port = port
        self._order = order
        self._free: deque[Talk] = deque()
        self._slots = asyncio.Semaphore(order.lines or order.visits)
        self.times: list[float] = []
        self.acknowledged: list[str] = []
        self.in_time = self.again = self.broken = 0
        self.random = Random(1)  # Not for secrets: the same arrivals in each run.

    async def come(self, pens: list[Pen]) -> None:
        """All visits, at their instants; returns when all are acknowledged or patience has ended."""
        order = self._order
        instants = sorted(order.at + self.random.uniform(0, order.seconds) for _ in range(order.visits))
        visits = []
        for number, instant in enumerate(instants):
            if (rest := instant - time.time()) > 0:
                await asyncio.sleep(rest)
            visits.append(asyncio.create_task(self._visit(pens[number % len(pens)], number, instant)))
        end = order.at + order.seconds + _PATIENCE
        _, late = await asyncio.wait(visits, timeout=max(end - time.time(), 0.1))
        for visit in late:
            visit.cancel()

    async def _visit(self, pen: Pen, number: int, instant: float) -> None:
        captured = int(instant * 1000)
        own = new_id(captured)
        mutation = pen.mutation(NIL if number % REPORTS else REPORT, captured, own)
        while True:
            async with self._slots:
                # The phone's clock goes on while it waits; its capture stays.
                status, head, body = await self._ask(lambda: pen.request(time.time_ns() // 1_000_000, [mutation]))
            if status == 200:
                break
            self.again += status == 503
            self.broken += status != 503
            await asyncio.sleep(_retry_after(head) + self.random.random())
        pen.hear(body)
        ended = time.time()
        self.times.append(ended - instant)
        self.in_time += ended <= self._order.at + self._order.seconds
        # An answer names the mutation with its outcome; what it does not name is not acknowledged.
        if b'"outcome":"applied"' in body and own in body:
            self.acknowledged.append(own.decode())

    async def _ask(self, request: Callable[[], bytes]) -> tuple[int, bytes, bytes]:
        try:
            talk = self._free.pop() if self._free else await self._opened()
            answer = await talk.ask(request())
        except OSError:
            return 0, b"", b""
        if self._order.lines and answer[0]:
            self._free.append(talk)
        else:
            talk.close()
        return answer

    async def _opened(self) -> Talk:
        talk = Talk()
        await talk.open(self._port)
        return talk


async def surge(port: int, pens: list[Pen], order: Surge) -> Surged:
    crowd = Crowd(port, order)
    spent, began = time.process_time(), time.perf_counter()
    await crowd.come(pens)
    busy = (time.process_time() - spent) / (time.perf_counter() - began)
    p50, p99, most = (percentile(crowd.times, percent) for percent in (50, 99, 100))
    unheard = order.visits - len(crowd.times)
    return Surged(tuple(crowd.acknowledged), crowd.in_time, p50, p99, most, crowd.again, crowd.broken, unheard, busy)


def _retry_after(head: bytes) -> float:
    at = head.find(b"retry-after:")
    return float(head[at + 12 :].split(b"\r\n")[0]) if at >= 0 else 1.0


def _same(line: Line) -> Line:
    return line

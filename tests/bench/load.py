"""The load generator, a process of its own: phones on keep-alive lines, each asking again as soon as it is answered.

`python -m tests.bench.load` reads a Plan and then Slices and Surges from stdin, a line each, and answers
each by a Told or Surged.
Nothing but what a phone would do is done between an answer and the next request, so that it is never the bottleneck;
`busy` tells how much of its core it used.
"""

import asyncio
import sys
import time
from functools import partial

import msgspec
import uvloop
import zstandard
from msgspec import Struct

from tests.bench.bodies import NIL, REPORT, Pen
from tests.bench.city import phones
from tests.bench.line import Line
from tests.bench.rows import percentile
from tests.bench.surge import Surge, surge


class Plan(Struct, frozen=True):
    """Whom to ask, as how many phones."""

    port: int
    phones: int
    accept: str = "identity"


class Slice(Struct, frozen=True, tag=True):
    """Ask for some seconds, or once as each phone when it is 0, over some lines.

    `whole` means that each phone forgets its cursor and asks until it has all.
    """

    seconds: float
    mutations: int
    lines: int
    reports: bool = True
    whole: bool = False


class Told(Struct, frozen=True):
    """What came of a slice. `busy` is the share of its core that the generator used; times in seconds.

    `bytes` are those of the answers' bodies as they came, `records` the changes in the answers of whole pulls.
    """

    answers: int
    failures: int
    seconds: float
    busy: float
    p50: float
    p99: float
    bytes: int
    records: int


class Caller:
    """One line and the phones that take turns on it, until the time is up."""

    def __init__(self, run: "Run", pens: list[Pen]) -> None:
        self._run = run
        self._pens = pens
        self._turn = -1
        self._more = False
        self._asked = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ask(self, line: Line) -> None:
        order = self._run.order
        self._turn += not self._more
        if (not order.seconds and self._turn >= len(self._pens)) or self._run.is_over():
            line.close()
            self.done.set_result(None)
            return
        pen = self._pens[self._turn % len(self._pens)]
        if order.whole and not self._more:
            pen.cursor = b""
        now = time.time_ns() // 1_000_000
        template = REPORT if order.reports else NIL
        request = pen.request(now, [pen.mutation(template, now) for _ in range(order.mutations)])
        self._asked = time.perf_counter()
        line.send(request)

    def heard(self, line: Line, status: int, head: bytes, body: bytes) -> None:
        self._run.times.append(time.perf_counter() - self._asked)
        self._run.bytes += len(body)
        if status != 200:
            self._run.failures += 1
        else:
            plain = decompressed(head, body)
            self._pens[self._turn % len(self._pens)].hear(plain)
            if self._run.order.whole:
                self._more = b'"more":true' in plain
                self._run.records += plain.count(b'"record_id"')
        if status == 0:
            self.done.set_exception(ConnectionError("the server closed a connection"))
        else:
            self.ask(line)


class Run:
    """One slice under way."""

    def __init__(self, order: Slice) -> None:
        self.order = order
        self.times: list[float] = []
        self.failures = 0
        self.bytes = 0
        self.records = 0
        self._ends = time.perf_counter() + order.seconds

    def is_over(self) -> bool:
        return bool(self.order.seconds) and time.perf_counter() >= self._ends


async def run(plan: Plan, pens: list[Pen], order: Slice) -> Told:
    loop = asyncio.get_running_loop()
    this = Run(order)
    callers = [Caller(this, pens[start :: order.lines]) for start in range(min(order.lines, len(pens)))]
    lines = [Line(caller.heard) for caller in callers]
    for line in lines:
        await loop.create_connection(partial(_same, line), "127.0.0.1", plan.port)
    spent, began = time.process_time(), time.perf_counter()
    for caller, line in zip(callers, lines, strict=True):
        caller.ask(line)
    await asyncio.gather(*(caller.done for caller in callers))
    seconds = time.perf_counter() - began
    busy = (time.process_time() - spent) / seconds
    p50, p99 = (percentile(this.times, percent) for percent in (50, 99))
    return Told(len(this.times), this.failures, seconds, busy, p50, p99, this.bytes, this.records)


def decompressed(head: bytes, body: bytes) -> bytes:
    return zstandard.decompress(body) if b"content-encoding: zstd" in head else body


def _same(line: Line) -> Line:
    return line


async def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    pens = [Pen(phone, plan.accept) for phone in phones()[: plan.phones]]
    for line in iter(sys.stdin.buffer.readline, b""):
        order = msgspec.json.decode(line, type=Slice | Surge)
        told = await (run(plan, pens, order) if isinstance(order, Slice) else surge(plan.port, pens, order))
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(main())

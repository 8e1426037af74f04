"""Processes of Ronda that die and are started again: each life has its own way to end."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, Self

from tests.support.ronda import ROOT

NEVER: Final = ""
AT_RANDOM: Final = "at a random moment"
# A process that does not pass its point in this many mean lives is shot anyway.
PATIENCE: Final = 4
# The others are killed while they start.
COMES_UP: Final = 0.85
# The share of lives that end at a moment of chance, whatever the process does.
AT_LARGE: Final = 0.3
LONGEST_START: Final = 15


class Ending(NamedTuple):
    """How a process ended: `status` as of waitpid, negative for a signal; `mark` is the point where it shot itself."""

    status: int
    mark: str


class Life(NamedTuple):
    """A running process."""

    pid: int
    ending: "asyncio.Future[Ending]"


class Launcher:
    """The fork server, from the outside."""

    async def __aenter__(self) -> Self:
        self._ids = count(1)
        self._begun: dict[int, asyncio.Future[Life]] = {}
        self._lives: dict[int, Life] = {}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.launcher",
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def start(
        self, args: list[str], env: Mapping[str, str], log: Path, point: str = NEVER, left: int = 0
    ) -> Life:
        """Fork one process of `ronda`."""
        number = next(self._ids)
        begun = self._begun[number] = asyncio.get_running_loop().create_future()
        order = {"id": number, "args": args, "env": dict(env), "log": str(log), "point": point, "left": left}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        life: Life = await begun
        return life

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            told = json.loads(line)
            if "id" in told:
                life = Life(told["pid"], asyncio.get_running_loop().create_future())
                self._lives[life.pid] = life
                self._begun.pop(told["id"]).set_result(life)
            else:
                self._lives.pop(told["pid"]).ending.set_result(Ending(told["status"], told["mark"]))


def send_signal(pid: int, number: signal.Signals) -> None:
    """To a process that may have ended already, which is then as good."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


class Tally:
    """What all services of a run have gone through."""

    def __init__(self) -> None:
        self.kills: Counter[str] = Counter()
        self.recoveries: list[float] = []
        self.fell: list[str] = []


class Service:
    """One server or worker that is always started again. `mean` is its mean life in seconds while there is chaos."""

    def __init__(
        self, name: str, args: list[str], points: Mapping[str, int], mean: float, random: Random, port: int = 0
    ) -> None:
        self.name, self.port = name, port
        self._args, self._points, self._mean, self._random = args, points, mean, random
        self._killed_at: float | None = None
        self._life: Life | None = None
        self._up = asyncio.Event()

    async def run(
        self, launcher: Launcher, env: Mapping[str, str], log: Path, tally: Tally, calm: asyncio.Event
    ) -> None:
        """Live again and again. Once it is calm, the life that then begins goes on until `stop`."""
        self._tally, self._stopping = tally, False
        while not self._stopping:
            point, left = (NEVER, 0) if calm.is_set() else self._aim()
            self._life = await launcher.start(self._args, env, log, point, left)
            if self._stopping:
                self._terminate()
            if not calm.is_set():
                await self._live(self._life, point)
            if not self._life.ending.done() and not calm.is_set():
                send_signal(self._life.pid, signal.SIGKILL)
            ending = await self._life.ending
            self._count(ending)

    async def _live(self, life: Life, point: str) -> None:
        """Until it shoots itself, or its time is over. Mostly a server is let come to its first answer before."""
        self._up.clear()
        if self.port and self._random.random() < COMES_UP:
            life.ending.add_done_callback(lambda _: self._up.set())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), LONGEST_START)
        # A worker tells nobody that it has come up; it is given the time that a server took last.
        start = 0.0 if self.port or not self._tally.recoveries else min(self._tally.recoveries[-1], LONGEST_START)
        await asyncio.wait({life.ending}, timeout=start + self._seconds(point))

    def stop(self) -> None:
        """End it for good, as an operator would; `run` returns when it has ended."""
        self._stopping = True
        self._terminate()

    def _terminate(self) -> None:
        if self.pid:
            send_signal(self.pid, signal.SIGTERM)

    def answered(self) -> None:
        """Somebody got an answer of this process."""
        self._up.set()
        if self._killed_at is not None:
            self._tally.recoveries.append(time.monotonic() - self._killed_at)
            self._killed_at = None

    @property
    def pid(self) -> int | None:
        """The pid of the present life, if there is one."""
        return self._life.pid if self._life and not self._life.ending.done() else None

    def _aim(self) -> tuple[str, int]:
        if not self._points or self._random.random() < AT_LARGE:
            return NEVER, 0
        point = self._random.choice(list(self._points))
        return point, self._random.randint(1, self._points[point])

    def _seconds(self, point: str) -> float:
        return self._mean * PATIENCE if point else self._random.expovariate(1 / self._mean)

    def _count(self, ending: Ending) -> None:
        if ending.status == -signal.SIGKILL:
            self._tally.kills[f"{self.name} {AT_RANDOM}" if not ending.mark else ending.mark] += 1
            self._killed_at = time.monotonic()
        elif not self._stopping:
            self._tally.fell.append(f"{self.name} ended with status {ending.status}")

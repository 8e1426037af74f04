"""One installation of Ronda in a town: chaos for a while, then calm until all are at rest, then the count.

The steps of `run`: an empty database and the town; servers, worker and sealer that are killed and started again; phones
and a desk that work through the proxy; troubles of database and destinations; calm; the facts.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from server import clock
from server.store.engine import Database, open_database
from server.store.schema import begin_epoch
from tests.chaos import facts, points, town
from tests.chaos.chromium import RealPhone
from tests.chaos.console import Desk
from tests.chaos.databases import Trouble
from tests.chaos.oracle import Stored
from tests.chaos.phone import SimulatedPhone
from tests.chaos.processes import AT_RANDOM, Launcher, Service, Tally, send_signal
from tests.chaos.proxy import Proxy
from tests.support.receivers import HttpsReceiver, hang, reset, say
from tests.support.ronda import ROOT, free_port

DESTINATIONS: Final = ("kota", "imigrasi")
YEAR: Final = 365 * 24 * 3_600_000
SKEWS: Final = (0, 0, 0, -10 * YEAR, 10 * YEAR, -24 * 3_600_000, 90_000)
# Mutations that a phone makes before it calls, on average.
BURST: Final = 7
MOST_WAITING: Final = 600
SERVER_LIFE: Final = 1.5
WORKER_LIFE: Final = 2.6
REST_SECONDS: Final = 240


class Plan(NamedTuple):
    """What one installation is to go through: seconds of chaos, mutations a second, kills of a real phone."""

    seconds: float
    rate: float
    real_kills: int


class Outcome(NamedTuple):
    """All that the oracle and the table want to know of one installation."""

    name: str
    phones: list[SimulatedPhone]
    desk: Desk
    real: RealPhone | None
    stored: Stored
    posts: dict[str, list[Any]]
    secrets: Path
    tally: Tally
    faults: Counter[str]
    troubles: Counter[str]
    odd: Counter[str]
    windows: int
    at_rest: bool


class Installation:
    def __init__(self, name: str, trouble: Trouble, servers: int, folder: Path, random: Random) -> None:
        self._name, self._trouble, self._folder, self._random = name, trouble, folder / name, random
        self._folder.mkdir()
        self._calm = asyncio.Event()
        self._tally = Tally()
        self._odd: Counter[str] = Counter()
        self._log = self._folder / "ronda.log"
        self._servers = [self._server(free_port()) for _ in range(servers)]
        self._worker = Service("worker", ["worker"], points.OF_WORKER, WORKER_LIFE, random)

    def _server(self, port: int) -> Service:
        args = ["serve", "--port", str(port)]
        return Service("server", args, points.OF_SERVER, SERVER_LIFE, self._random, port)

    async def run(self, launcher: Launcher, plan: Plan) -> Outcome:
        self._trouble.open()
        db = open_database(self._trouble.url)
        try:
            async with Proxy(self._servers, self._random) as proxy:
                with HttpsReceiver(self._folder) as endpoint:
                    return await self._run(launcher, plan, db, proxy, endpoint)
        finally:
            await db.close()
            self._trouble.close()

    async def _run(
        self, launcher: Launcher, plan: Plan, db: Database, proxy: Proxy, endpoint: HttpsReceiver
    ) -> Outcome:
        env = self._environment(proxy, endpoint)
        migration = await launcher.start(["migrate"], env, self._log)
        assert (await migration.ending).status == 0
        enrolments = await db.write(town.build)
        lives = [
            asyncio.create_task(service.run(launcher, env, self._log, self._tally, self._calm))
            for service in (*self._servers, self._worker)
        ]
        real = self._real_phone(proxy, enrolments, plan)
        proxy.faulty = True
        phones = [SimulatedPhone(proxy.port, self._random, self._skew(), self._odd) for _ in enrolments]
        pairs = zip(phones, enrolments, strict=True)
        await asyncio.gather(*(phone.enrol(*enrolment) for phone, enrolment in pairs))
        await self._though_away(lambda: db.write(facts.backdate))
        desk = Desk(proxy.port, self._random, self._odd)
        try:
            await self._chaos(launcher, plan, env, db, phones, desk, endpoint)
            proxy.faulty = False
            endpoint.answers.clear()
            at_rest = await self._rest(launcher, env, db, phones, real)
        finally:
            if real:
                await asyncio.to_thread(real.close)
        for service in (*self._servers, self._worker):
            service.stop()
        await asyncio.gather(*lives)
        return Outcome(
            self._name, phones, desk, real, await db.read(facts.read), _by_path(endpoint), Path(env["RONDA_VAR"]),
            self._tally, proxy.faults, self._trouble.troubles, self._odd, await db.read(facts.windows), at_rest,
        )  # fmt: skip

    def _environment(self, proxy: Proxy, endpoint: HttpsReceiver) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        hours = ",".join(f"jam-{hour:02}={hour:02}:00" for hour in range(24))
        wanted = " ".join(f"{name}={endpoint.url}/{name}" for name in DESTINATIONS)
        return others | {
            "RONDA_VAR": str(self._folder / "var"),
            "RONDA_DATABASE_URL": self._trouble.url,
            "RONDA_ORIGIN": proxy.origin,
            "RONDA_PWA": str(ROOT / "pwa" / "dist"),
            "RONDA_WINDOWS": hours,
            "RONDA_GRACE_MINUTES": "0",
            "RONDA_SUPPLEMENT_MINUTES": "1",
            "RONDA_DESTINATIONS": wanted,
            "RONDA_CA_FILE": endpoint.ca_file,
            "RONDA_SEND_SECONDS": "3",
        }

    def _skew(self) -> int:
        return self._random.choice(SKEWS)

    def _real_phone(self, proxy: Proxy, enrolments: list[tuple[str, list[str]]], plan: Plan) -> RealPhone | None:
        if plan.real_kills == 0:
            return None
        code, _ = enrolments.pop(2)
        real = RealPhone(proxy.origin, code, self._folder / "chromium", plan.real_kills, self._random)
        real.start()
        return real

    async def _chaos(
        self,
        launcher: Launcher,
        plan: Plan,
        env: dict[str, str],
        db: Database,
        phones: list[SimulatedPhone],
        desk: Desk,
        endpoint: HttpsReceiver,
    ) -> None:
        pause = BURST * len(phones) / plan.rate
        async with asyncio.TaskGroup() as tasks:
            for phone in phones:
                tasks.create_task(self._live(phone, pause))
            tasks.create_task(desk.work(self._calm))
            tasks.create_task(self._repeat(4, lambda: self._seal(launcher, env, armed=True)))
            tasks.create_task(self._repeat(plan.seconds / 30 + 3, lambda: self._trouble.suffer(self._pids)))
            tasks.create_task(self._repeat(3, lambda: self._refuse(endpoint)))
            tasks.create_task(self._restore(db, plan.seconds / 2))
            await asyncio.sleep(plan.seconds)
            self._calm.set()

    async def _live(self, phone: SimulatedPhone, pause: float) -> None:
        """An officer who works, and a phone that calls now and then."""
        await asyncio.sleep(self._random.random() * pause)
        while not self._calm.is_set():
            for _ in range(int(self._random.expovariate(1 / BURST)) + 1):
                if len(phone.waiting()) < MOST_WAITING:
                    phone.act()
            answered = await phone.exchange()
            while answered and phone.more and not self._calm.is_set():
                await asyncio.sleep(phone.pause)
                answered = await phone.exchange()
            await asyncio.sleep(pause * (0.5 + self._random.random()) if answered else phone.pause)

    async def _repeat(self, mean: float, work: Callable[[], Awaitable[object]]) -> None:
        while not self._calm.is_set():
            await asyncio.wait({asyncio.create_task(self._calm.wait())}, timeout=mean * (0.5 + self._random.random()))
            if not self._calm.is_set():
                await work()

    async def _seal(self, launcher: Launcher, env: dict[str, str], *, armed: bool) -> None:
        """An operator's `ronda seal`, beside the worker, which may be shot too."""
        point = self._random.choice(["", *points.OF_SEALER]) if armed else ""
        left = self._random.randint(1, points.OF_SEALER.get(point, 1))
        # At the end the open window is sealed as well, so that each version must be in a batch.
        life = await launcher.start(["seal"] if armed else ["seal", "--now"], env, self._log, point, left)
        if armed and not point:
            await asyncio.wait({life.ending}, timeout=self._random.random())
            if not life.ending.done():
                send_signal(life.pid, signal.SIGKILL)
        ending = await life.ending
        if ending.status == -signal.SIGKILL:
            self._tally.kills[ending.mark or f"sealer {AT_RANDOM}"] += 1

    def _pids(self) -> list[int]:
        return [service.pid for service in (*self._servers, self._worker) if service.pid]

    async def _refuse(self, endpoint: HttpsReceiver) -> None:
        """A destination in trouble."""
        if not endpoint.answers:
            endpoint.answers.append(self._random.choice((say(503), say(429), reset, hang)))

    async def _restore(self, db: Database, after: float) -> None:
        """Once, a new epoch begins, as after a restore: each phone sends all again (SPEC M17)."""
        await asyncio.wait({asyncio.create_task(self._calm.wait())}, timeout=after)
        await self._though_away(lambda: db.write(begin_epoch, clock.new_id().hex))

    async def _though_away(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what has to be done, as soon as the database is there."""
        while True:
            try:
                return await work()
            except Exception:
                await asyncio.sleep(0.3)

    async def _rest(
        self,
        launcher: Launcher,
        env: dict[str, str],
        db: Database,
        phones: list[SimulatedPhone],
        real: RealPhone | None,
    ) -> bool:
        """All send and pull, all is sealed and delivered, all pull again; whether that came to an end in time."""
        try:
            async with asyncio.timeout(REST_SECONDS):
                await self._quiet(phones)
                if real:
                    real.calm.set()
                    await asyncio.to_thread(real.join)
                await self._seal(launcher, env, armed=False)
                await self._delivered(db)
                for phone in phones:
                    phone.more = phone.check = True
                await self._quiet(phones)
                return True
        except TimeoutError:
            return False

    async def _delivered(self, db: Database) -> None:
        while await db.read(facts.undelivered):  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    async def _quiet(self, phones: list[SimulatedPhone]) -> None:
        async def come_to_rest(phone: SimulatedPhone) -> None:
            while not phone.at_rest:
                await phone.exchange()
                await asyncio.sleep(phone.pause)

        await asyncio.gather(*map(come_to_rest, phones))


def _by_path(endpoint: HttpsReceiver) -> dict[str, list[Any]]:
    """What each destination received, in the order of its coming."""
    return {name: [post for post in endpoint.requests if post.path.endswith(f"/{name}")] for name in DESTINATIONS}

"""One installation of Ronda in a town: an empty database, a storm, the calm after it, and the facts that are left."""

import asyncio
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from server.store.engine import Database, open_database
from tests.chaos import facts, points, town
from tests.chaos.chromium import RealPhone
from tests.chaos.console import Desk
from tests.chaos.databases import Trouble
from tests.chaos.house import DESTINATIONS, House, environment
from tests.chaos.oracle import Stored
from tests.chaos.phone import SimulatedPhone
from tests.chaos.processes import Launcher, Service, Tally
from tests.chaos.proxy import Proxy
from tests.chaos.rest import come_to_rest
from tests.chaos.storm import Plan, Storm
from tests.support.receivers import HttpsReceiver
from tests.support.ronda import free_port

YEAR: Final = 365 * 24 * 3_600_000
SKEWS: Final = (0, 0, 0, -10 * YEAR, 10 * YEAR, -24 * 3_600_000, 90_000)
SERVER_LIFE: Final = 2.5
WORKER_LIFE: Final = 2.6


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
        self._odd: Counter[str] = Counter()
        self._servers = [self._server(free_port()) for _ in range(servers)]
        self._worker = Service("worker", ["worker"], points.OF_WORKER, WORKER_LIFE, random)

    def _server(self, port: int) -> Service:
        args = ["serve", "--port", str(port)]
        return Service("server", args, points.OF_SERVER, SERVER_LIFE, self._random, port)

    async def run(self, launcher: Launcher, plan: Plan) -> Outcome:
        self._trouble.open()
        try:
            return await self._with_database(launcher, plan)
        finally:
            self._trouble.close()

    async def _with_database(self, launcher: Launcher, plan: Plan) -> Outcome:
        db = open_database(self._trouble.url)
        try:
            async with Proxy(self._servers, self._random) as proxy:
                with HttpsReceiver(self._folder) as endpoint:
                    house = self._house(launcher, db, proxy, endpoint)
                    return await self._run(house, plan, proxy)
        finally:
            await db.close()

    def _house(self, launcher: Launcher, db: Database, proxy: Proxy, endpoint: HttpsReceiver) -> House:
        env = environment(self._folder, self._trouble.url, proxy.origin, endpoint)
        services = [*self._servers, self._worker]
        return House(launcher, services, db, endpoint, env, self._folder / "ronda.log", self._random)

    async def _run(self, house: House, plan: Plan, proxy: Proxy) -> Outcome:
        assert await house.command("migrate") == 0
        enrolments = await house.db.write(town.build)
        lives = house.live()
        real = self._real_phone(proxy, enrolments, plan)
        try:
            proxy.faulty = True
            phones = await self._phones(house, proxy, enrolments)
            desk = Desk(proxy.port, self._random, self._odd)
            await Storm(house, self._trouble).rage(plan, phones, desk)
            proxy.faulty = False
            at_rest = await come_to_rest(house, phones, real)
        finally:
            if real:
                await asyncio.to_thread(real.close)
        for service in house.services:
            service.stop()
        await asyncio.gather(*lives)
        return Outcome(
            self._name, phones, desk, real, await house.db.read(facts.read), _by_path(house.endpoint),
            Path(house.env["RONDA_VAR"]), house.tally, proxy.faults, self._trouble.troubles, self._odd,
            await house.db.read(facts.windows), at_rest,
        )  # fmt: skip

    def _real_phone(self, proxy: Proxy, enrolments: list[tuple[str, list[str]]], plan: Plan) -> RealPhone | None:
        if plan.real_kills == 0:
            return None
        code, _ = enrolments.pop(2)
        real = RealPhone(proxy.origin, code, self._folder / "chromium", plan.real_kills, self._random)
        real.start()
        return real

    async def _phones(
        self, house: House, proxy: Proxy, enrolments: list[tuple[str, list[str]]]
    ) -> list[SimulatedPhone]:
        """Enrolled while the servers are being killed, and known for long, so that old captures are believed."""
        skews = [self._random.choice(SKEWS) for _ in enrolments]
        phones = [SimulatedPhone(proxy.port, self._random, skew, self._odd) for skew in skews]
        await asyncio.gather(*(phone.enrol(*one) for phone, one in zip(phones, enrolments, strict=True)))
        await house.though_away(lambda: house.db.write(facts.backdate))
        return phones


def _by_path(endpoint: HttpsReceiver) -> dict[str, list[Any]]:
    """What each destination received, in the order of its coming."""
    return {name: [post for post in endpoint.requests if post.path.endswith(f"/{name}")] for name in DESTINATIONS}

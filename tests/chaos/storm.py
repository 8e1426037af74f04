"""What an installation goes through while officers work: kills, a database in trouble, destinations that refuse."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from server import clock
from server.store.schema import begin_epoch
from tests.chaos.console import Desk
from tests.chaos.databases import Trouble
from tests.chaos.house import House
from tests.chaos.phone import SimulatedPhone
from tests.support.receivers import hang, reset, say

# Mutations that a phone makes before it calls, on average.
BURST: Final = 7
MOST_WAITING: Final = 600
# Mean seconds between two of a kind.
SEALS: Final = 4
REFUSALS: Final = 10


class Plan(NamedTuple):
    """What one installation is to go through: seconds of chaos, mutations a second, kills of a real phone."""

    seconds: float
    rate: float
    real_kills: int


class Storm:
    def __init__(self, house: House, trouble: Trouble) -> None:
        self._house, self._trouble = house, trouble
        self._random, self._calm = house.random, house.calm

    async def rage(self, plan: Plan, phones: list[SimulatedPhone], desk: Desk) -> None:
        """For as long as the plan says; then it is calm."""
        pause = BURST * len(phones) / plan.rate
        async with asyncio.TaskGroup() as tasks:
            for phone in phones:
                tasks.create_task(self._work(phone, pause))
            tasks.create_task(desk.work(self._calm))
            tasks.create_task(self._repeat(SEALS, self._house.seal_in_danger))
            tasks.create_task(self._repeat(plan.seconds / 30 + 3, lambda: self._trouble.suffer(self._house.pids)))
            tasks.create_task(self._repeat(REFUSALS, self._refuse))
            tasks.create_task(self._begin_epoch(plan.seconds / 2))
            await asyncio.sleep(plan.seconds)
            self._calm.set()

    async def _work(self, phone: SimulatedPhone, pause: float) -> None:
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
            await self._sleep(mean * (0.5 + self._random.random()))
            if not self._calm.is_set():
                await work()

    async def _sleep(self, seconds: float) -> None:
        """At most until it is calm."""
        try:
            await asyncio.wait_for(self._calm.wait(), seconds)
        except TimeoutError:
            return

    async def _refuse(self) -> None:
        """A destination in trouble."""
        answers = self._house.endpoint.answers
        if not answers:
            answers.append(self._random.choice((say(503), say(429), reset, hang)))

    async def _begin_epoch(self, after: float) -> None:
        """Once, as after a restore: each phone sends all again (SPEC M17)."""
        await self._sleep(after)
        await self._house.though_away(lambda: self._house.db.write(begin_epoch, clock.new_id().hex))

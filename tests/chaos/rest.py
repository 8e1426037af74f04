"""The calm after the storm: all send and pull, all is sealed and delivered, all pull again."""

import asyncio
from typing import Final

from tests.chaos import facts
from tests.chaos.chromium import RealPhone
from tests.chaos.house import House
from tests.chaos.phone import SimulatedPhone

REST_SECONDS: Final = 300


async def come_to_rest(house: House, phones: list[SimulatedPhone], real: RealPhone | None) -> bool:
    """Whether it came to an end in time."""
    house.endpoint.answers.clear()
    try:
        async with asyncio.timeout(REST_SECONDS):
            await _quiet(phones)
            if real:
                real.calm.set()
                await asyncio.to_thread(real.join)
            # The open window is sealed as well, so that each version must be in a batch.
            while await house.command("seal", "--now"):
                continue
            await _delivered(house)
            for phone in phones:
                phone.more = phone.check = True
            await _quiet(phones)
            return True
    except TimeoutError:
        return False


async def _quiet(phones: list[SimulatedPhone]) -> None:
    async def finish(phone: SimulatedPhone) -> None:
        while not phone.at_rest:
            await phone.exchange()
            await asyncio.sleep(phone.pause)

    await asyncio.gather(*map(finish, phones))


async def _delivered(house: House) -> None:
    while await house.db.read(facts.undelivered):  # noqa: ASYNC110
        await asyncio.sleep(0.2)

"""The worker: seals what is due, sends what is to be delivered, sends the pushes, sweeps photos, lets mutations
follow one that was released, and looks for a person in two reports. Any number may run.

Each task of it does one small step at a time, from the database to the database, so that it may be killed anywhere.
It outlives an absent database, and stops between two steps.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

import structlog

from server import clock
from server.deliveries import run_delivery
from server.pushes import run_pushes
from server.settings import Settings
from server.store import destinations, horizon, rulings, sealing, twins
from server.store.destinations import Wanted
from server.store.engine import Database
from server.store.sealing import Sealed
from server.sweeps import sweep_photos
from server.transports.opening import destinations as configured
from server.transports.opening import open_transports
from server.webpush.sender import Sender
from sync.errors import Busy
from sync.windows import MINUTE, Schedule

POLL: Final = 1.0
LONGEST_WAIT: Final = 30.0
HOUR: Final = 3600.0

Step = Callable[[], Awaitable[bool]]
log = structlog.get_logger()


async def run(db: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set. Raises SettingsError for destinations that cannot be used."""
    wanted = [Wanted(*one) for one in configured(settings)]
    async with AsyncExitStack() as stack:
        transports = open_transports(settings)
        for transport in transports.values():
            stack.push_async_callback(transport.close)
        sender = await stack.enter_async_context(Sender(settings))

        async def deliver() -> bool:
            return await run_delivery(db, transports, settings)

        async def push() -> bool:
            return await run_pushes(db, sender, settings) > 0

        async def follow() -> bool:
            return await follow_one(db, clock.now(), settings.schedule)

        async def look() -> bool:
            return await look_for_twins(db, clock.now())

        async def seal() -> bool:
            patience = settings.supplement_minutes * MINUTE
            return await seal_one(db, clock.now(), settings.schedule, patience) is not None

        async def forget() -> bool:
            return await forget_old(db, clock.now())

        async def sweep() -> bool:
            return await sweep_photos(db) > 0

        await _until_there(lambda: db.write(destinations.keep, wanted), stop)
        async with asyncio.TaskGroup() as tasks:
            # One for each destination, so that a slow one holds up no other.
            for step in (seal, push, follow, look, *[deliver] * max(1, len(wanted))):
                tasks.create_task(repeat(step, stop))
            for step in (forget, sweep):
                tasks.create_task(repeat(step, stop, HOUR))


async def seal_one(db: Database, now: int, schedule: Schedule, patience: int) -> Sealed | None:
    """Seal the batch that is due first at `now`."""
    sealed = await db.write(sealing.seal_next, now, schedule, patience)
    if sealed:
        log.info("batch_sealed", window=sealed.window, part=sealed.part, entries=sealed.entries, hash=sealed.hash)
    return sealed


async def forget_old(db: Database, now: int) -> bool:
    """Take some old nils and tombstones out of their feeds; whether there were any (SPEC M23)."""
    old = await db.read(horizon.old, now)
    if old:
        await db.write(horizon.forget, old)
    return bool(old)


async def follow_one(db: Database, now: int, schedule: Schedule) -> bool:
    """Let one mutation follow another that was released from quarantine. Mostly none does, and nothing is locked."""
    return await db.read(rulings.anyone_follows) and await db.write(rulings.follow, now, clock.new_salt(), schedule)


async def look_for_twins(db: Database, now: int) -> bool:
    """Look whether some changed reports are of a person who is in another; whether more wait (SPEC T2)."""
    return await db.read(twins.is_behind) and await db.write(twins.look, now)


async def repeat(step: Step, stop: asyncio.Event, poll: float = POLL) -> None:
    """Do a step again and again: at once while it finds something, else after a moment, longer after failures."""
    failures = 0
    while not stop.is_set():
        try:
            if await step():
                failures = 0
                continue
            failures, wait = 0, poll
        except Exception as error:
            failures += 1
            wait = min(poll * 2**failures, LONGEST_WAIT) * (0.5 + secrets.SystemRandom().random() / 2)
            _tell(error, failures)
        await _sleep(stop, wait)


async def _until_there(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do what must be done once, as soon as the database is there."""
    while not stop.is_set():
        try:
            return await work()
        except Busy as error:
            _tell(error, 1)
            await _sleep(stop, POLL)


def _tell(error: Exception, failures: int) -> None:
    """The message of an error may quote values; its kind and place do not."""
    if isinstance(error, Busy):
        log.warning("database_away", failures=failures)
    else:
        log.error("step_failed", error=type(error).__name__, failures=failures)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

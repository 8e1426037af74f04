"""Sends one delivery that is due: claim, send, record (SPEC B11). The worker calls it again and again.

The attempt is stored before it is made. Must never log what is in a batch, nor an address.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from typing import Final

import structlog

from server import clock
from server.settings import Settings
from server.store import batches, deliveries
from server.store.deliveries import Claimed, Result
from server.store.engine import Database
from server.transports import Parcel, Transport, TransportError
from sync.batches.deliveries import LONGEST_DELAY, SECOND, Event, backoff
from sync.errors import Busy

MARGIN: Final = 60 * SECOND
LONGEST_LINE: Final = 300

log = structlog.get_logger()
_random: Final = secrets.SystemRandom()


async def run_delivery(db: Database, transports: Mapping[str, Transport], settings: Settings) -> bool:
    """Attempt the delivery that is due first; whether there was one, so that the caller comes again for more."""
    lease = 2 * settings.send_seconds * SECOND + MARGIN
    claimed = await db.write(deliveries.claim, clock.now(), lease, clock.new_id())
    if claimed is None:
        return False
    result = await _attempt(db, transports, claimed)
    await _record(db, claimed, result, clock.now() + MARGIN)
    _tell_operator(claimed, result)
    return True


def _tell_operator(claimed: Claimed, result: Result) -> None:
    """A refusal needs a person, so it is an error."""
    levels = {Event.accept: logging.INFO, Event.retry: logging.WARNING, Event.refuse: logging.ERROR}
    facts = {"destination": claimed.destination, "batch": str(claimed.batch_id), "attempts": claimed.attempts}
    log.log(levels[result.event], f"delivery_{result.event}", **facts)


async def _attempt(db: Database, transports: Mapping[str, Transport], claimed: Claimed) -> Result:
    batch = await db.read(batches.load, claimed.batch_id)
    transport = transports.get(claimed.transport)
    try:
        if transport is None or batch is None:
            raise TransportError(f"no transport for {claimed.transport}", permanent=False)
        parcel = Parcel(claimed.delivery_id, claimed.destination, claimed.address, batch)
        return Result(Event.accept, _line(await transport.send(parcel, clock.now())))
    except TransportError as error:
        if error.permanent:
            return Result(Event.refuse, _line(str(error)))
        return _later(claimed, _line(str(error)), error.retry_after)
    except Exception as error:
        # A fault of ours must not end the worker; the destination gets the batch when it is mended.
        return _later(claimed, type(error).__name__, 0)


def _later(claimed: Claimed, detail: str, retry_after: int) -> Result:
    delay = max(backoff(claimed.attempts, _random.random()), min(retry_after * SECOND, LONGEST_DELAY))
    return Result(Event.retry, detail, clock.now() + delay)


def _line(said: str) -> str:
    """What a destination said, as one line that a database can hold."""
    return "".join(letter if letter.isprintable() else " " for letter in said).strip()[:LONGEST_LINE]


async def _record(db: Database, claimed: Claimed, result: Result, until: int) -> None:
    """Record even when the database is away for a moment: what is not recorded is sent again."""
    while True:
        try:
            return await db.write(deliveries.record, claimed, result, clock.now())
        except Busy:
            if clock.now() > until:
                raise
            await asyncio.sleep(1)

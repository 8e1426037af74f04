"""Subscriptions and pushes on both databases: leases, results, and who is told no more (SPEC N2, N4, N6)."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select
from sqlmodel import col

from server import clock
from server.secrets import hashed
from server.store.engine import Database
from server.store.notifications import record, subscribe, unsubscribe
from server.tables.passports import Subscription
from sync.errors import Unauthorized
from sync.notifications import TIME_TO_LIVE, UNRECORDED_ATTEMPTS, Fate, PushState, Reaction
from sync.protocol.passports import Locale
from tests.support.applicants import (
    LEASE,
    LINK,
    NOW,
    TO_READY,
    announced,
    booked,
    count,
    due,
    follow,
    happen,
    states,
    wish,
)

pytestmark = pytest.mark.anyio


async def test_N2_a_push_is_claimed_by_one_worker(database: Database) -> None:
    await announced(database)
    assert len(await due(database)) == 1
    assert await due(database) == []
    assert await due(database, NOW + LEASE - 1) == []


async def test_N2_workers_that_race_share_the_pushes(database: Database) -> None:
    application_id = await booked(database)
    for turn in range(10):
        await follow(database, f"https://push.example.org/{turn}")
    await happen(database, application_id, *TO_READY)
    claims = await asyncio.gather(*(due(database, most=3) for _ in range(8)))
    taken = Counter(push.push_id for pushes in claims for push in pushes)
    assert all(times == 1 for times in taken.values())
    rest = await due(database)
    assert len(taken) + len(rest) == 10


async def test_N2_a_push_whose_worker_died_is_sent_again_at_the_end_of_its_lease_five_times(database: Database) -> None:
    await announced(database)
    sent = [len(await due(database, NOW + LEASE * turn)) for turn in range(UNRECORDED_ATTEMPTS + 3)]
    assert sent == [1] * UNRECORDED_ATTEMPTS + [0] * 3
    assert await database.read(states) == [PushState.failed]


async def test_N2_a_result_that_comes_after_the_lease_does_not_count(database: Database) -> None:
    await announced(database)
    [late] = await due(database)
    [again] = await due(database, NOW + LEASE)
    assert not await database.write(record, late, Reaction(Fate.failed), None, NOW + LEASE)
    assert await database.write(record, again, Reaction(Fate.accepted), 201, NOW + LEASE)
    assert await database.read(states) == [PushState.accepted]


async def test_N2_a_recorded_failure_does_not_use_up_the_attempts(database: Database) -> None:
    await announced(database)
    for turn in range(UNRECORDED_ATTEMPTS + 2):
        [push] = await due(database, NOW + turn)
        assert push.attempts == turn + 1
        await database.write(record, push, Reaction(Fate.retry, NOW + turn + 1), 500, NOW + turn)


@pytest.mark.parametrize(
    ("fate", "state"),
    [(Fate.accepted, PushState.accepted), (Fate.gone, PushState.gone), (Fate.failed, PushState.failed)],
)
async def test_N4_a_terminal_answer_is_the_end_of_a_push(database: Database, fate: Fate, state: PushState) -> None:
    await announced(database)
    [push] = await due(database)
    await database.write(record, push, Reaction(fate), 200, NOW)
    assert await database.read(states) == [state]
    assert await due(database, NOW + TIME_TO_LIVE - 1) == []


async def test_N4_a_browser_that_is_gone_is_forgotten(database: Database) -> None:
    await announced(database)
    [push] = await due(database)
    await database.write(record, push, Reaction(Fate.gone), 410, NOW)
    assert await database.read(count(Subscription)) == 0


@pytest.mark.parametrize("fate", [Fate.held_back, Fate.refused])
async def test_N4_the_pushes_to_an_origin_wait_together(database: Database, fate: Fate) -> None:
    application_id = await booked(database)
    await follow(database, "https://push.example.org/1")
    await follow(database, "https://push.example.org/2")
    await happen(database, application_id, *TO_READY)
    [push] = await due(database, most=1)
    await database.write(record, push, Reaction(fate, NOW + 60_000), 429, NOW)
    assert await due(database, NOW + 59_999) == []
    assert len(await due(database, NOW + 60_000)) == 2


async def test_N4_a_push_ends_with_its_time_to_live(database: Database) -> None:
    await announced(database)
    assert await due(database, NOW + TIME_TO_LIVE) == []
    assert await database.read(states) == [PushState.failed]


async def test_N6_subscribing_again_replaces_the_keys(database: Database) -> None:
    await announced(database)
    again = wish("https://push.example.org/1", "new key", Locale.en)
    await database.write(subscribe, LINK, again, "https://push.example.org", clock.new_id(), NOW + 1)
    assert await database.read(count(Subscription)) == 1
    [push] = await due(database)
    assert (push.p256dh, push.locale) == ("new key", Locale.en)


async def test_N6_unsubscribing_stops_what_is_on_its_way(database: Database) -> None:
    await announced(database)
    await database.write(unsubscribe, LINK, "https://push.example.org/1")
    assert await database.read(count(Subscription)) == 0
    assert await due(database) == []
    await database.write(unsubscribe, LINK, "https://push.example.org/1")


async def test_N6_the_oldest_of_too_many_subscriptions_gives_way(database: Database) -> None:
    await booked(database)
    for turn in range(12):
        request = wish(f"https://push.example.org/{turn}")
        await database.write(subscribe, LINK, request, "https://push.example.org", clock.new_id(), NOW + turn)
    kept = await database.read(lambda conn: set(conn.execute(select(col(Subscription.endpoint))).scalars()))
    assert kept == {f"https://push.example.org/{turn}" for turn in range(2, 12)}


async def test_N6_a_guessed_link_subscribes_nobody(database: Database) -> None:
    with pytest.raises(Unauthorized):
        await follow(database, link=hashed("a guess"))

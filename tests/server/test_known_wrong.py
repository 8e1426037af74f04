"""The tests of races can fail: each known-wrong way to number changes, and sealing without its lock, loses rows.

On PostgreSQL only. SQLite has one writer at a time, so that there numbers are given in the order of the commits and
nobody writes while a window is sealed: none of these mistakes can lose a row on it.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, select, text
from sqlmodel import col

from server.store import exchange, pull, records, sealing
from server.store.engine import Database, lock_window
from server.tables.areas import Feed
from server.tables.reports import Record
from tests.support import races
from tests.support.city import build

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["postgresql"], indirect=True)]

# A race may end well by luck, but not this often.
ROUNDS: Final = 10

FROM_A_SEQUENCE: Final = "select nextval('numbers')"
FROM_THE_CLOCK: Final = "select (extract(epoch from now()) * 1000000)::bigint"


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    await database.write(lambda conn: conn.execute(text("create sequence numbers start 1000000")) and None)
    return database


class Drawn(dict[UUID, int]):
    """Counters that nobody locked: each next number comes from elsewhere."""

    def __init__(self, conn: Connection, feed_ids: Iterable[UUID], query: str) -> None:
        super().__init__(dict.fromkeys(feed_ids, 0))
        self._draw: Callable[[], int] = lambda: conn.execute(text(query)).scalar_one()

    def __setitem__(self, feed_id: UUID, _: int) -> None:
        super().__setitem__(feed_id, self._draw())


def newest_numbers(conn: Connection, feed_ids: set[UUID]) -> dict[UUID, int]:
    """The end of each feed where no row counts it: the highest number that can be seen."""
    newest = select(col(Record.feed_id), func.max(col(Record.seq))).where(col(Record.feed_id).in_(feed_ids))
    return dict.fromkeys(feed_ids, 0) | {row[0]: row[1] for row in conn.execute(newest.group_by(col(Record.feed_id)))}


def number_by(monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setattr(exchange, "lock_feeds", lambda conn, feed_ids: Drawn(conn, feed_ids, query))
    monkeypatch.setattr(records, "advance", lambda _conn, _counters: None)
    monkeypatch.setattr(pull, "_ends", newest_numbers)


def count_without_a_lock(conn: Connection, feed_ids: set[UUID]) -> dict[UUID, int]:
    query = select(col(Feed.feed_id), col(Feed.seq)).where(col(Feed.feed_id).in_(feed_ids))
    return {row.feed_id: row.seq for row in conn.execute(query)}


def only_the_chain(conn: Connection, window: str, *, shared: bool) -> None:
    if window == sealing.CHAIN:
        lock_window(conn, window, shared=shared)


async def lost(race: Callable[[], Awaitable[int]]) -> int:
    """How many rows the first race that went wrong has lost."""
    for _ in range(ROUNDS):
        if found := await race():
            return found
    return 0


async def test_M16_a_cursor_from_a_plain_sequence_skips_changes(
    city: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def race() -> int:
        return len(await races.skipped(city))

    assert await race() == 0
    number_by(monkeypatch, FROM_A_SEQUENCE)
    assert await lost(race) > 0


async def test_M16_a_cursor_of_times_of_change_skips_changes(city: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def race() -> int:
        return len(await races.skipped(city))

    assert await race() == 0
    number_by(monkeypatch, FROM_THE_CLOCK)
    assert await lost(race) > 0


async def test_M16_a_feed_read_before_it_is_locked_skips_changes(
    city: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def race() -> int:
        return len(await races.skipped(city))

    assert await race() == 0
    monkeypatch.setattr(exchange, "lock_feeds", count_without_a_lock)
    assert await lost(race) > 0


async def test_B5_a_sealer_that_does_not_hold_the_window_leaves_versions_out(
    city: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def race() -> int:
        await races.race_the_sealers(city)
        return await races.in_no_batch(city)

    assert await race() == 0
    monkeypatch.setattr(sealing, "lock_window", only_the_chain)
    assert await lost(race) > 0


async def test_B5_a_writer_that_does_not_share_the_window_is_left_out(
    city: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def race() -> int:
        await races.race_the_sealers(city)
        return await races.in_no_batch(city)

    assert await race() == 0
    monkeypatch.setattr(exchange, "lock_window", lambda *_, **__: None)
    assert await lost(race) > 0

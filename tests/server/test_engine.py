"""What of the database's troubles is an outage, and what is a fault of ours."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from server.store.engine import Database, PostgresDatabase, open_database
from sync.errors import Busy
from tests.support.ronda import free_port

pytestmark = pytest.mark.anyio


def ask(conn: Connection, query: str) -> None:
    conn.execute(text(query))


async def test_a_fault_of_ours_does_not_look_like_an_outage(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(ask, "select * from nowhere")


async def test_a_database_that_is_not_there_is_busy(tmp_path: Path) -> None:
    nowhere = (f"sqlite:///{tmp_path / 'no' / 'folder' / 'x.db'}", f"postgresql://nobody@127.0.0.1:{free_port()}/x")
    for url in nowhere:
        db = open_database(url)
        with pytest.raises(Busy):
            await db.read(ask, "select 1")
        await db.close()


@pytest.mark.parametrize("state", ["57P03", "57P01", "08003", "53100"])
async def test_a_postgresql_that_starts_stops_or_is_full_is_busy(postgresql: str, state: str) -> None:
    """57P03 is what a server says that recovers; no phone is to see a fault of ours in it (SPEC M15)."""
    db = open_database(postgresql)
    with pytest.raises(Busy):
        await db.write(ask, f"do $$ begin raise exception 'away' using errcode = '{state}'; end $$")
    await db.close()


async def test_a_read_sees_one_state_of_the_database(database: Database) -> None:
    """What is committed between two of its queries is for the next one: a page and its cursor belong together."""
    await database.write(ask, "insert into meta (key, value) values ('once', 'before')")
    looked, changed, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    told = threading.Event()
    seen: list[str] = []

    def look_twice(conn: Connection) -> None:
        for wait in (True, False):
            seen.append(conn.execute(text("select value from meta where key = 'once'")).scalar_one())
            if wait and conn.dialect.name == "sqlite":
                loop.call_soon_threadsafe(looked.set)
                assert told.wait(10)
            elif wait:
                looked.set()
                await_only(asyncio.wait_for(changed.wait(), 10))

    looking = asyncio.ensure_future(database.read(look_twice))
    await looked.wait()
    await database.write(ask, "update meta set value = 'after' where key = 'once'")
    changed.set()
    told.set()
    await looking
    assert seen == ["before", "before"]


async def test_nothing_is_written_where_it_is_only_read(database: Database) -> None:
    if isinstance(database, PostgresDatabase):
        with pytest.raises(DBAPIError):
            await database.read(ask, "insert into meta (key, value) values ('x', 'y')")

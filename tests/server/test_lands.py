"""What a server remembers of who reports for what is never older than the transaction that asks; on both databases."""

import pytest
from sqlalchemy import Connection, delete, text, update
from sqlmodel import col

from server.store import pull
from server.store.engine import Database
from server.store.exchange import Taken, recognise
from server.store.lands import Lands
from server.store.people import assign
from server.tables.areas import Meta
from server.tables.generation import WATCHED
from server.tables.people import Assignment
from tests.support.city import OFFICER, RTS, area_id, build, job

pytestmark = pytest.mark.anyio


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def held(conn: Connection, lands: Lands) -> set[object]:
    theirs = lands.of(conn, pull.life(conn).areas, [OFFICER])[OFFICER]
    return {land.span for land in theirs}


async def test_A1_an_rt_that_changes_hands_is_seen_by_a_server_that_remembers_the_officer(city: Database) -> None:
    lands = Lands()
    assert len(await city.read(held, lands)) == len(RTS)

    def end(conn: Connection) -> None:
        conn.execute(
            update(Assignment).values(valid_to=5).where(col(Assignment.area_id) == area_id("31.73.06.1001/001"))
        )

    def leave(conn: Connection) -> None:
        conn.execute(delete(Assignment).where(col(Assignment.area_id) == area_id("31.73.06.1001/001")))

    await city.write(end)
    assert {span.until for span in await city.read(held, lands)} == {5, None}  # type: ignore[attr-defined]
    await city.write(leave)
    assert len(await city.read(held, lands)) == len(RTS) / 2
    await city.write(assign, area_id("again"), OFFICER, RTS[0], 0)
    assert len(await city.read(held, lands)) == len(RTS) / 2 + 1


async def test_A1_a_transaction_that_began_earlier_leaves_nothing_old_behind(city: Database) -> None:
    lands = Lands()
    before = (await city.read(pull.life)).areas
    await city.write(assign, area_id("again"), OFFICER, area_id("31.73.06.1001/001"), 0)

    def remember_as_if_before(conn: Connection) -> None:
        lands.of(conn, before, [OFFICER])

    await city.read(remember_as_if_before)
    assert len(await city.read(held, lands)) == len(RTS)


async def test_A1_nothing_is_remembered_over_a_restore_whose_count_is_the_same(city: Database) -> None:
    lands = Lands()

    def known(conn: Connection) -> int:
        [call] = recognise(conn, [job(1)], pull.life(conn), lands)
        assert isinstance(call, Taken)
        return len(call.caller.territories)

    def restore(conn: Connection) -> None:
        count = pull.life(conn).areas
        conn.execute(delete(Assignment).where(col(Assignment.area_id) == area_id("31.73.06.1001/001")))
        for key, value in (("areas", count), ("epoch", "another")):
            conn.execute(update(Meta).where(col(Meta.key) == key).values(value=value))

    assert await city.read(known) == len(RTS)
    await city.write(restore)
    assert await city.read(known) == len(RTS) / 2


@pytest.mark.parametrize("table", WATCHED)
async def test_A1_each_change_of_a_watched_table_is_counted(city: Database, table: str) -> None:
    count = int((await city.read(pull.life)).areas)

    def succeed(conn: Connection) -> None:
        conn.execute(text("insert into successions values (:old, :new)"), {"old": key(conn, 0), "new": key(conn, 1)})

    def key(conn: Connection, place: int) -> object:
        return RTS[place].hex if conn.dialect.name == "sqlite" else RTS[place]

    await city.write(succeed)
    assert int((await city.read(pull.life)).areas) == count + 1
    column = {"areas": "name = name", "assignments": "valid_from = 0", "successions": "area_id = area_id"}[table]

    def touch(conn: Connection) -> None:
        conn.execute(text(f"update {table} set {column}"))

    await city.write(touch)
    assert int((await city.read(pull.life)).areas) > count + 1

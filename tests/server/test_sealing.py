"""Sealing on both databases: each version in exactly one batch, whoever races with whom (SPEC B3-B7, W5, W6)."""

import asyncio
from collections import Counter
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from server.store import batches, sealing
from server.store.engine import Database
from server.store.exchange import take
from server.store.lands import Lands
from server.store.sealing import Sealed
from server.tables.batches import Batch, BatchEntry
from server.tables.reports import Version
from sync.batches.header import Header
from sync.batches.sealing import header_of, verify
from sync.protocol.exchange import NilChange, ReportChange
from sync.windows import MINUTE, Schedule
from tests.support import city, races
from tests.support.city import RTS, SCHEDULE, edit, nil, report, send

pytestmark = pytest.mark.anyio

PATIENCE = 15 * MINUTE


def at(time: str, day: int = 23) -> int:
    return int(datetime.fromisoformat(f"2026-11-{day}T{time}+07:00").timestamp() * 1000)


@pytest.fixture
async def db(database: Database) -> Database:
    await database.write(city.build)
    return database


async def seal(db: Database, now: int, patience: int = PATIENCE) -> list[Sealed]:
    """All that is due."""
    found = []
    while sealed := await db.write(sealing.seal_next, now, SCHEDULE, patience):
        found.append(sealed)
    return found


def parts(sealed: list[Sealed]) -> list[tuple[str, int, int]]:
    return [(one.window, one.part, one.entries) for one in sealed]


async def header(db: Database, window: str, part: int = 0) -> Header:
    batch = await db.read(batches.load, await db.read(id_of, window, part))
    assert batch
    assert verify(batch) == ()
    return header_of(batch)


def id_of(conn: Connection, window: str, part: int) -> UUID:
    query = select(col(Batch.batch_id)).where(col(Batch.window) == window, col(Batch.part) == part)
    return conn.execute(query).scalar_one()


async def assert_each_version_is_in_one_batch(db: Database) -> None:
    """SPEC B3, B4, read from the rows themselves."""

    def rows(conn: Connection) -> tuple[Counter[tuple[UUID, int]], list[tuple[UUID, int]]]:
        entries = select(col(BatchEntry.record_id), col(BatchEntry.version))
        versions = select(col(Version.record_id), col(Version.version))
        return Counter((a, b) for a, b in conn.execute(entries)), [(a, b) for a, b in conn.execute(versions)]

    entries, versions = await db.read(rows)
    assert entries == Counter(versions)
    await city.assert_the_chain_is_sound(db)


async def test_W5_nothing_is_sealed_before_the_grace_has_passed(db: Database) -> None:
    await send(db, at("14:00"), nil(RTS[0], at("14:00")))
    assert await seal(db, at("15:15") - 1) == []
    assert parts(await seal(db, at("15:15"))) == [("2026-11-23/siang", 0, 1)]
    assert await seal(db, at("15:15")) == []


async def test_B4_each_window_since_the_first_run_has_a_batch(db: Database) -> None:
    assert await seal(db, at("09:00")) == []
    sealed = await seal(db, at("20:15"))
    assert parts(sealed) == [("2026-11-23/pagi", 0, 0), ("2026-11-23/siang", 0, 0), ("2026-11-23/malam", 0, 0)]
    await assert_each_version_is_in_one_batch(db)


async def test_B4_a_capture_from_before_the_first_run_is_sealed(db: Database) -> None:
    await seal(db, at("09:00"))
    await send(db, at("09:30"), nil(RTS[0], at("12:00", day=20)))
    assert parts(await seal(db, at("09:30"))) == [("2026-11-20/siang", 0, 1)]
    assert parts(await seal(db, at("10:15"))) == [("2026-11-23/pagi", 0, 0)]


async def test_B3_B5_what_comes_late_goes_into_a_numbered_supplement(db: Database) -> None:
    await send(db, at("14:00"), report(RTS[0], at("13:59")))
    [main] = await seal(db, at("15:15"))
    await send(db, at("15:20"), report(RTS[1], at("14:30")))
    await send(db, at("15:30"), report(RTS[2], at("14:31")))
    assert await seal(db, at("15:35") - 1) == []
    [supplement] = await seal(db, at("15:35"))
    await send(db, at("15:50"), report(RTS[3], at("14:32")))
    [another] = await seal(db, at("15:50"), patience=0)
    assert parts([supplement, another]) == [("2026-11-23/siang", 1, 2), ("2026-11-23/siang", 2, 1)]
    last = await header(db, "2026-11-23/siang", 2)
    assert (last.parent, last.previous, last.seq) == (main.hash, supplement.hash, 3)
    await assert_each_version_is_in_one_batch(db)


async def test_B4_B5_versions_of_one_record_go_to_the_windows_of_their_captures(db: Database) -> None:
    first = report(RTS[0], at("14:00"))
    await send(db, at("14:00"), first)
    await send(db, at("16:00"), edit(first, at("16:00"), "Maria Lain"))
    assert parts(await seal(db, at("20:15"))) == [("2026-11-23/siang", 0, 1), ("2026-11-23/malam", 0, 1)]


async def test_B4_W2_what_an_older_schedule_named_is_sealed_under_its_name(db: Database) -> None:
    older = Schedule("Asia/Jakarta", (("subuh", "05:00"), ("sore", "17:00")), 15)
    late = city.job(at("14:00"), nil(RTS[0], at("14:00")), report(RTS[1], at("14:00")))
    await db.write(take, [late], older, Lands())
    assert await seal(db, at("15:14")) == []
    assert ("2026-11-23/sore", 0, 2) in parts(await seal(db, at("15:15")))
    await db.write(take, [city.job(at("16:00"), nil(RTS[2], at("14:30")))], older, Lands())
    assert parts(await seal(db, at("16:15"))) == [("2026-11-23/sore", 1, 1)]
    await assert_each_version_is_in_one_batch(db)


async def test_B6_sealing_again_after_a_crash_gives_the_same_batch(db: Database) -> None:
    await send(db, at("14:00"), report(RTS[0], at("14:00")), nil(RTS[1], at("14:00")))

    def crash(conn: Connection, now: int, found: list[Sealed | None]) -> None:
        found.append(sealing.seal_next(conn, now, SCHEDULE, PATIENCE))
        raise ConnectionAbortedError

    lost: list[Sealed | None] = []
    with pytest.raises(Exception, match=r".*"):
        await db.write(crash, at("15:15"), lost)
    assert await seal(db, at("15:40")) == lost


@pytest.mark.parametrize(
    "change",
    [
        update(Batch).values(part=9),
        update(Batch).values(header=b"{}"),
        delete(Batch),
        delete(BatchEntry),
        update(BatchEntry).values(body=b"{}"),
        update(BatchEntry).values(body=None, salt=b"0" * 16),
        update(BatchEntry).values(body=None, digest="0" * 64),
    ],
)
async def test_B7_the_database_refuses_to_change_what_is_sealed(db: Database, change: object) -> None:
    await send(db, at("14:00"), report(RTS[0], at("14:00")))
    await seal(db, at("15:15"))
    with pytest.raises(DBAPIError, match="a sealed batch never changes"):
        await db.write(lambda conn: conn.execute(change))  # type: ignore[call-overload]
    await header(db, "2026-11-23/siang")


async def test_B2_B7_an_entry_can_be_destroyed_and_the_batch_verifies(db: Database) -> None:
    await send(db, at("14:00"), report(RTS[0], at("14:00")))
    await seal(db, at("15:15"))
    await db.write(lambda conn: conn.execute(update(BatchEntry).values(body=None)) and None)
    assert len((await header(db, "2026-11-23/siang")).entries) == 1


async def test_B8_W6_a_batch_tells_who_was_not_heard_of(db: Database) -> None:
    await send(db, at("14:00"), report(RTS[0], at("14:00")), nil(RTS[1], at("14:00")), nil(RTS[2], at("09:00")))
    await seal(db, at("15:15"))
    told = await header(db, "2026-11-23/siang")
    assert [(one.name, one.rts, one.reported, one.nils, one.reports) for one in told.kelurahan] == [
        ("Semanan", 2, 2, 1, 1),
        ("Tegal Alur", 2, 0, 0, 0),
    ]
    assert [[silent.rt for silent in one.not_heard] for one in told.kelurahan] == [[], ["001", "002"]]
    assert told.city == "Jakarta Barat"


async def test_B8_an_open_conflict_is_told(db: Database) -> None:
    first = report(RTS[0], at("14:00"))
    await send(db, at("14:00"), first)
    await send(db, at("14:01"), edit(first, at("14:01"), "Maria Lain"))
    other = await send(db, at("14:02"), edit(first, at("14:02"), "Mario"))
    await seal(db, at("15:15"))
    [conflict] = (await header(db, "2026-11-23/siang")).conflicts
    assert (conflict.conflict_id, conflict.groups) == (other.outcomes[0].mutation_id, ("identity",))


async def test_M16_a_phone_learns_that_its_records_are_sealed(db: Database) -> None:
    answer = await send(db, at("14:00"), report(RTS[0], at("14:00")), nil(RTS[2], at("14:00")))
    [sealed] = await seal(db, at("15:15"))
    later = await send(db, at("15:16"), cursor=answer.cursor)
    assert {type(change) for change in later.changes} == {ReportChange, NilChange}
    assert {(change.batch.window, change.batch.hash) for change in later.changes if change.batch} == {
        ("2026-11-23/siang", sealed.hash)
    }
    assert (await send(db, at("15:17"), cursor=later.cursor)).changes == ()


async def test_M16_a_record_edited_before_the_seal_keeps_its_number(db: Database) -> None:
    first = report(RTS[0], at("14:00"))
    await send(db, at("14:00"), first)
    answer = await send(db, at("15:05"), edit(first, at("15:05"), "Maria Lain"))
    await seal(db, at("15:15"))
    assert (await send(db, at("15:16"), cursor=answer.cursor)).changes == ()


async def test_B4_B5_sealers_and_writers_race_and_no_version_is_lost_or_sealed_twice(db: Database) -> None:
    await races.race_the_sealers(db)
    assert await races.in_no_batch(db) == 0
    await assert_each_version_is_in_one_batch(db)


async def test_B5_the_sealer_waits_for_a_version_that_is_being_committed(db: Database) -> None:
    """The writer has written and not yet committed when the sealer comes; the version is in the main batch."""
    await send(db, at("14:00"), nil(RTS[0], at("14:00")))
    written = asyncio.Event()
    late = city.job(at("14:59"), report(RTS[1], at("14:59")))

    def write_and_linger(conn: Connection) -> None:
        take(conn, [late], SCHEDULE, Lands())
        loop.call_soon_threadsafe(written.set)
        if conn.dialect.name == "postgresql":
            waiting = text("select pg_sleep(0.01), exists (select from pg_locks where not granted)")
            while not conn.execute(waiting).one()[1]:
                continue

    loop = asyncio.get_running_loop()
    writing = asyncio.create_task(db.write(write_and_linger))
    await written.wait()
    assert parts(await seal(db, at("15:15"))) == [("2026-11-23/siang", 0, 2)]
    await writing


async def test_B6_what_is_sealed_before_its_time_tells_when(db: Database) -> None:
    now = at("09:00")
    await send(db, now, nil(RTS[0], now - 1000))
    assert await db.write(sealing.seal_next, now, SCHEDULE, 0, at("10:15"))
    [batch] = await db.read(batches.newest, 1)
    assert batch.sealed_at == now

"""Photos that nobody names do not stay, and none that is named goes (SPEC F6)."""

from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, update

from server import clock
from server.routes.photos import place
from server.store import photo_uploads, photos
from server.store.engine import Database
from server.store.photo_uploads import MOST_BEGUN, Chunk
from server.store.writer import ExchangeWriter
from server.sweeps import PATIENCE, sweep_photos
from server.tables.people import Assignment, Device
from server.tables.reports import Quarantined
from sync.errors import Busy, Code, Refused, Unauthorized
from sync.protocol.exchange import ExchangeResponse, SaveReport
from sync.protocol.records import Groups
from tests.support import city
from tests.support.city import RTS, SECRET, TERMS, exchange, job, send

pytestmark = pytest.mark.anyio

DEVICE = UUID(int=2)
DAY = 86_400_000


async def keep(db: Database, letter: str, days_ago: int) -> str:
    name = letter * 64
    await db.write(photo_uploads.keep, DEVICE, name, b"webp", clock.now() - days_ago * DAY)
    return name


async def is_kept(db: Database, name: str) -> bool:
    return (await db.read(photo_uploads.received, SECRET, name)).kept


def report_with(name: str, area_id: UUID = RTS[0]) -> SaveReport:
    return SaveReport(clock.new_id(), clock.new_id(), area_id, clock.now(), Groups(photos=(name,)))


async def test_F6_a_photo_that_no_report_names_goes_after_30_days(database: Database) -> None:
    await database.write(city.build)
    old, young, named = [await keep(database, *photo) for photo in (("a", 31), ("b", 29), ("c", 31))]
    await send(database, clock.now(), report_with(named))
    assert await sweep_photos(database) == 1
    assert [await is_kept(database, name) for name in (old, young, named)] == [False, True, True]
    assert await sweep_photos(database) == 0


async def test_F6_a_photo_of_a_mutation_in_quarantine_stays_until_that_is_decided(database: Database) -> None:
    await database.write(city.build)
    name = await keep(database, "d", 31)
    [answer] = await exchange(database, job(clock.now(), report_with(name, UUID(int=404))))
    assert isinstance(answer, ExchangeResponse)
    assert answer.outcomes[0].outcome == "quarantined"
    assert await sweep_photos(database) == 0

    def discard(conn: Connection) -> Any:
        return conn.execute(update(Quarantined).values(decision="discarded"))

    await database.write(discard)
    assert await sweep_photos(database) == 1


async def test_F6_an_upload_without_an_end_goes_after_30_days(database: Database) -> None:
    await database.write(city.build)
    begun = clock.now() - PATIENCE
    for letter, at in (("e", begun - 1), ("f", begun + DAY)):
        await database.write(photo_uploads.append, SECRET, Chunk(letter * 64, 0, 9, b"four"), at)
    assert await sweep_photos(database) == 1
    received = [await database.read(photo_uploads.received, SECRET, letter * 64) for letter in "ef"]
    assert [upload.offset for upload in received] == [0, 4]


async def test_F6_the_oldest_of_too_many_uploads_of_one_phone_gives_way(database: Database) -> None:
    await database.write(city.build)
    names = [f"{number:064x}" for number in range(MOST_BEGUN + 1)]
    for at, name in enumerate(names):
        await database.write(photo_uploads.append, SECRET, Chunk(name, 0, 9, b"four"), at)
    received = [await database.read(photo_uploads.received, SECRET, name) for name in names]
    assert [upload.offset for upload in received] == [0] + [4] * MOST_BEGUN


async def test_F2_F5_a_revoked_phone_brings_its_photos_and_sees_none_until_it_is_wiped(database: Database) -> None:
    await database.write(city.build)
    name, chunk = await keep(database, "a", 0), Chunk("b" * 64, 0, 9, b"four")
    await send(database, clock.now(), report_with(name))
    assert await database.read(photos.for_phone, SECRET, name, clock.now()) == b"webp"

    def mark(conn: Connection, /, **at: int) -> Any:
        return conn.execute(update(Device).values(at))

    await database.write(mark, revoked_at=1)
    with pytest.raises(Refused, match=Code.device_revoked):
        await database.read(photos.for_phone, SECRET, name, clock.now())
    assert (await database.write(photo_uploads.append, SECRET, chunk, clock.now())).offset == 4
    await database.write(mark, wiped_at=2)
    with pytest.raises(Unauthorized):
        await database.write(photo_uploads.append, SECRET, chunk, clock.now())


async def test_F5_a_photo_is_not_shown_after_its_RT_moved_to_another_officer(database: Database) -> None:
    await database.write(city.build)
    name, now = await keep(database, "a", 0), clock.now()
    await send(database, now, report_with(name))

    def end_assignments(conn: Connection) -> Any:
        return conn.execute(update(Assignment).values(valid_to=now + 1000))

    await database.write(end_assignments)
    assert await database.read(photos.for_phone, SECRET, name, now) == b"webp"
    assert await database.read(photos.for_phone, SECRET, name, now + 1000) is None


async def test_F6_a_photo_finds_no_place_while_exchanges_wait_or_others_are_looked_at(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = ExchangeWriter(database, TERMS)
    with ExitStack() as places:
        for _ in range(8):
            places.enter_context(place(writer))
        with pytest.raises(Busy), place(writer):
            pass
    with place(writer):
        monkeypatch.setattr("server.store.writer.PRESSING", 0)
        with pytest.raises(Busy), place(writer):
            pass

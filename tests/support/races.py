"""Races on a real database, and how many lost them: none while the server is right, some when a lock is taken away.

Each writer is a phone of its own with a connection of its own, so that only the server's locks bring order.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import structs
from sqlalchemy import Connection, insert, select
from sqlmodel import col

from server.secrets import hashed
from server.store import sealing
from server.store.answers import answers
from server.store.engine import Database
from server.store.exchange import take
from server.store.lands import Lands
from server.tables.batches import BatchEntry
from server.tables.people import Device
from server.tables.reports import Version
from sync.protocol.exchange import Mutation
from tests.support.city import OFFICER, RTS, SCHEDULE, TERMS, job, nil, report

NOW: Final = 1_795_421_700_000  # 2026-11-23, 15:15 in Jakarta: Siang is due
BEFORE_THE_CLOSE: Final = NOW - 60 * 60_000
WRITERS: Final = 6
MUCH: Final = 15


def _secret(writer: int) -> bytes:
    return hashed(f"writer {writer}")


def _enrol(conn: Connection) -> None:
    if conn.execute(select(col(Device.device_id)).where(col(Device.secret_hash) == _secret(0))).first():
        return
    for writer in range(WRITERS):
        phone = {"device_id": UUID(int=70 + writer), "officer_id": OFFICER, "secret_hash": _secret(writer)}
        conn.execute(insert(Device).values(**phone, name="HP", enrolled_at=0, seen_at=0))


async def _bring(db: Database, writer: int, now: int, *mutations: Mutation) -> None:
    await db.write(take, [structs.replace(job(now, *mutations), secret_hash=_secret(writer))], SCHEDULE, Lands())


async def skipped(db: Database, each: int = 8) -> set[UUID]:
    """Writers race on both kelurahan, a reader follows with its cursor: the records that it never met (SPEC M16).

    Every other writer brings much at a time, so that its transaction lasts while others come and go.
    """
    await db.write(_enrol)
    sent: set[UUID] = set()
    met: set[UUID] = set()
    cursor = ""

    async def write(writer: int) -> None:
        for turn in range(each):
            filed = [nil(RTS[(writer + turn) % len(RTS)], NOW) for _ in range(MUCH if writer % 2 else 1)]
            await _bring(db, writer, NOW, *filed)
            sent.update(one.record_id for one in filed)

    async def follow() -> None:
        nonlocal cursor
        more = True
        while more:
            [answer] = await db.read(answers, [job(NOW, cursor=cursor)], TERMS, Lands())
            assert not isinstance(answer, Exception)
            met.update(change.record_id for change in answer.changes)
            cursor, more = answer.cursor, answer.more

    writing = asyncio.gather(*map(write, range(WRITERS)))
    while not writing.done():
        await follow()
        await asyncio.sleep(0)
    await writing
    await follow()
    assert len(sent) == WRITERS * each * (1 + MUCH) // 2
    return sent - met


async def race_the_sealers(db: Database, each: int = 10) -> None:
    """Writers bring reports for a window that is due while two sealers seal it; then all that is left is sealed."""
    await db.write(_enrol)

    async def write(writer: int) -> None:
        for turn in range(each):
            rt = RTS[writer % len(RTS)]
            await _bring(db, writer, NOW + turn, report(rt, BEFORE_THE_CLOSE), nil(rt, NOW))

    async def keep_sealing() -> None:
        while not writing.done():
            await _seal(db, NOW + each)
            await asyncio.sleep(0)

    writing = asyncio.gather(*map(write, range(WRITERS)))
    await asyncio.gather(writing, keep_sealing(), keep_sealing())
    await _seal(db, NOW + 24 * 60 * 60_000)


async def _seal(db: Database, now: int) -> None:
    while await db.write(sealing.seal_next, now, SCHEDULE, 0):
        continue


async def in_no_batch(db: Database) -> int:
    """How many versions no batch holds (SPEC B4); fails when one is in two."""

    def rows(conn: Connection) -> tuple[Sequence[tuple[UUID, int]], Sequence[tuple[UUID, int]]]:
        versions = conn.execute(select(col(Version.record_id), col(Version.version))).all()
        entries = conn.execute(select(col(BatchEntry.record_id), col(BatchEntry.version))).all()
        return [(row[0], row[1]) for row in versions], [(row[0], row[1]) for row in entries]

    versions, entries = await db.read(rows)
    assert max(Counter(entries).values(), default=1) == 1
    return len(set(versions) - set(entries))

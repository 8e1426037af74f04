"""A city of four RTs in two kelurahan, one officer with a phone for all of them, and a hand that captures."""

from itertools import count
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Connection, insert

from server import clock
from server.secrets import hashed
from server.store import batches
from server.store.answers import Answer, Terms, answers
from server.store.areas import add_areas
from server.store.engine import Database
from server.store.exchange import Job, Taken, take
from server.store.lands import Lands
from server.store.people import add_officer, assign
from server.tables.people import Device
from sync.batches.header import FIRST
from sync.batches.sealing import verify
from sync.errors import RondaError
from sync.intake import read
from sync.protocol.exchange import ExchangeResponse, FileNil, Mutation, SaveReport
from sync.protocol.records import Groups, Identity
from sync.windows import DAY, Schedule

SCHEDULE: Final = Schedule("Asia/Jakarta", (("pagi", "10:00"), ("siang", "15:00"), ("malam", "20:00")), 15)
TERMS: Final = Terms(SCHEDULE, 7 * DAY)
SECRET: Final = hashed("a phone")
OFFICER: Final = UUID(int=1)
KELURAHAN: Final = {"31.73.06.1001": "Semanan", "31.73.06.1002": "Tegal Alur"}

_NAMES: Final = UUID(int=7)
_numbers = count(1)


def area_id(code: str) -> UUID:
    return uuid5(_NAMES, code)


RTS: Final = [area_id(f"{kelurahan}/001/00{rt}") for kelurahan in KELURAHAN for rt in (1, 2)]


def build(conn: Connection) -> None:
    """Write the city, its officer and the officer's phone."""
    areas = [_area("31.73", "city", "Jakarta Barat"), _area("31.73.06", "kecamatan", "Kalideres", "31.73")]
    for kelurahan, name in KELURAHAN.items():
        rw = f"{kelurahan}/001"
        areas += [
            _area(kelurahan, "kelurahan", name, "31.73.06", kelurahan),
            _area(rw, "rw", "001", kelurahan, kelurahan),
        ]
        areas += [_area(f"{rw}/00{rt}", "rt", f"00{rt}", rw, kelurahan) for rt in (1, 2)]
    add_areas(conn, areas)
    add_officer(conn, OFFICER, "Pak Uji", "rw_head")
    for kelurahan in KELURAHAN:
        assign(conn, area_id(f"assignment {kelurahan}"), OFFICER, area_id(f"{kelurahan}/001"), 0)
    phone = {"device_id": UUID(int=2), "officer_id": OFFICER, "name": "HP", "secret_hash": SECRET}
    conn.execute(insert(Device).values(**phone, enrolled_at=0, seen_at=0))


def _area(code: str, level: str, name: str, parent: str = "", kelurahan: str = "") -> dict[str, Any]:
    return {
        "area_id": area_id(code),
        "code": code,
        "level": level,
        "name": name,
        "parent_id": area_id(parent) if parent else None,
        "feed_id": area_id(kelurahan) if kelurahan else None,
        "valid_from": 0,
        "valid_to": None,
    }


def report(rt: UUID, captured_at: int, name: str = "Maria Contoh") -> SaveReport:
    """A report begun."""
    new = clock.new_id()
    return SaveReport(new, new, rt, captured_at, Groups(identity=Identity(name)))


def edit(before: SaveReport, captured_at: int, name: str) -> SaveReport:
    """The report edited by one who knew it as `before`."""
    changes = Groups(identity=Identity(name))
    return SaveReport(clock.new_id(), before.record_id, before.area_id, captured_at, changes, before.changes)


def nil(rt: UUID, captured_at: int) -> FileNil:
    new = clock.new_id()
    return FileNil(new, new, rt, captured_at)


def job(now: int, *mutations: Mutation, cursor: str = "") -> Job:
    """One request of the phone, whose clock is right."""
    incoming = tuple(read(msgspec.json.encode(mutation)) for mutation in mutations)
    return Job(SECRET, now, now, cursor, incoming, tuple(next(_numbers).to_bytes(16) for _ in mutations))


async def exchange(db: Database, *jobs: Job, terms: Terms = TERMS) -> list[Answer]:
    """What the server does with requests that come together; the answers are read from their bytes, as a phone does."""
    taken = await db.write(take, jobs, terms.schedule, Lands())
    known = [one for one in taken if isinstance(one, Taken)]
    told = iter(await db.read(answers, known, terms, Lands()))
    return [_as_read(next(told)) if isinstance(one, Taken) else one for one in taken]


def _as_read(answer: Answer) -> Answer:
    if isinstance(answer, RondaError):
        return answer
    return msgspec.json.decode(msgspec.json.encode(answer), type=ExchangeResponse)


async def send(db: Database, now: int, *mutations: Mutation, cursor: str = "") -> ExchangeResponse:
    """Exchange once; all mutations must have been taken."""
    [answer] = await exchange(db, job(now, *mutations, cursor=cursor))
    assert isinstance(answer, ExchangeResponse), answer
    assert all(outcome.version for outcome in answer.outcomes), answer.outcomes
    return answer


async def assert_the_chain_is_sound(db: Database) -> None:
    """Each batch verifies and names the one before it (SPEC B2, B3)."""
    seq, previous = 1, FIRST
    while batch := await db.read(batches.at, seq):
        assert verify(batch, previous) == ()
        seq, previous = seq + 1, batch.hash
    assert seq > 1

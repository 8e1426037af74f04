"""What was kept instead of applied, on both databases: it can be asked for, released, discarded (SPEC M21)."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import Connection, insert, text

from server import clock, worker
from server.secrets import hashed
from server.store import conflicts, quarantine, rulings
from server.store.engine import Database
from server.store.people import add_officer, assign
from server.store.rulings import Judgement
from server.tables.people import Device
from sync.errors import Code, Refused, RondaError
from sync.intake import read
from sync.protocol.console import QuarantineView, Ruling
from sync.protocol.exchange import ExchangeResponse, Outcome, OutcomeKind, RemoveReport, Resolve
from sync.protocol.records import Groups
from tests.support.city import KELURAHAN, OFFICER, RTS, SCHEDULE, area_id, build, edit, exchange, job, nil, report

pytestmark = pytest.mark.anyio

NOW = 1_795_000_000_000
PHONE, ANOTHER, STRANGER, DESK = UUID(int=2), UUID(int=3), UUID(int=5), UUID(int=6)
CITY = area_id("31.73")


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def add_phone(conn: Connection, device_id: UUID, officer_id: UUID) -> None:
    row = {"device_id": device_id, "officer_id": officer_id, "name": "HP", "secret_hash": hashed(str(device_id))}
    conn.execute(insert(Device).values(**row, enrolled_at=0, seen_at=0))


async def test_M21_a_phone_is_told_what_became_of_its_officers_mutations_and_of_no_others(city: Database) -> None:
    await city.write(add_phone, ANOTHER, OFFICER)
    await city.write(add_officer, UUID(int=9), "Bu Lain", "rt_head")
    await city.write(add_phone, STRANGER, UUID(int=9))
    taken, foreign = nil(RTS[0], NOW), nil(UUID(int=404), NOW)
    await exchange(city, job(NOW, taken, foreign))
    asked = [taken.mutation_id, foreign.mutation_id, UUID(int=77)]
    for device_id in (PHONE, ANOTHER):
        told = await city.read(quarantine.told, device_id, asked)
        assert {id_: (it.outcome, it.code) for id_, it in told.items()} == {
            taken.mutation_id: (OutcomeKind.applied, None),
            foreign.mutation_id: (OutcomeKind.quarantined, Code.area_out_of_scope),
        }
    assert await city.read(quarantine.told, STRANGER, asked) == {}
    assert await city.read(quarantine.told, PHONE, []) == {}


def ruling(kept: QuarantineView, decision: Ruling, **changes: Any) -> Judgement:
    made = Judgement(
        mutation_id=kept.mutation_id,
        digest=bytes.fromhex(kept.digest),
        ruling=decision,
        reason="",
        user_id=DESK,
        area_id=CITY,
        everything=True,
        now=NOW + 60_000,
        salt=clock.new_salt(),
    )
    return structs.replace(made, **changes)


async def kept(db: Database, area_id: UUID = CITY, *, everything: bool = True) -> list[QuarantineView]:
    return await db.read(quarantine.waiting, area_id, everything=everything)


async def refusal(db: Database, judgement: Judgement) -> Code:
    with pytest.raises(Refused) as refused:
        await db.write(rulings.rule, judgement, SCHEDULE)
    return refused.value.code


async def rows(db: Database, query: str) -> list[tuple[Any, ...]]:
    def read(conn: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in conn.execute(text(query))]

    return await db.read(read)


async def deliver(db: Database, *mutations: Any, now: int = NOW) -> list[Outcome]:
    """What becomes of some mutations; bytes that are no mutation may be among them."""
    wanted = job(now)
    incoming = tuple(read(one if isinstance(one, bytes) else msgspec.json.encode(one)) for one in mutations)
    salts = tuple(clock.new_salt() for _ in incoming)
    [answer] = await exchange(db, structs.replace(wanted, incoming=incoming, salts=salts))
    assert isinstance(answer, ExchangeResponse), answer
    return list(answer.outcomes)


async def let_follow(db: Database) -> None:
    while await worker.follow_one(db, NOW + 60_001, SCHEDULE):
        pass


def lapse(conn: Connection) -> None:
    """The officer has no area any more, and never had when anything was captured."""
    conn.execute(text("update assignments set valid_to = 1"))


def restore(conn: Connection) -> None:
    conn.execute(text("update assignments set valid_to = null"))


async def test_M21_what_is_released_is_decided_as_its_authors_of_its_own_capture(city: Database) -> None:
    await city.write(lapse)
    filed = report(RTS[0], NOW - 86_400_000)
    [first] = await deliver(city, filed)
    assert first.code is Code.area_out_of_scope
    [waiting] = await kept(city)
    assert (waiting.author, waiting.device, waiting.code) == ("Pak Uji", "HP", Code.area_out_of_scope)
    assert waiting.area is not None
    assert (waiting.area.rt, waiting.area.kelurahan) == ("001", "Semanan")
    assert "Maria Contoh" in waiting.payload
    released = await city.write(rulings.rule, ruling(waiting, Ruling.release), SCHEDULE)
    assert (released.outcome, released.version, released.window) == (OutcomeKind.applied, 1, first.window)
    [version] = await rows(city, "select captured_at, received_at from versions")
    assert version == (NOW - 86_400_000, NOW + 60_000)
    told = await city.read(quarantine.told, PHONE, [filed.mutation_id])
    assert told[filed.mutation_id] == released
    [again] = await deliver(city, filed)
    assert (again.outcome, again.was, again.version) == (OutcomeKind.replayed, OutcomeKind.applied, 1)
    assert await kept(city) == []
    [decided] = await rows(city, "select decision, decided_at from quarantine")
    assert decided == ("released", NOW + 60_000)
    assert await refusal(city, ruling(waiting, Ruling.release)) is Code.decided_already
    assert await refusal(city, ruling(waiting, Ruling.discard, reason="x")) is Code.decided_already


async def test_M21_two_who_release_at_once_apply_it_once(city: Database) -> None:
    await city.write(lapse)
    await deliver(city, report(RTS[0], NOW))
    [waiting] = await kept(city)
    tried = await asyncio.gather(
        *(city.write(rulings.rule, ruling(waiting, Ruling.release), SCHEDULE) for _ in range(4)),
        return_exceptions=True,
    )
    codes = [one.code for one in tried if isinstance(one, RondaError | Outcome)]
    assert sorted(codes, key=str) == [None, *[Code.decided_already] * 3]
    assert await rows(city, "select count(*) from versions") == [(1,)]


async def test_M21_what_still_cannot_be_applied_is_refused_and_stays(city: Database) -> None:
    nowhere = nil(UUID(int=404), NOW)
    unread = msgspec.json.encode(msgspec.to_builtins(nil(RTS[0], NOW)) | {"kind": "dance"})
    gone = RemoveReport(clock.new_id(), clock.new_id(), RTS[0], NOW)
    await deliver(city, nowhere, unread, gone)
    before = await kept(city)
    codes = [Code.area_out_of_scope, Code.mutation_unreadable, Code.record_unknown]
    assert [one.code for one in before] == codes
    assert [await refusal(city, ruling(one, Ruling.release)) for one in before] == codes
    assert await kept(city) == before
    told = await city.read(quarantine.told, PHONE, [one.mutation_id for one in before])
    assert {one.outcome for one in told.values()} == {OutcomeKind.quarantined}


async def test_M21_a_discarded_mutation_is_rejected_with_its_reason_and_its_bytes_are_kept(city: Database) -> None:
    foreign = nil(UUID(int=404), NOW)
    await deliver(city, foreign)
    [waiting] = await kept(city)
    discarded = await city.write(rulings.rule, ruling(waiting, Ruling.discard, reason="Salah RT"), SCHEDULE)
    assert (discarded.outcome, discarded.code, discarded.reason) == (
        OutcomeKind.rejected,
        Code.discarded,
        "Salah RT",
    )
    told = await city.read(quarantine.told, PHONE, [foreign.mutation_id])
    assert told[foreign.mutation_id] == discarded
    [again] = await deliver(city, foreign)
    assert (again.outcome, again.was, again.code) == (OutcomeKind.replayed, OutcomeKind.rejected, Code.discarded)
    [kept_bytes] = await rows(city, "select payload from quarantine")
    assert bytes(kept_bytes[0]) == msgspec.json.encode(foreign)
    assert await kept(city) == []


@pytest.mark.parametrize("decision", [Ruling.release, Ruling.discard])
async def test_M4_M21_bytes_under_anothers_id_are_decided_under_their_own(city: Database, decision: Ruling) -> None:
    begun = report(RTS[0], NOW - 5)
    other = structs.replace(report(RTS[1], NOW - 4, "Somebody Else"), mutation_id=begun.mutation_id)
    await deliver(city, begun)
    [reused] = await deliver(city, other)
    assert reused.code is Code.mutation_id_reused
    [waiting] = await kept(city)
    judgement = ruling(waiting, decision, reason="Ganda")
    decided = await city.write(rulings.rule, judgement, SCHEDULE)
    own_id = UUID(bytes=bytes.fromhex(waiting.digest)[:16])
    assert decided.mutation_id == own_id
    told = await city.read(quarantine.told, PHONE, [begun.mutation_id, own_id])
    assert (told[begun.mutation_id].outcome, told[own_id]) == (OutcomeKind.applied, decided)
    assert await rows(city, "select count(*) from records") == [(2 if decision is Ruling.release else 1,)]


async def test_M21_a_lurah_decides_for_the_officers_of_the_kelurahan_and_within_it(city: Database) -> None:
    semanan, tegal_alur = (area_id(code) for code in KELURAHAN)
    await city.write(add_officer, UUID(int=9), "Bu Lain", "rw_head")
    await city.write(assign, UUID(int=10), UUID(int=9), area_id("31.73.06.1002/001"), 0)
    await city.write(add_phone, STRANGER, UUID(int=9))
    outside = structs.replace(job(NOW, nil(RTS[0], NOW)), secret_hash=hashed(str(STRANGER)))
    await exchange(city, outside)
    assert await kept(city, semanan, everything=False) == []
    [waiting] = await kept(city, tegal_alur, everything=False)
    assert {(area.kelurahan, area.rt) for area in waiting.areas} == {("Tegal Alur", "001"), ("Tegal Alur", "002")}
    foreign = ruling(waiting, Ruling.release, area_id=semanan, everything=False)
    assert await refusal(city, foreign) is Code.not_found
    # The officer is one of the lurah's, but what was written about is not the lurah's.
    too_far = ruling(waiting, Ruling.release, area_id=tegal_alur, everything=False)
    assert await refusal(city, too_far) is Code.area_out_of_scope
    above = ruling(waiting, Ruling.release, area_id=area_id("31.73.06"), everything=False)
    assert (await city.write(rulings.rule, above, SCHEDULE)).outcome is OutcomeKind.applied


async def test_M21_what_no_phone_wrote_is_for_an_admin(city: Database) -> None:
    resolution = Resolve(clock.new_id(), clock.new_id(), RTS[0], NOW, 1, (), Groups())
    arrived = conflicts.Decided(read(msgspec.json.encode(resolution)), DESK, CITY, NOW, clock.new_salt())
    assert (await city.write(conflicts.resolve, arrived, SCHEDULE)).code is Code.record_unknown
    assert await kept(city, CITY, everything=False) == []
    [waiting] = await kept(city)
    assert (waiting.device, waiting.areas) == ("", ())
    assert await refusal(city, ruling(waiting, Ruling.release)) is Code.record_unknown


async def test_M27_an_edit_waits_with_the_quarantined_capture_and_follows_it(city: Database) -> None:
    await city.write(lapse)
    begun = report(RTS[0], NOW - 3_000_000, "Ana Contoh")
    await deliver(city, begun)
    await city.write(restore)
    later = edit(begun, NOW - 2_000_000, "Bea Contoh")
    last = edit(later, NOW - 1_000_000, "Cai Contoh")
    other = report(RTS[1], NOW)
    codes = [one.code for one in await deliver(city, later, last, other, now=NOW + 1)]
    assert codes == [Code.record_quarantined, Code.record_quarantined, None]
    first, second, third = await kept(city)
    assert (first.follows, second.follows, third.follows) == (False, True, True)
    assert await refusal(city, ruling(second, Ruling.release)) is Code.record_quarantined
    await let_follow(city)
    assert len(await kept(city)) == 3
    await city.write(rulings.rule, ruling(first, Ruling.release), SCHEDULE)
    await let_follow(city)
    assert await kept(city) == []
    told = await city.read(quarantine.told, PHONE, [later.mutation_id, last.mutation_id])
    assert [told[one.mutation_id].version for one in (later, last)] == [2, 3]
    [record] = await rows(city, "select body from records where version = 3")
    assert "Cai Contoh" in record[0]
    assert await rows(city, "select count(distinct decided_by) from quarantine") == [(1,)]


async def test_M27_what_followed_a_discarded_capture_waits_for_a_decision_of_its_own(city: Database) -> None:
    begun = report(RTS[0], NOW - 9, "Ana Contoh")
    broken = msgspec.json.encode(msgspec.to_builtins(begun) | {"sparkle": 1})
    note = structs.replace(edit(begun, NOW - 8, ""), changes=Groups(note="x"), base=Groups(note=""))
    assert [one.code for one in await deliver(city, broken, note)] == [
        Code.mutation_unreadable,
        Code.record_quarantined,
    ]
    first, second = await kept(city)
    await city.write(rulings.rule, ruling(first, Ruling.discard, reason="Rusak"), SCHEDULE)
    await let_follow(city)
    assert [one.mutation_id for one in await kept(city)] == [second.mutation_id]
    released = await city.write(rulings.rule, ruling(second, Ruling.release), SCHEDULE)
    assert released.outcome is OutcomeKind.applied


async def test_M27_a_follower_that_cannot_be_applied_stays_with_its_reason(city: Database) -> None:
    await city.write(lapse)
    begun = report(RTS[0], NOW - 9, "Ana Contoh")
    await deliver(city, begun)
    await city.write(restore)
    moved = structs.replace(edit(begun, NOW - 8, "Bea Contoh"), area_id=RTS[1])
    await deliver(city, moved, now=NOW + 1)
    first, _ = await kept(city)
    await city.write(rulings.rule, ruling(first, Ruling.release), SCHEDULE)
    await let_follow(city)
    [left] = await kept(city)
    assert (left.code, left.follows) == (Code.area_fixed, False)
    told = await city.read(quarantine.told, PHONE, [moved.mutation_id])
    assert told[moved.mutation_id].code is Code.area_fixed


def test_M21_what_is_shown_of_bytes_hides_no_character() -> None:
    assert quarantine.legible(b'{"a":"x\\u202ey"}') == '{\n "a": "x\\u202ey"\n}'
    assert quarantine.legible(b"\xff\x00") == "\\xff\\u0000"

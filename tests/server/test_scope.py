"""Officers and their RTs when these change hands or end, on both databases (SPEC A1-A5)."""

from uuid import UUID

import msgspec
import pytest
from sqlalchemy import Connection, event, insert, update
from sqlmodel import col

from server.secrets import hashed
from server.store.devices import callers
from server.store.engine import Database
from server.store.people import add_officer, assign
from server.store.today import today
from server.tables.areas import Area, Feed, Succession
from server.tables.people import Assignment, Device
from sync.errors import Code
from sync.protocol.exchange import ExchangeResponse, Mutation, OutcomeKind
from tests.server.test_sealing import at, header, seal
from tests.support import city
from tests.support.city import RTS, SCHEDULE, area_id, edit, exchange, job, nil, report

pytestmark = pytest.mark.anyio

END = at("00:00", 24)
OLD = RTS[0]
EAST, WEST = UUID(int=101), UUID(int=102)
NEW_KELURAHAN, NEW_RW = UUID(int=111), UUID(int=112)
HEIR, STRANGER = "the phone of the east", "a phone of another RT"


@pytest.fixture
async def db(database: Database) -> Database:
    await database.write(city.build)
    await database.write(add_phone, HEIR, UUID(int=21))
    await database.write(add_phone, STRANGER, UUID(int=22))
    await database.write(assign, UUID(int=32), UUID(int=22), RTS[2], 0)
    return database


def add_phone(conn: Connection, secret: str, officer: UUID) -> None:
    add_officer(conn, officer, "Bu Uji", "rt_head")
    phone = {"device_id": officer, "officer_id": officer, "name": "HP", "secret_hash": hashed(secret)}
    conn.execute(insert(Device).values(**phone, enrolled_at=0, seen_at=0))


def divide(conn: Connection) -> None:
    """RT 001/001 of Semanan becomes two RTs of a new kelurahan on the 24th; the new phone has the eastern one."""
    conn.execute(insert(Feed).values(feed_id=NEW_KELURAHAN))
    for own, level, name, parent in (
        (NEW_KELURAHAN, "kelurahan", "Semanan Baru", area_id("31.73.06")),
        (NEW_RW, "rw", "001", NEW_KELURAHAN),
        (EAST, "rt", "001", NEW_RW),
        (WEST, "rt", "002", NEW_RW),
    ):
        row = {"area_id": own, "code": f"31.73.06.1009/{own.int}", "level": level, "name": name, "parent_id": parent}
        conn.execute(insert(Area).values(**row, feed_id=NEW_KELURAHAN, valid_from=END))
    conn.execute(update(Area).where(col(Area.area_id) == OLD).values(valid_to=END))
    conn.execute(insert(Succession), [{"area_id": OLD, "successor_id": own} for own in (EAST, WEST)])
    assign(conn, UUID(int=31), UUID(int=21), EAST, END)


async def say(db: Database, secret: str, now: int, *mutations: Mutation, cursor: str = "") -> ExchangeResponse:
    """Exchange as the phone of that secret."""
    asked = msgspec.structs.replace(job(now, *mutations, cursor=cursor), secret_hash=hashed(secret))
    [answer] = await exchange(db, asked)
    assert isinstance(answer, ExchangeResponse), answer
    return answer


def told(answer: ExchangeResponse) -> list[tuple[OutcomeKind, Code | None]]:
    return [(outcome.outcome, outcome.code) for outcome in answer.outcomes]


def records(answer: ExchangeResponse) -> set[UUID]:
    return {change.record_id for change in answer.changes}


APPLIED = (OutcomeKind.applied, None)
REFUSED = (OutcomeKind.quarantined, Code.area_out_of_scope)


async def test_A1_an_rt_that_changes_hands_is_read_by_today_and_written_by_the_capture(db: Database) -> None:
    before = report(RTS[2], at("08:00"))
    assert told(await say(db, STRANGER, at("08:00"), before)) == [APPLIED]

    def hand_over(conn: Connection) -> None:
        mine = update(Assignment).where(col(Assignment.officer_id) == UUID(int=22))
        conn.execute(mine.values(valid_to=END))
        assign(conn, UUID(int=33), UUID(int=21), RTS[2], END)

    await db.write(hand_over)
    waited, late = edit(before, END - 1, "Maria Lama"), edit(before, END + 1, "Maria Baru")
    answer = await say(db, STRANGER, END + 5, waited, late)
    assert told(answer) == [APPLIED, REFUSED]
    assert records(answer) == set()
    assert records(await say(db, HEIR, END - 1)) == set()
    assert records(await say(db, HEIR, END)) == {before.record_id}


async def test_A2_a_split_that_was_entered_before_its_day_changes_nothing_until_then(db: Database) -> None:
    await db.write(divide)
    early = await say(db, HEIR, END - 1, nil(EAST, END - 1))
    assert told(early) == [REFUSED]
    assert early.scope
    assert early.scope.areas == ()
    on_the_day = await say(db, HEIR, END, nil(EAST, END), cursor=early.cursor)
    assert told(on_the_day) == [APPLIED]
    assert on_the_day.scope
    assert [(area.area_id, area.ended) for area in on_the_day.scope.areas if not area.ended] == [(EAST, msgspec.UNSET)]


async def test_A3_the_officer_of_a_successor_reads_and_edits_the_records_before_it(db: Database) -> None:
    before, other = report(OLD, at("08:00")), report(RTS[1], at("08:00"))
    await city.send(db, at("08:00"), before, other)
    await db.write(divide)
    first = await say(db, HEIR, END)
    assert records(first) == {before.record_id}
    assert first.scope
    assert {area.area_id for area in first.scope.areas if area.ended is True} == {OLD}
    second = await say(db, HEIR, END + 1, edit(before, END + 1, "Maria Timur"), cursor=first.cursor)
    assert told(second) == [APPLIED]
    assert records(second) == {before.record_id}


async def test_A3_nothing_begins_in_an_rt_after_its_end(db: Database) -> None:
    filed = nil(OLD, at("08:00"))
    await city.send(db, at("08:00"), filed)
    await db.write(divide)
    again = msgspec.structs.replace(nil(OLD, END), record_id=filed.record_id)
    answer = await say(db, HEIR, END, report(OLD, END), nil(OLD, END), again, report(EAST, END))
    assert told(answer) == [REFUSED, REFUSED, REFUSED, APPLIED]
    late = await city.send(db, END + 9, report(OLD, END - 1))
    assert [outcome.outcome for outcome in late.outcomes] == [OutcomeKind.applied]


async def test_A3_records_are_followed_through_several_successions(db: Database) -> None:
    before = report(OLD, at("08:00"))
    await city.send(db, at("08:00"), before)
    await db.write(divide)
    then, newest = END + 1000, UUID(int=103)

    def divide_again(conn: Connection) -> None:
        row = {"area_id": newest, "code": "31.73.06.1009/9", "level": "rt", "name": "009", "parent_id": NEW_RW}
        conn.execute(insert(Area).values(**row, feed_id=NEW_KELURAHAN, valid_from=then))
        conn.execute(update(Area).where(col(Area.area_id) == EAST).values(valid_to=then))
        conn.execute(insert(Succession).values(area_id=EAST, successor_id=newest))
        assign(conn, UUID(int=34), UUID(int=21), newest, then)

    await db.write(divide_again)
    answer = await say(db, HEIR, then, edit(before, then, "Maria Ketiga"))
    assert told(answer) == [APPLIED]
    assert answer.scope
    assert {area.area_id for area in answer.scope.areas if area.ended is True} == {OLD, EAST}
    [caller] = (await db.read(callers, [hashed(HEIR)])).values()
    assert [land.span.area_id for land in caller.lands_at(then)] == sorted([OLD, EAST, newest])


async def test_A4_a_phone_starts_over_when_its_predecessors_change(db: Database) -> None:
    await db.write(divide)
    await db.write(assign, UUID(int=35), UUID(int=22), EAST, END)
    first = await say(db, STRANGER, END)
    assert not (await say(db, STRANGER, END, cursor=first.cursor)).resync
    await db.write(take_away)
    waiting = nil(RTS[2], END)
    answer = await say(db, STRANGER, END + 1, waiting, cursor=first.cursor)
    assert told(answer) == [APPLIED]
    assert answer.resync
    assert answer.scope
    assert OLD not in {area.area_id for area in answer.scope.areas}


def take_away(conn: Connection) -> None:
    """The officer's time in the successor ends, and with it what came before."""
    mine = (col(Assignment.officer_id) == UUID(int=22)) & (col(Assignment.area_id) == EAST)
    conn.execute(update(Assignment).where(mine).values(valid_to=END + 1))


async def counted(db: Database, now: int, area: UUID) -> list[tuple[int, int, int]]:
    view = await db.read(today, area, now, SCHEDULE)
    return [(window.areas, window.reported, window.nils) for window in view.windows]


async def test_A5_what_was_said_before_the_end_counts_for_all_successors(db: Database) -> None:
    await db.write(divide)
    await city.send(db, at("21:00"), nil(OLD, at("21:00")))
    assert (await counted(db, END, area_id("31.73")))[0] == (5, 2, 2)
    assert (await counted(db, END, NEW_KELURAHAN))[0] == (2, 2, 2)
    assert (await counted(db, END, area_id("31.73.06.1001")))[0] == (1, 0, 0)


async def test_A5_an_edit_after_the_end_counts_for_the_officers_own_successor(db: Database) -> None:
    before = report(OLD, at("08:00"))
    await city.send(db, at("08:00"), before)
    await db.write(divide)
    noon = at("12:00", 24)
    await say(db, HEIR, noon, edit(before, noon, "Maria Siang"))
    assert (await counted(db, noon, NEW_KELURAHAN))[1] == (2, 1, 0)


async def test_A5_batches_count_the_areas_of_their_window_and_each_report_once(db: Database) -> None:
    before = report(OLD, at("08:00"))
    await city.send(db, at("08:00"), before)
    await db.write(divide)
    await seal(db, at("20:15"))
    sealed = await header(db, "2026-11-23/pagi")
    assert [(total.name, total.rts, total.reported, total.reports) for total in sealed.kelurahan] == [
        ("Semanan", 2, 1, 1),
        ("Tegal Alur", 2, 0, 0),
    ]
    noon = at("12:00", 24)
    await say(db, HEIR, noon, edit(before, noon, "Maria Siang"))
    await seal(db, at("15:15", 24))
    assert await header(db, "2026-11-23/pagi") == sealed
    after = await header(db, "2026-11-24/siang")
    assert [(total.name, total.rts, total.reported, total.reports) for total in after.kelurahan] == [
        ("Semanan", 1, 0, 0),
        ("Tegal Alur", 2, 0, 0),
        ("Semanan Baru", 2, 1, 1),
    ]
    assert [(silent.rw, silent.rt) for silent in after.kelurahan[2].not_heard] == [("001", "002")]


async def test_A2_there_is_one_query_more_only_where_rts_have_predecessors(db: Database) -> None:
    def statements(conn: Connection, secret: str) -> int:
        ran: list[object] = []
        event.listen(conn, "before_execute", lambda *args: ran.append(args[1]))
        callers(conn, [hashed(secret)])
        return len(ran)

    assert await db.read(statements, "a phone") == 2
    await db.write(divide)
    assert await db.read(statements, "a phone") == 2
    assert await db.read(statements, HEIR) == 3

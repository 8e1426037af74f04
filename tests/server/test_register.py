"""Files of areas and officers, and a split, as an operator hands them in, on both databases (SPEC A1, A2)."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlmodel import col

from server import clock, register
from server.register import BadFile
from server.store import officers
from server.store.devices import callers
from server.store.engine import Database
from server.store.officers import Assigning, assign_area, import_officers
from server.store.register import import_areas
from server.store.splitting import Split, split_areas
from server.tables.areas import Area, Feed, Succession
from server.tables.people import Assignment, Device
from sync.errors import Refused
from tests.support import city
from tests.support.city import OFFICER, SECRET, area_id

pytestmark = pytest.mark.anyio

NOW = int(datetime.fromisoformat("2026-11-23T12:00+07:00").timestamp() * 1000)
DAY = int(datetime.fromisoformat("2026-12-01T00:00+07:00").timestamp() * 1000)

CITY = """code,level,name,parent_code
31.73,kota,Jakarta Barat,
31.73.01,kecamatan,Cengkareng,31.73
31.73.01.1004,kelurahan,Kapuk,31.73.01
31.73.01.1004/001,rw,001,31.73.01.1004
31.73.01.1004/001/001,rt,001,31.73.01.1004/001
31.73.01.1004/001/002,rt,002,31.73.01.1004/001
31.73.01.1004/002,rw,002,31.73.01.1004
31.73.01.1004/002/001,rt,001,31.73.01.1004/002
"""
HEADS = """name,role,area
Budi Contoh,rt_head,31.73.01.1004/001/001
Wati Contoh,rw_head,31.73.01.1004/002
"""
# Kapuk keeps RW 001 and its number; RW 002 becomes RW 001 of a new kelurahan, with its RT.
PLAN = """code,level,name,parent_code,before
31.73.01.1004,kelurahan,Kapuk,31.73.01,31.73.01.1004
31.73.01.1008,kelurahan,Kapuk Timur,31.73.01,31.73.01.1004
31.73.01.1004/001,rw,001,31.73.01.1004,31.73.01.1004/001
31.73.01.1008/001,rw,001,31.73.01.1008,31.73.01.1004/002
"""


@pytest.fixture
async def db(database: Database) -> Database:
    """A city of a file, with two officers."""
    await database.write(import_areas, register.areas(CITY.encode()), NOW, clock.new_id, True)
    await database.write(import_officers, register.officers(HEADS.encode()), NOW, clock.new_id, True)
    return database


def faults(parse: Callable[[bytes], object], text: str | bytes) -> list[str]:
    with pytest.raises(BadFile) as found:
        parse(text if isinstance(text, bytes) else text.encode())
    return [str(fault) for fault in found.value.faults]


def test_each_row_that_cannot_be_read_is_named_by_its_line() -> None:
    assert faults(register.areas, "code;level\n") == ["line 1: the columns must be code,level,name,parent_code"]
    assert faults(register.areas, "code,level,name,parent_code\n") == ["the file has no rows"]
    assert faults(register.areas, b"code,level,name,parent_code\n\xff,,,\n") == ["line 2: is not UTF-8"]
    rows = "code,level,name,parent_code\n1,kota,A\n2,town,B,1\n,rt,5,\n\n4,kota,\x07,\n"
    assert faults(register.areas, rows) == [
        "line 2: has 3 cells, not 4",
        "line 3: level must be one of kota, kecamatan, kelurahan, rw, rt",
        "line 4: code and name must be given",
        "line 4: parent_code must be given, except for the kota",
        "line 4: the name of an RT is its three digits, such as 005",
        "line 6: name is too long or has control characters",
    ]
    assert faults(register.areas, CITY + "31.73,kota,Jakarta Barat,\n") == ["line 10: repeats line 2: 31.73"]
    assert faults(register.officers, "name,role,area\n,chief,\n") == [
        "line 2: name and area must be given",
        "line 2: role must be one of rt_head, rw_head",
    ]


def test_columns_may_come_in_any_order_with_a_byte_order_mark() -> None:
    [row] = register.officers("\ufeffarea, role ,name\n1/1,rt_head,Budi Contoh\n".encode())
    assert (row.name, row.role, row.area, row.line) == ("Budi Contoh", "rt_head", "1/1", 2)


async def areas_of(db: Database) -> int:
    def count(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(Area)).scalar_one()

    return await db.read(count)


async def test_a_register_is_imported_whole_once_and_shows_what_differs(db: Database) -> None:
    again = await db.write(import_areas, register.areas(CITY.encode()), NOW, clock.new_id, True)
    assert (again.new, again.renamed, again.missing) == ((), (), ())
    later = CITY.replace("Cengkareng", "Cengkareng Baru").replace("/002/001,rt,001", "/002/002,rt,002")
    for apply in (False, True):
        difference = await db.write(import_areas, register.areas(later.encode()), NOW, clock.new_id, apply)
        assert [row.code for row in difference.new] == ["31.73.01.1004/002/002"]
        assert difference.renamed == (("31.73.01", "Cengkareng", "Cengkareng Baru"),)
        assert difference.missing == ("31.73.01.1004/002/001",)
        assert await areas_of(db) == 8 + apply


async def test_nothing_of_a_register_that_contradicts_itself_is_applied(db: Database) -> None:
    wrong = CITY + "31.73.01.1009,kelurahan,Baru,31.73.99\n31.73.01.1004/003,rw,003,31.73.01\n"
    wrong = wrong.replace("rt,002,31.73.01.1004/001", "rt,002,31.73.01.1004/002")
    with pytest.raises(BadFile) as found:
        await db.write(import_areas, register.areas(wrong.encode()), NOW, clock.new_id, True)
    assert [str(fault) for fault in found.value.faults] == [
        "line 7: 31.73.01.1004/001/002 lies elsewhere; an area does not move, it has a successor: ronda areas split",
        "line 10: 31.73.99 is no kecamatan",
        "line 11: 31.73.01 is no kelurahan",
    ]
    assert await areas_of(db) == 8


async def test_officers_are_added_once_and_only_with_an_area_of_their_role(db: Database) -> None:
    assert await db.write(import_officers, register.officers(HEADS.encode()), DAY, clock.new_id, True) == ()
    wrong = HEADS + "Sri Contoh,rt_head,31.73.01.1004/002\nEko Contoh,rt_head,nowhere\n"
    with pytest.raises(BadFile) as found:
        await db.write(import_officers, register.officers(wrong.encode()), NOW, clock.new_id, True)
    assert [str(fault) for fault in found.value.faults] == [
        "line 4: a rt_head has no rw, but an rt",
        "line 5: there is no area nowhere",
    ]
    names = [view.name for view in await db.read(officers.listed, None, NOW)]
    assert names == ["Budi Contoh", "Wati Contoh"]


async def plan(db: Database, text: str, apply: bool = True) -> Split:
    return await db.write(split_areas, register.split(text.encode()), DAY, clock.new_id, apply)


async def test_A2_a_split_gives_each_area_its_successor_and_each_new_kelurahan_a_feed(db: Database) -> None:
    assert (await plan(db, PLAN, False)).done is False
    assert await areas_of(db) == 8
    done = await plan(db, PLAN)
    assert set(done.successors) >= {
        ("31.73.01.1004/001/002", "31.73.01.1004/001/002"),
        ("31.73.01.1004/002/001", "31.73.01.1008/001/001"),
    }
    assert {(it.officer, it.before, it.after) for it in done.officers} == {
        ("Budi Contoh", "31.73.01.1004/001/001", ("31.73.01.1004/001/001",)),
        ("Wati Contoh", "31.73.01.1004/002", ("31.73.01.1008/001",)),
    }

    def look(conn: Connection) -> tuple[list[int], set[tuple[int, int | None]]]:
        counts = [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in (Feed, Succession)]
        kapuk = select(col(Area.valid_from), col(Area.valid_to)).where(col(Area.code) == "31.73.01.1004")
        strays = select(func.count()).select_from(Area).where(col(Area.valid_from) == DAY, col(Area.feed_id).is_(None))
        counts.append(conn.execute(strays).scalar_one())
        return counts, {(row[0], row[1]) for row in conn.execute(kapuk)}

    assert await db.read(look) == ([3, 7, 0], {(0, DAY), (DAY, None)})


async def test_A2_the_officers_of_an_area_that_ends_have_its_successors_from_that_instant_on(db: Database) -> None:
    await plan(db, PLAN)

    def add_phone(conn: Connection) -> None:
        [wati] = [view.officer_id for view in officers.listed(conn, None, NOW) if view.name.startswith("Wati")]
        phone = {"device_id": clock.new_id(), "officer_id": wati, "name": "HP", "secret_hash": SECRET}
        conn.execute(insert(Device).values(**phone, enrolled_at=0, seen_at=0))

    await db.write(add_phone)
    [caller] = (await db.read(callers, [SECRET])).values()
    [before] = caller.lands_at(DAY - 1)
    own, inherited = sorted(caller.lands_at(DAY), key=lambda land: land.span.inherited)
    assert inherited.span.area_id == before.span.area_id
    assert own.feed_id != inherited.feed_id
    assert inherited.span.inherited


async def test_A2_who_is_given_an_area_that_is_to_end_has_its_successors_from_then_on(db: Database) -> None:
    """A split may be entered months before its day, and officers change until then."""
    await plan(db, PLAN)
    rw, heir, rt = "31.73.01.1004/002", "31.73.01.1008/001", "31.73.01.1004/001/002"
    rows = f"name,role,area\nSri Contoh,rw_head,31.73.01.1004/001\nAyu Contoh,rt_head,{rt}\n"
    await db.write(import_officers, register.officers(rows.encode()), NOW, clock.new_id, True)

    async def ids() -> dict[str, UUID]:
        return {view.name.split()[0]: view.officer_id for view in await db.read(officers.listed, None, NOW)}

    async def held() -> dict[str, set[str]]:
        views = await db.read(officers.listed, None, DAY)
        return {view.name.split()[0]: {area.code for area in view.areas if area.valid_from == DAY} for view in views}

    before = await held()
    assert len(before["Ayu"]) == 1
    assert before["Wati"] == {heir}
    wanted = Assigning((await ids())["Sri"], rw, NOW, instead_of=(await ids())["Wati"])
    assert await db.write(assign_area, wanted, clock.new_id)
    assert not await db.write(assign_area, wanted, clock.new_id)
    assert heir in (await held())["Sri"]
    assert (await held())["Wati"] == set()
    for_a_while = Assigning((await ids())["Wati"], rw, NOW, until=DAY)
    assert await db.write(assign_area, for_a_while, clock.new_id)
    assert (await held())["Wati"] == set()


async def test_A2_the_same_plan_again_changes_nothing(db: Database) -> None:
    await plan(db, PLAN)
    count = await areas_of(db)
    assert (await plan(db, PLAN)).done
    assert await areas_of(db) == count


async def test_A2_an_rt_may_be_divided_alone_or_join_one_that_goes_on(db: Database) -> None:
    rw = "31.73.01.1004/001"
    text = (
        "code,level,name,parent_code,before\n"
        f"{rw}/003,rt,003,{rw},{rw}/001\n{rw}/004,rt,004,{rw},{rw}/001\n{rw}/004,rt,004,{rw},{rw}/002\n"
    )
    done = await plan(db, text)
    assert [it.after for it in done.officers] == [(f"{rw}/003", f"{rw}/004")]
    [joined] = (await db.write(split_areas, register.split(
        f"code,level,name,parent_code,before\n{rw}/004,rt,004,{rw},{rw}/003\n".encode()
    ), DAY + 1, clock.new_id, True)).successors  # fmt: skip
    assert joined == (f"{rw}/003", f"{rw}/004")


BAD_PLANS = {
    "31.73.01.1009,kelurahan,Baru,31.73.01,31.73.01.9999": "line 2: there is no area 31.73.01.9999 on that day",
    "31.73.01.1009,kelurahan,Baru,31.73.99,31.73.01.1004": "line 2: there is no kecamatan 31.73.99 from that day on",
    "31.73.02,kecamatan,Baru,31.73,31.73.01": "line 2: only kelurahan, rw, rt can be split",
    "31.73.01.1009,kelurahan,Baru,31.73.01,31.73.01.1004/001": "line 2: 31.73.01.1004/001 is a rw",
    "31.73.01.1004/001,rw,001,31.73.01.1004,": "line 2: 31.73.01.1004/001 exists already",
    "31.73.01.1004/001,rw,009,31.73.01.1004,31.73.01.1004/002": "line 2: 31.73.01.1004/001 goes on as rw 001",
    "a,kelurahan,A,31.73.01,31.73.01.1004\nb,kelurahan,B,31.73.01,31.73.01.1004": (
        "line 2: 31.73.01.1004/001 lies in 31.73.01.1004, which has several successors: name its own"
    ),
    "a,rt,001,31.73.01.1004/001,31.73.01.1004/001/001\na,rt,002,31.73.01.1004/001,31.73.01.1004/001/002": (
        "line 2: a is named twice, and not alike"
    ),
}


@pytest.mark.parametrize("rows", BAD_PLANS)
async def test_A2_nothing_of_a_plan_that_cannot_be_is_applied(db: Database, rows: str) -> None:
    with pytest.raises(BadFile) as found:
        await plan(db, f"code,level,name,parent_code,before\n{rows}\n")
    assert BAD_PLANS[rows] in [str(fault) for fault in found.value.faults]
    assert await areas_of(db) == 8


async def test_A1_an_rt_is_given_to_another_from_a_day_on_and_taken_from_who_had_it(database: Database) -> None:
    await database.write(city.build)
    await database.write(import_officers, register.officers(
        b"name,role,area\nSri Contoh,rt_head,31.73.06.1002/001/001\n"
    ), NOW, clock.new_id, True)  # fmt: skip
    [sri] = [view.officer_id for view in await database.read(officers.listed, None, NOW) if view.name[:3] == "Sri"]
    wanted = Assigning(sri, "31.73.06.1001/001", DAY, instead_of=OFFICER)
    assert await database.write(assign_area, wanted, clock.new_id)
    assert not await database.write(assign_area, wanted, clock.new_id)

    def of(conn: Connection) -> set[tuple[object, int, int | None]]:
        query = select(col(Assignment.officer_id), col(Assignment.valid_from), col(Assignment.valid_to))
        mine = query.where(col(Assignment.area_id) == area_id("31.73.06.1001/001"))
        return {(row[0], row[1], row[2]) for row in conn.execute(mine)}

    assert await database.read(of) == {(OFFICER, 0, DAY), (sri, DAY, None)}
    for wrong in (Assigning(sri, "nowhere", DAY), Assigning(OFFICER, "31.73.06.1002/001", DAY, instead_of=sri)):
        with pytest.raises(Refused):
            await database.write(assign_area, wrong, clock.new_id)

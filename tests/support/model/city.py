"""The small city of the model: two RTs below one RW, an RT of another kelurahan, four officers with five phones."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, insert, update
from sqlmodel import col

from server.secrets import hashed
from server.store.areas import add_areas
from server.store.people import add_officer, assign
from server.tables.areas import Area
from server.tables.people import Assignment, Device
from sync.windows import Schedule

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
START: Final = 1_795_399_200_000  # 2026-11-23, 09:00 in Jakarta
ENROLLED: Final = START - DAY
SCHEDULE: Final = Schedule("Asia/Jakarta", (("pagi", "10:00"), ("siang", "15:00"), ("malam", "20:00")), 15)

CITY, KECAMATAN, SEMANAN, TEGAL_ALUR, RW, FAR_RW = (UUID(int=number) for number in range(1, 7))
RTS: Final = tuple(UUID(int=number) for number in (11, 12, 13))
RT_1, RT_2, FAR_RT = RTS
BELOW: Final = {RW: (RT_1, RT_2), **{rt: (rt,) for rt in RTS}}

HEADS: Final = {"rt 1": (RT_1, "rt_head"), "rt 2": (RT_2, "rt_head"), "rw": (RW, "rw_head"), "far": (FAR_RT, "rt_head")}
OFFICERS: Final = tuple(HEADS)
# The officer of each phone; a city of two phones has the first two.
PHONES: Final = ("rt 1", "rw", "far", "rt 2", "rt 1")


def officer_id(name: str) -> UUID:
    return UUID(int=100 + OFFICERS.index(name))


def device_id(phone: int) -> UUID:
    return UUID(int=200 + phone)


def secret(phone: int) -> bytes:
    return hashed(f"phone {phone}")


def build(conn: Connection) -> None:
    """Write areas, officers and phones."""
    add_areas(conn, list(_areas()))
    for number, (name, (area_id, role)) in enumerate(HEADS.items()):
        add_officer(conn, officer_id(name), f"Pak {name}", role)
        assign(conn, UUID(int=300 + number), officer_id(name), area_id, 0)
    for phone, name in enumerate(PHONES):
        row = {"device_id": device_id(phone), "officer_id": officer_id(name), "secret_hash": secret(phone)}
        conn.execute(insert(Device).values(**row, name="HP", enrolled_at=ENROLLED, seen_at=ENROLLED))


def _areas() -> Any:
    for area_id, level, name, parent_id, feed_id in (
        (CITY, "city", "Jakarta Barat", None, None),
        (KECAMATAN, "kecamatan", "Kalideres", CITY, None),
        (SEMANAN, "kelurahan", "Semanan", KECAMATAN, SEMANAN),
        (TEGAL_ALUR, "kelurahan", "Tegal Alur", KECAMATAN, TEGAL_ALUR),
        (RW, "rw", "001", SEMANAN, SEMANAN),
        (FAR_RW, "rw", "001", TEGAL_ALUR, TEGAL_ALUR),
        (RT_1, "rt", "001", RW, SEMANAN),
        (RT_2, "rt", "002", RW, SEMANAN),
        (FAR_RT, "rt", "001", FAR_RW, TEGAL_ALUR),
    ):
        names = {"area_id": area_id, "code": f"31.73.{area_id.int}", "level": level, "name": name}
        yield names | {"parent_id": parent_id, "feed_id": feed_id, "valid_from": 0, "valid_to": None}


def move(conn: Connection, assignment_id: UUID, rt: UUID, officer: str, now: int) -> None:
    """An RT gets another head; the head of its RW stays."""
    ends = update(Assignment).where(col(Assignment.area_id) == rt, col(Assignment.valid_to).is_(None))
    conn.execute(ends.values(valid_to=now))
    assign(conn, assignment_id, officer_id(officer), rt, now)


def end(conn: Connection, rt: UUID, instant: int) -> None:
    """An RT ends at an instant to come."""
    conn.execute(update(Area).where(col(Area.area_id) == rt).values(valid_to=instant))

"""The town of the run: eighteen RTs in three kelurahan, their heads with several phones each, and one desk.

Written with Ronda's own commands of the store, before anything is faulty.
"""

from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Connection

from server import clock
from server.secrets import hash_password, hashed, new_code, plain_code
from server.store.areas import add_areas
from server.store.devices import add_code
from server.store.people import add_officer, add_person, assign

KELURAHAN: Final = {"31.73.06.1001": "Semanan", "31.73.06.1002": "Tegal Alur", "31.73.06.1003": "Kamal"}
RWS: Final = ("001", "002")
RTS: Final = ("001", "002", "003")
PHONES_OF_RT_HEAD: Final = 3
PHONES_OF_RW_HEAD: Final = 2
USERNAME: Final = "meja"
PASSWORD: Final = "contoh-kata-sandi"
LIFE: Final = 24 * 3_600_000

_NAMES: Final = UUID(int=31_73)


def area_id(code: str) -> UUID:
    return uuid5(_NAMES, code)


def build(conn: Connection) -> list[tuple[str, list[str]]]:
    """Write the town; returns an enrolment code for each phone, with the ids of the RTs that its officer has."""
    areas = [_area("31.73", "city", "Jakarta Barat"), _area("31.73.06", "kecamatan", "Kalideres", "31.73")]
    posts: list[tuple[str, str, int]] = []
    for kelurahan, name in KELURAHAN.items():
        areas.append(_area(kelurahan, "kelurahan", name, "31.73.06", kelurahan))
        for rw in (f"{kelurahan}/{number}" for number in RWS):
            areas.append(_area(rw, "rw", rw[-3:], kelurahan, kelurahan))
            areas += [_area(f"{rw}/{rt}", "rt", rt, rw, kelurahan) for rt in RTS]
            posts.append((rw, "rw_head", PHONES_OF_RW_HEAD))
            posts += [(f"{rw}/{rt}", "rt_head", PHONES_OF_RT_HEAD) for rt in RTS]
    add_areas(conn, areas)
    _add_desk(conn)
    return [enrolment for post in posts for enrolment in _codes(conn, *post)]


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


def _codes(conn: Connection, code: str, role: str, phones: int) -> list[tuple[str, list[str]]]:
    officer_id = area_id(f"officer {code}")
    add_officer(conn, officer_id, "Pak Contoh", role)
    assign(conn, area_id(f"assignment {code}"), officer_id, area_id(code), 0)
    own = [code] if role == "rt_head" else [f"{code}/{rt}" for rt in RTS]
    found = []
    for _ in range(phones):
        secret = new_code()
        add_code(conn, hashed(plain_code(secret)), officer_id, clock.now() + LIFE)
        found.append((secret, [str(area_id(rt)) for rt in own]))
    return found


def _add_desk(conn: Connection) -> None:
    row = {"user_id": area_id("desk"), "username": USERNAME, "name": "Bu Contoh", "role": "admin"}
    add_person(conn, row | {"area_id": area_id("31.73"), "password_hash": hash_password(PASSWORD)})

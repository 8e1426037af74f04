"""Fills a database with the demo. Doing it again adds only what is missing, and a fresh code for each that was used.

It must never write to a city's database: `seed` refuses one whose areas are not the demo's.
"""

from itertools import count
from typing import Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from server import clock
from server.demo.cast import APPLICATIONS, OFFICERS, USERS, DemoApplication, DemoOfficer, DemoUser
from server.demo.keys import Keys
from server.demo.tree import NAMESPACE, area_id, read_tree
from server.secrets import hash_password, hashed, plain_code
from server.store import applications, demo
from server.store.applications import Booking
from server.store.areas import add_areas
from server.store.demo import CodeStanding
from server.store.devices import add_code
from server.store.engine import Database
from server.store.people import add_person
from server.workdays import Today, days_off
from sync.windows import local_day

DAY: Final = 24 * 3_600 * 1_000
CODE_LIFE: Final = 30 * DAY
BOOKED_BEFORE: Final = 14 * DAY


class NotADemo(Exception):
    """The database belongs to somebody: it holds areas, and not those of the demo."""


class Seeded(Struct, frozen=True):
    """The secrets to show: enrolment codes by the officer's name, passwords by username, link tokens by number."""

    codes: dict[str, str]
    passwords: dict[str, str]
    links: dict[str, str]


async def seed(db: Database, keys: Keys, timezone: str) -> Seeded:
    """Add what is missing of the demo. Raises NotADemo."""
    known = await db.read(demo.known)
    await _areas(db, known.areas)
    for officer in OFFICERS:
        if _id(officer.name) not in known.officers:
            await _officer(db, officer)
    for user in USERS:
        if user.username not in known.usernames:
            await _user(db, user, keys.password(user.username))
    for application in APPLICATIONS:
        if application.number not in known.numbers:
            await _application(db, application, keys.link_token(application.number), timezone)
    return Seeded(
        codes={officer.name: await _usable_code(db, keys, officer.name) for officer in OFFICERS},
        passwords={user.username: keys.password(user.username) for user in USERS},
        links={application.number: keys.link_token(application.number) for application in APPLICATIONS},
    )


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE, f"person/{name}")


async def _areas(db: Database, present: int) -> None:
    rows = [msgspec.structs.asdict(area) | {"valid_from": 0, "valid_to": None} for area in read_tree()]
    if present == 0:
        await db.write(add_areas, rows)
    elif present != len(rows):
        raise NotADemo(f"the database holds {present} areas, which are not the demo's {len(rows)}")


async def _officer(db: Database, officer: DemoOfficer) -> None:
    row = {"officer_id": _id(officer.name), "name": officer.name, "role": officer.role}
    assignment_id = _id(f"{officer.name}/{officer.area}")
    await db.write(demo.add_assigned_officer, row, assignment_id, area_id(officer.area))


async def _user(db: Database, user: DemoUser, password: str) -> None:
    row = {
        "user_id": _id(user.username),
        "username": user.username,
        "name": user.name,
        "role": user.role,
        "area_id": area_id(user.area),
        "password_hash": hash_password(password),
    }
    await db.write(add_person, row)


async def _application(db: Database, made: DemoApplication, token: str, timezone: str) -> None:
    now = clock.now()
    own = _id(made.number)
    visit_on = _today(now + made.visit_in * DAY, timezone).day
    booking = Booking(own, made.number, made.name, made.service, visit_on, hashed(token))
    await db.write(applications.book, booking, _today(now - BOOKED_BEFORE, timezone))
    for event in made.events:
        day = _today(now - event.days_ago * DAY, timezone)
        await db.write(applications.move, own, event.event, event.reason, day, clock.new_id)


def _today(instant: int, timezone: str) -> Today:
    return Today(instant, local_day(instant, timezone), days_off())


async def _usable_code(db: Database, keys: Keys, officer: str) -> str:
    """The officer's first code that can still be used; a new one when all were used."""
    for issue in count():
        code = keys.code(officer, issue)
        code_hash = hashed(plain_code(code))
        standing = await db.read(demo.code_standing, code_hash, clock.now())
        if standing is CodeStanding.spent:
            continue
        if standing is CodeStanding.unknown:
            await db.write(add_code, code_hash, _id(officer), clock.now() + CODE_LIFE)
        return code
    raise AssertionError("there is always a next issue")

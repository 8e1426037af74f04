"""An applicant, a counter and browsers that want to be told, by the functions of the store."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlmodel import col

from server import clock
from server.secrets import hashed
from server.store.applications import Booking, book, move
from server.store.engine import Database
from server.store.notifications import DuePush, claim, subscribe
from server.tables.passports import Notification, Push, Subscription
from server.workdays import Today
from sync.protocol.passports import Event, Locale, Service, SubscriptionRequest

NOW = 1_800_000_000_000
TODAY = Today(NOW, date(2027, 1, 15), frozenset())
LINK = hashed("secret of the link")
NUMBER = "3173000000000001"
LEASE = 30_000
TO_READY = (Event.attend, Event.pay, Event.process, Event.finish)


def booking(number: str = NUMBER, link: bytes = LINK) -> Booking:
    return Booking(clock.new_id(), number, "Contoh Pemohon", Service.regular, date(2027, 1, 15), link)


async def booked(db: Database, number: str = NUMBER, link: bytes = LINK) -> UUID:
    new = booking(number, link)
    await db.write(book, new, TODAY)
    return new.application_id


async def happen(db: Database, application_id: UUID, *events: Event) -> None:
    for event in events:
        await db.write(move, application_id, event, "", TODAY, clock.new_id)


async def follow(db: Database, endpoint: str = "https://push.example.org/1", link: bytes = LINK) -> None:
    await db.write(subscribe, link, wish(endpoint), "https://push.example.org", clock.new_id(), NOW)


def wish(endpoint: str, p256dh: str = "key", locale: Locale = Locale.id) -> SubscriptionRequest:
    return SubscriptionRequest(endpoint, p256dh, "auth", locale)


async def due(db: Database, now: int = NOW, most: int = 32) -> list[DuePush]:
    return await db.write(claim, clock.new_id(), now, LEASE, most)


def states(conn: Connection) -> list[str]:
    return list(conn.execute(select(col(Push.state)).order_by(col(Push.push_id))).scalars())


def count(table: type[Notification] | type[Push] | type[Subscription]) -> Callable[[Connection], int]:
    return lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one()


async def announced(db: Database) -> None:
    application_id = await booked(db)
    await follow(db)
    await happen(db, application_id, *TO_READY)

"""Officers and console users: accounts, sessions, and the areas that they may see."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import col

from server.tables.areas import Area
from server.tables.people import Assignment, ConsoleSession, ConsoleUser, Officer


class Person(Struct, frozen=True):
    """A console user, with the area that bounds what they see."""

    user_id: UUID
    username: str
    name: str
    role: str
    area_id: UUID
    area: str
    password_hash: str


def person_named(conn: Connection, username: str) -> Person | None:
    """The console user of a username."""
    return _person(conn, col(ConsoleUser.username) == username)


def person_of_session(conn: Connection, token_hash: bytes, now: int) -> Person | None:
    """The console user of a session that has not ended."""
    query = select(col(ConsoleSession.user_id)).where(
        col(ConsoleSession.token_hash) == token_hash, col(ConsoleSession.expires_at) > now
    )
    user_id = conn.execute(query).scalar_one_or_none()
    return _person(conn, col(ConsoleUser.user_id) == user_id) if user_id else None


_PERSON: Final = select(
    col(ConsoleUser.user_id),
    col(ConsoleUser.username),
    col(ConsoleUser.name),
    col(ConsoleUser.role),
    col(ConsoleUser.area_id),
    col(Area.name),
    col(ConsoleUser.password_hash),
).join(Area, col(Area.area_id) == col(ConsoleUser.area_id))


def _person(conn: Connection, condition: Any) -> Person | None:
    row: Any = conn.execute(_PERSON.where(condition)).first()
    return Person(*row) if row else None


def open_session(conn: Connection, token_hash: bytes, user_id: UUID, now: int, expires_at: int) -> None:
    """Begin a session, and forget those that have ended."""
    conn.execute(delete(ConsoleSession).where(col(ConsoleSession.expires_at) <= now))
    conn.execute(insert(ConsoleSession).values(token_hash=token_hash, user_id=user_id, expires_at=expires_at))


def close_session(conn: Connection, token_hash: bytes) -> None:
    conn.execute(delete(ConsoleSession).where(col(ConsoleSession.token_hash) == token_hash))


def add_person(conn: Connection, values: Mapping[str, Any]) -> None:
    """Add a console user; `values` are the columns of the table."""
    conn.execute(insert(ConsoleUser).values(values))


def change_person(conn: Connection, username: str, values: Mapping[str, Any]) -> bool:
    """Give a console user other values of the table's columns and end their sessions; False if there is none."""
    person = person_named(conn, username)
    if person is None:
        return False
    conn.execute(update(ConsoleUser).where(col(ConsoleUser.user_id) == person.user_id).values(values))
    conn.execute(delete(ConsoleSession).where(col(ConsoleSession.user_id) == person.user_id))
    return True


def persons(conn: Connection) -> list[Person]:
    """The console users, by their usernames."""
    rows: Any = conn.execute(_PERSON.order_by(col(ConsoleUser.username)))
    return [Person(*row) for row in rows]


def add_officer(conn: Connection, officer_id: UUID, name: str, role: str) -> None:
    conn.execute(insert(Officer).values(officer_id=officer_id, name=name, role=role))


def assign(conn: Connection, assignment_id: UUID, officer_id: UUID, area_id: UUID, valid_from: int) -> None:
    """Give an officer an area, from an instant on."""
    row = {"assignment_id": assignment_id, "officer_id": officer_id, "area_id": area_id, "valid_from": valid_from}
    conn.execute(insert(Assignment).values(row))


def officers_named(conn: Connection, name: str) -> list[tuple[UUID, str, str]]:
    """Officers whose name or id begins with some text: id, name, role."""
    query = select(col(Officer.officer_id), col(Officer.name), col(Officer.role)).order_by(col(Officer.name))
    rows: Any = conn.execute(query).all()
    found = [(row[0], row[1], row[2]) for row in rows]
    return [row for row in found if row[1].lower().startswith(name.lower()) or str(row[0]).startswith(name.lower())]

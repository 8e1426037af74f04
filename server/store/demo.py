"""What the demo asks before it adds something, so that seeding twice is seeding once."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, func, select
from sqlmodel import col

from server.store.people import add_officer, assign
from server.tables.areas import Area
from server.tables.passports import Application
from server.tables.people import ConsoleUser, EnrolmentCode, Officer


class Known(Struct, frozen=True):
    """What is there already: how many areas, which officers, usernames and nomor permohonan."""

    areas: int
    officers: frozenset[UUID]
    usernames: frozenset[str]
    numbers: frozenset[str]


class CodeStanding(StrEnum):
    """What became of an enrolment code; a spent one was used or has expired."""

    unknown = "unknown"
    usable = "usable"
    spent = "spent"


def known(conn: Connection) -> Known:
    """What is there already."""
    return Known(
        areas=conn.execute(select(func.count()).select_from(Area)).scalar_one(),
        officers=frozenset(conn.execute(select(col(Officer.officer_id))).scalars()),
        usernames=frozenset(conn.execute(select(col(ConsoleUser.username))).scalars()),
        numbers=frozenset(conn.execute(select(col(Application.number))).scalars()),
    )


def add_assigned_officer(conn: Connection, officer: Mapping[str, Any], assignment_id: UUID, area_id: UUID) -> None:
    """Add an officer (officer_id, name, role) who has had an area from the beginning of time."""
    add_officer(conn, officer["officer_id"], officer["name"], officer["role"])
    assign(conn, assignment_id, officer["officer_id"], area_id, 0)


def code_standing(conn: Connection, code_hash: bytes, now: int) -> CodeStanding:
    """What became of the code with this hash."""
    query = select(col(EnrolmentCode.device_id), col(EnrolmentCode.expires_at))
    row = conn.execute(query.where(col(EnrolmentCode.code_hash) == code_hash)).first()
    if row is None:
        return CodeStanding.unknown
    return CodeStanding.usable if row.device_id is None and now < row.expires_at else CodeStanding.spent

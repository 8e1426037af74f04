"""Officers and their assignments (SPEC A1): a file of them, one at a time, and the list."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlmodel import col

from server.register import BadFile, Fault, OfficerRow
from server.store.areas import below
from server.store.people import add_officer
from server.store.register import NewId, Stored, stored_at
from server.store.successions import successors
from server.tables.areas import Area
from server.tables.people import Assignment, Device, Officer
from sync.errors import Code, Refused
from sync.protocol.exchange import OfficerRole

LEVEL_OF = {OfficerRole.rt_head.value: "rt", OfficerRole.rw_head.value: "rw"}


class Held(Struct, frozen=True):
    """An area that an officer has, with the instants between which it is theirs."""

    code: str
    valid_from: int
    valid_to: int | None


class OfficerView(Struct, frozen=True):
    """An officer with the areas that are theirs now or will be, and how many phones they have."""

    officer_id: UUID
    name: str
    role: str
    areas: tuple[Held, ...]
    phones: int


class Assigning(Struct, frozen=True):
    """An area for an officer from an instant on; `instead_of` is the officer who gives it up then."""

    officer_id: UUID
    area: str
    since: int
    until: int | None = None
    instead_of: UUID | None = None


def import_officers(
    conn: Connection, rows: Sequence[OfficerRow], since: int, new_id: NewId, apply: bool
) -> tuple[OfficerRow, ...]:
    """Add the officers that are missing, each with their area from an instant on; returns their rows.

    An officer of that name who has the area already, or will, is the same. Raises BadFile.
    """
    areas = stored_at(conn, since)
    faults = [Fault(row.line, message) for row in rows if (message := _contradiction(row, areas))]
    if faults:
        raise BadFile(faults)
    lasting = or_(col(Assignment.valid_to).is_(None), col(Assignment.valid_to) > since)
    query = select(col(Officer.name), col(Assignment.area_id)).join(
        Assignment, and_(col(Assignment.officer_id) == col(Officer.officer_id), lasting)
    )
    known = {(row.name, row.area_id) for row in conn.execute(query)}
    new = tuple(row for row in rows if (row.name, areas[row.area].area_id) not in known)
    for row in new if apply else ():
        officer_id = new_id()
        add_officer(conn, officer_id, row.name, row.role)
        for area_id, begins in _line(conn, areas[row.area], since).items():
            _assign(conn, new_id(), officer_id, area_id, begins, None)
    return new


def _contradiction(row: OfficerRow, areas: dict[str, Stored]) -> str:
    area = areas.get(row.area)
    if area is None:
        return f"there is no area {row.area}"
    return "" if area.level == LEVEL_OF[row.role] else f"a {row.role} has no {area.level}, but an {LEVEL_OF[row.role]}"


def assign_area(conn: Connection, wanted: Assigning, new_id: NewId) -> bool:
    """Give an officer an RT or RW, and what comes after it; False when they had it so already. Raises Refused."""
    area = stored_at(conn, wanted.since).get(wanted.area)
    if area is None or area.level not in LEVEL_OF.values():
        raise Refused(Code.not_found, f"there is no RT or RW {wanted.area} on that day")
    line = _line(conn, area, wanted.since)
    if wanted.instead_of is not None:
        _give_up(conn, wanted.instead_of, area, line)
    theirs = {area_id: since for area_id, since in line.items() if wanted.until is None or since < wanted.until}
    missing = [area_id for area_id, since in theirs.items() if not _has(conn, wanted, area_id, since)]
    for area_id in missing:
        _assign(conn, new_id(), wanted.officer_id, area_id, theirs[area_id], wanted.until)
    return bool(missing)


def _line(conn: Connection, area: Stored, since: int) -> dict[UUID, int]:
    """An area from an instant on, and those that come after it, each with its first instant: whoever has an area that
    is to end has its successors from then on (SPEC A2)."""
    after = successors(conn, area.area_id)
    return {area.area_id: since} | {area_id: max(since, begins) for area_id, begins in after.items()}


def _has(conn: Connection, wanted: Assigning, area_id: UUID, since: int) -> bool:
    same = and_(
        col(Assignment.officer_id) == wanted.officer_id,
        col(Assignment.area_id) == area_id,
        col(Assignment.valid_from) <= since,
        col(Assignment.valid_to).is_(None) if wanted.until is None else col(Assignment.valid_to) == wanted.until,
    )
    return conn.execute(select(col(Assignment.assignment_id)).where(same)).first() is not None


def _give_up(conn: Connection, officer_id: UUID, area: Stored, line: dict[UUID, int]) -> None:
    """End what an officer has of an area and of those after it. Raises Refused if they do not have the area."""
    query = select(col(Assignment.assignment_id), col(Assignment.area_id), col(Assignment.valid_from)).where(
        col(Assignment.officer_id) == officer_id,
        col(Assignment.area_id).in_(line),
        or_(col(Assignment.valid_to).is_(None), col(Assignment.valid_to) >= line[area.area_id]),
    )
    held = conn.execute(query).all()
    if area.area_id not in {row.area_id for row in held}:
        raise Refused(Code.not_found, f"that officer does not have {area.code} then")
    for row in held:
        mine = update(Assignment).where(col(Assignment.assignment_id) == row.assignment_id)
        conn.execute(mine.values(valid_to=max(line[row.area_id], row.valid_from)))


def _assign(
    conn: Connection, assignment_id: UUID, officer_id: UUID, area_id: UUID, since: int, until: int | None
) -> None:
    row = {"assignment_id": assignment_id, "officer_id": officer_id, "area_id": area_id}
    conn.execute(insert(Assignment).values(**row, valid_from=since, valid_to=until))


def listed(conn: Connection, area_id: UUID | None, now: int) -> list[OfficerView]:
    """The officers of an area, or all, with what is theirs from now on."""
    query = select(col(Officer.officer_id), col(Officer.name), col(Officer.role)).order_by(col(Officer.name))
    if area_id is not None:
        mine = select(col(Assignment.officer_id)).where(col(Assignment.area_id).in_(below(area_id)))
        query = query.where(col(Officer.officer_id).in_(mine))
    areas, phones = _areas(conn, now), _phones(conn)
    return [
        OfficerView(row.officer_id, row.name, row.role, tuple(areas[row.officer_id]), phones.get(row.officer_id, 0))
        for row in conn.execute(query)
    ]


def _areas(conn: Connection, now: int) -> dict[UUID, list[Held]]:
    lasting = or_(col(Assignment.valid_to).is_(None), col(Assignment.valid_to) > now)
    query = (
        select(col(Assignment.officer_id), col(Area.code), col(Assignment.valid_from), col(Assignment.valid_to))
        .join(Area, col(Area.area_id) == col(Assignment.area_id))
        .where(lasting)
        .order_by(col(Assignment.valid_from), col(Area.code))
    )
    found: dict[UUID, list[Held]] = defaultdict(list)
    for row in conn.execute(query):
        found[row.officer_id].append(Held(row.code, row.valid_from, row.valid_to))
    return found


def _phones(conn: Connection) -> dict[UUID, int]:
    living = col(Device.revoked_at).is_(None)
    query = select(col(Device.officer_id), func.count().label("phones")).where(living).group_by(col(Device.officer_id))
    return {row.officer_id: row.phones for row in conn.execute(query)}

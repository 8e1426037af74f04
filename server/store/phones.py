"""Officers' phones as people at desks see them: the list, a revocation, a code for a new one (SPEC D1, D2, D4)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, exists, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.store.areas import below
from server.store.devices import add_code
from server.tables.areas import Area as AreaRow
from server.tables.people import Assignment, Device, Officer
from sync.errors import Code, Unknown
from sync.protocol.console import OfficerPhones, PhoneStanding, PhoneView
from sync.protocol.exchange import Area, OfficerRole


def listed(conn: Connection, area_id: UUID, now: int) -> list[OfficerPhones]:
    """The officers of an area by their names, each with the areas that are theirs and the phones."""
    query = select(col(Officer.officer_id), col(Officer.name), col(Officer.role)).where(_within(area_id, now))
    areas, phones = _areas(conn, now), _phones(conn)
    return [
        OfficerPhones(
            row.officer_id,
            row.name,
            OfficerRole(row.role),
            tuple(areas.get(row.officer_id, ())),
            tuple(phones.get(row.officer_id, ())),
        )
        for row in conn.execute(query.order_by(col(Officer.name), col(Officer.officer_id)))
    ]


def revoke(conn: Connection, device_id: UUID, area_id: UUID, now: int) -> PhoneView:
    """Revoke a phone of an officer of an area; again changes nothing. Raises Unknown (SPEC D1)."""
    mine = select(col(Device.device_id)).join(Officer, col(Officer.officer_id) == col(Device.officer_id))
    if conn.execute(mine.where(col(Device.device_id) == device_id, _within(area_id, now))).first() is None:
        raise Unknown(Code.not_found)
    trusted = and_(col(Device.device_id) == device_id, col(Device.revoked_at).is_(None))
    conn.execute(update(Device).where(trusted).values(revoked_at=now))
    return _view(conn.execute(select(Device).where(col(Device.device_id) == device_id)).one())


def issue_code(conn: Connection, officer_id: UUID, area_id: UUID, code_hash: bytes, now: int, expires_at: int) -> None:
    """Store a code by which a phone of an officer of an area enrols. Raises Unknown (SPEC M19, D4)."""
    mine = select(col(Officer.officer_id)).where(col(Officer.officer_id) == officer_id, _within(area_id, now))
    if conn.execute(mine).first() is None:
        raise Unknown(Code.not_found)
    add_code(conn, code_hash, officer_id, expires_at)


def _within(area_id: UUID, now: int) -> Any:
    """Of officers: that they have something of an area, now or later, or had it last and have nothing any more."""
    lasting = or_(col(Assignment.valid_to).is_(None), col(Assignment.valid_to) > now)
    here = select(col(Assignment.officer_id)).where(col(Assignment.area_id).in_(below(area_id)))
    other = aliased(Assignment)
    goes_on = or_(col(other.valid_to).is_(None), col(other.valid_to) > now)
    has_some = exists().where(col(other.officer_id) == col(Officer.officer_id), goes_on)
    officer = col(Officer.officer_id)
    return or_(officer.in_(here.where(lasting)), and_(officer.in_(here), ~has_some))


def _areas(conn: Connection, now: int) -> Mapping[UUID, list[Area]]:
    """The areas of each officer, now or later; of an RW without an RT."""
    own, above, higher, top = (aliased(AreaRow) for _ in range(4))
    lasting = or_(col(Assignment.valid_to).is_(None), col(Assignment.valid_to) > now)
    query: Any = (
        select(
            col(Assignment.officer_id),
            col(own.area_id),
            col(own.level),
            col(own.name).label("own"),
            col(above.name).label("above"),
            col(higher.name).label("higher"),
            col(top.name).label("top"),
        )
        .join(own, col(own.area_id) == col(Assignment.area_id))
        .join(above, col(above.area_id) == col(own.parent_id))
        .join(higher, col(higher.area_id) == col(above.parent_id))
        .join(top, col(top.area_id) == col(higher.parent_id))
        .where(lasting)
        .order_by(col(higher.name), col(above.name), col(own.name))
    )
    found: dict[UUID, list[Area]] = defaultdict(list)
    for row in conn.execute(query):
        names = (row.own, row.above, row.higher, row.top) if row.level == "rt" else ("", row.own, row.above, row.higher)
        found[row.officer_id].append(Area(row.area_id, *names))
    return found


def _phones(conn: Connection) -> Mapping[UUID, list[PhoneView]]:
    found: dict[UUID, list[PhoneView]] = defaultdict(list)
    for row in conn.execute(select(Device).order_by(col(Device.seen_at).desc())):
        found[row.officer_id].append(_view(row))
    return found


def _view(row: Any) -> PhoneView:
    standing = PhoneStanding.trusted if row.revoked_at is None else PhoneStanding.revoked
    return PhoneView(
        device_id=row.device_id,
        name=row.name,
        enrolled_at=row.enrolled_at,
        seen_at=row.seen_at,
        unsent=row.unsent,
        app=row.app,
        standing=standing if row.wiped_at is None else PhoneStanding.wiped,
        revoked_at=row.revoked_at,
    )

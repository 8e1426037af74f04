"""Phones: who calls, for which RTs, since when; enrolment (SPEC M12, M19)."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.store.successions import predecessors
from server.tables.areas import Area as AreaRow
from server.tables.areas import Succession
from server.tables.people import Assignment, Device, EnrolmentCode, Officer
from sync.errors import Code, Refused
from sync.protocol.exchange import Area, OfficerRole, ScheduleView, Scope
from sync.reconcile import Span


class Territory(Struct, frozen=True):
    """One RT of an officer, with its feed and the time for which it is theirs."""

    span: Span
    feed_id: UUID

    def holds_at(self, instant: int) -> bool:
        return self.span.since <= instant and (self.span.until is None or instant < self.span.until)


class Caller(Struct, frozen=True):
    """A phone that is known, and its officer. `clock_offset` is that of its last exchange."""

    device_id: UUID
    officer_id: UUID
    officer: str
    role: str
    enrolled_at: int
    clock_offset: int | None
    revoked: bool
    territories: tuple[Territory, ...]

    def lands_at(self, instant: int) -> list[Territory]:
        """The RTs that are theirs at an instant, each once, in a fixed order; with those before them (SPEC A1, A3)."""
        held = {land.span.area_id: land for land in self.territories if land.holds_at(instant)}
        return [held[area_id] for area_id in sorted(held)]


class Met(Struct, frozen=True):
    """A phone that is known, without the RTs of its officer."""

    device_id: UUID
    officer_id: UUID
    officer: str
    role: str
    enrolled_at: int
    clock_offset: int | None
    revoked: bool

    def with_lands(self, lands: tuple[Territory, ...]) -> Caller:
        return Caller(
            self.device_id,
            self.officer_id,
            self.officer,
            self.role,
            self.enrolled_at,
            self.clock_offset,
            self.revoked,
            lands,
        )


_MET: Final = (
    select(
        col(Device.secret_hash),
        col(Device.device_id),
        col(Officer.officer_id),
        col(Officer.name),
        col(Officer.role),
        col(Device.enrolled_at),
        col(Device.clock_offset),
        col(Device.revoked_at).is_not(None),
    )
    .join(Officer, col(Officer.officer_id) == col(Device.officer_id))
    .where(col(Device.secret_hash).in_(bindparam("hashes", expanding=True)), col(Device.wiped_at).is_(None))
)


def met(conn: Connection, secret_hashes: Collection[bytes]) -> dict[bytes, Met]:
    """The phones of some secrets."""
    return {row[0]: Met(*row[1:]) for row in conn.execute(_MET, {"hashes": list(secret_hashes)})}


def callers(conn: Connection, secret_hashes: Collection[bytes]) -> dict[bytes, Caller]:
    """The phones of some secrets with their RTs, in two queries for all of them."""
    found = met(conn, secret_hashes)
    lands = territories(conn, {one.officer_id for one in found.values()})
    return {secret_hash: one.with_lands(tuple(lands[one.officer_id])) for secret_hash, one in found.items()}


def is_known(conn: Connection, secret_hash: bytes) -> bool:
    """Whether a phone has this secret."""
    query = select(col(Device.device_id)).where(col(Device.secret_hash) == secret_hash, col(Device.wiped_at).is_(None))
    return conn.execute(query).first() is not None


def territories(conn: Connection, officer_ids: Collection[UUID]) -> dict[UUID, list[Territory]]:
    """The RTs of some officers: their own, or all of their RW, and the RTs that came before these (SPEC A1, A3)."""
    found: dict[UUID, list[Territory]] = defaultdict(list)
    heirs: dict[UUID, list[tuple[UUID, Span]]] = defaultdict(list)
    row: Any
    for row in conn.execute(_OWN.where(col(Assignment.officer_id).in_(officer_ids))):
        officer_id, area_id, feed_id, since, area_since, until, area_until, succeeds = row
        ends = [end for end in (until, area_until) if end is not None]
        span = Span(area_id, max(since, area_since), min(ends, default=None))
        found[officer_id].append(Territory(span, feed_id))
        if succeeds:
            heirs[area_id].append((officer_id, span))
    for before in predecessors(conn, heirs) if heirs else ():
        for officer_id, own in heirs[before.heir_id]:
            span = Span(before.area_id, max(own.since, before.ended_at), own.until, inherited=True)
            found[officer_id].append(Territory(span, before.feed_id))
    return found


def _own() -> Any:
    rt = aliased(AreaRow)
    return (
        select(
            col(Assignment.officer_id),
            col(rt.area_id),
            col(rt.feed_id),
            col(Assignment.valid_from),
            col(rt.valid_from),
            col(Assignment.valid_to),
            col(rt.valid_to),
            exists().where(col(Succession.successor_id) == col(rt.area_id)),
        )
        .join(rt, or_(col(rt.area_id) == col(Assignment.area_id), col(rt.parent_id) == col(Assignment.area_id)))
        .where(col(rt.level) == "rt")
    )


_OWN: Final = _own()


def scope(conn: Connection, caller: Caller, now: int, schedule: ScheduleView) -> Scope:
    """Who the officer is and where they report today."""
    inherited = {land.span.area_id: land.span.inherited for land in caller.lands_at(now)}
    areas = tuple(
        structs.replace(area, ended=True) if inherited[area.area_id] else area for area in named_areas(conn, inherited)
    )
    return Scope(caller.officer, OfficerRole(caller.role), areas, schedule)


def named_areas(conn: Connection, area_ids: Collection[UUID]) -> tuple[Area, ...]:
    """Some RTs with the names of what they lie in, in the order of RW and RT."""
    rt, rw, kelurahan, kecamatan = (aliased(AreaRow) for _ in range(4))
    query = (
        select(col(rt.area_id), col(rt.name), col(rw.name), col(kelurahan.name), col(kecamatan.name))
        .join(rw, col(rw.area_id) == col(rt.parent_id))
        .join(kelurahan, col(kelurahan.area_id) == col(rw.parent_id))
        .join(kecamatan, col(kecamatan.area_id) == col(kelurahan.parent_id))
        .where(col(rt.area_id).in_(area_ids))
        .order_by(col(kelurahan.name), col(rw.name), col(rt.name))
    )
    rows: Any = conn.execute(query)
    return tuple(Area(*row) for row in rows)


def enrol(conn: Connection, code_hash: bytes, device: dict[str, Any], now: int) -> Caller:
    """Enrol a phone by a code that works once; the same phone with the same secret may ask again (SPEC M19).

    `device` holds device_id, name and secret_hash. Raises Refused with what is wrong with the code or the phone.
    """
    query = select(col(EnrolmentCode.officer_id), col(EnrolmentCode.device_id), col(EnrolmentCode.expires_at))
    code = conn.execute(query.where(col(EnrolmentCode.code_hash) == code_hash)).first()
    if code is None:
        raise Refused(Code.code_invalid)
    if code.device_id is None:
        if now >= code.expires_at:
            raise Refused(Code.code_expired)
        _use_code(conn, code_hash, code.officer_id, device, now)
    caller = callers(conn, [device["secret_hash"]]).get(device["secret_hash"])
    if caller is None or caller.device_id != device["device_id"] or caller.officer_id != code.officer_id:
        raise Refused(Code.code_used)
    if caller.revoked:
        raise Refused(Code.device_revoked)
    return caller


def _use_code(conn: Connection, code_hash: bytes, officer_id: UUID, device: dict[str, Any], now: int) -> None:
    mine = and_(col(EnrolmentCode.code_hash) == code_hash, col(EnrolmentCode.device_id).is_(None))
    if conn.execute(update(EnrolmentCode).where(mine).values(device_id=device["device_id"])).rowcount != 1:
        return  # Another request was quicker; the caller sees whether it was of the same phone.
    taken = conn.execute(
        select(func.count())
        .select_from(Device)
        .where(or_(col(Device.device_id) == device["device_id"], col(Device.secret_hash) == device["secret_hash"]))
    ).scalar_one()
    if taken:
        raise Refused(Code.code_invalid)
    conn.execute(insert(Device).values(**device, officer_id=officer_id, enrolled_at=now, seen_at=now))


def add_code(conn: Connection, code_hash: bytes, officer_id: UUID, expires_at: int) -> None:
    """Store a new enrolment code of an officer."""
    conn.execute(insert(EnrolmentCode).values(code_hash=code_hash, officer_id=officer_id, expires_at=expires_at))

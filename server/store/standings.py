"""What a batch is made of: the versions that are in none, how each RT stands in a window, the conflicts still open."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.tables.areas import Area
from server.tables.reports import Conflict, Receipt, Version
from sync.batches.entries import Place, StoredVersion
from sync.batches.header import OpenConflict, Standing
from sync.protocol.exchange import OutcomeKind
from sync.protocol.records import Report
from sync.windows import iso

ACCEPTED: Final = (OutcomeKind.applied, OutcomeKind.merged, OutcomeKind.conflicted)

_report: Final = msgspec.json.Decoder(Report)
_groups: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def city(conn: Connection) -> str:
    """The name of the city, which is the area that all others lie in."""
    return str(conn.execute(select(col(Area.name)).where(col(Area.parent_id).is_(None)).limit(1)).scalar() or "")


def unsealed(conn: Connection, window: str) -> list[StoredVersion]:
    """The versions of a window that are in no batch (SPEC B4)."""
    known = {row.area_id: _place(row) for row in conn.execute(_RTS)}
    query = select(Version).where(col(Version.window) == window, col(Version.batch_id).is_(None))
    return [_stored(row, known) for row in conn.execute(query)]


def standings(conn: Connection, window: str, instant: int) -> list[Standing]:
    """How each RT that exists at the instant stands in the window (SPEC W6)."""
    nils = fulfilled(conn, window)
    return [
        Standing(_place(row), row.area_id in nils, nils.get(row.area_id, False))
        for row in conn.execute(_RTS)
        if row.valid_from <= instant and (row.valid_to is None or instant < row.valid_to)
    ]


def fulfilled(conn: Connection, window: str) -> Mapping[UUID, bool]:
    """The RTs that fulfilled a window, and whether with a nil (SPEC W6)."""
    is_nil = func.max(case((col(Receipt.kind) == "nil", 1), else_=0))
    query = (
        select(col(Receipt.area_id), is_nil)
        .where(col(Receipt.window) == window, col(Receipt.outcome).in_([kind.value for kind in ACCEPTED]))
        .group_by(col(Receipt.area_id))
    )
    return {area_id: bool(nil) for area_id, nil in conn.execute(query)}


def conflicts(conn: Connection, timezone: str) -> list[OpenConflict]:
    """The conflicts that wait for a decision (SPEC B8). One about a removal has the one group `removal`."""
    query = select(
        col(Conflict.conflict_id), col(Conflict.record_id), col(Conflict.opened_at), col(Conflict.phone)
    ).where(col(Conflict.resolved_by).is_(None))
    return [
        OpenConflict(row.conflict_id, row.record_id, iso(row.opened_at, timezone), _named_groups(row.phone))
        for row in conn.execute(query)
    ]


def _named_groups(phone: str) -> tuple[str, ...]:
    return tuple(sorted(_groups.decode(phone))) or ("removal",)


def _rts() -> Any:
    rt, rw, kelurahan, kecamatan = (aliased(Area, name=name) for name in ("rt", "rw", "kelurahan", "kecamatan"))
    return (
        select(
            col(rt.area_id),
            col(rt.valid_from),
            col(rt.valid_to),
            col(rt.code),
            col(rt.name).label("rt"),
            col(rw.name).label("rw"),
            col(kelurahan.name).label("kelurahan"),
            col(kelurahan.code).label("kelurahan_code"),
            col(kecamatan.name).label("kecamatan"),
            col(kecamatan.code).label("kecamatan_code"),
        )
        .join(rw, col(rt.parent_id) == col(rw.area_id))
        .join(kelurahan, col(rw.parent_id) == col(kelurahan.area_id))
        .join(kecamatan, col(kelurahan.parent_id) == col(kecamatan.area_id))
        .where(col(rt.level) == "rt")
    )


_RTS: Final = _rts()


def _place(row: Any) -> Place:
    return Place(row.code, row.rt, row.rw, row.kelurahan, row.kelurahan_code, row.kecamatan, row.kecamatan_code)


def _stored(row: Any, known: Mapping[UUID, Place]) -> StoredVersion:
    return StoredVersion(
        record_id=row.record_id,
        version=row.version,
        place=known[row.area_id],
        captured_at=row.captured_at,
        received_at=row.received_at,
        removed=row.removed,
        changed=tuple(row.changed.split()),
        flags=tuple(row.flags.split()),
        report=_report.decode(row.body) if row.body else None,
        salt=row.salt,
    )

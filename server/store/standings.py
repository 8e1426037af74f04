"""What a batch is made of: the versions that are in none, how each RT stands in a window, the conflicts still open."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.store.areas import exists_at
from server.store.heirs import Statement, heirs
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


def unsealed(conn: Connection, window: str, instant: int) -> list[StoredVersion]:
    """The versions of a window that are in no batch (SPEC B4), counted for the RTs of the instant (SPEC A5)."""
    rts = conn.execute(_RTS).all()
    known = {row.area_id: _place(row) for row in rts}
    ended = {row.area_id for row in rts if not exists_at(row, instant)}
    query = select(Version).where(col(Version.window) == window, col(Version.batch_id).is_(None))
    rows = conn.execute(query).all()
    counted = _counted(conn, [row for row in rows if row.area_id in ended], instant, known)
    return [_stored(row, known, counted.get((row.record_id, row.version))) for row in rows]


def _counted(
    conn: Connection, rows: Sequence[Any], instant: int, known: Mapping[UUID, Place]
) -> dict[tuple[UUID, int], Place]:
    """Of versions in RTs that ended, the RT for which each is counted; none for a decision of the console."""
    if not rows:
        return {}
    query = select(col(Receipt.mutation_id), col(Receipt.author_id))
    found = conn.execute(query.where(col(Receipt.mutation_id).in_({row.mutation_id for row in rows})))
    authors = {row.mutation_id: row.author_id for row in found}
    said = [Statement(row.area_id, authors[row.mutation_id], row.captured_at) for row in rows]
    return {
        (row.record_id, row.version): min((known[area_id] for area_id in after), key=lambda place: place.code)
        for row, after in zip(rows, heirs(conn, said, instant), strict=True)
        if after
    }


def standings(conn: Connection, window: str, instant: int) -> list[Standing]:
    """How each RT that exists at the instant stands in the window (SPEC W6)."""
    nils = fulfilled(conn, window, instant)
    return [
        Standing(_place(row), row.area_id in nils, nils.get(row.area_id, False))
        for row in conn.execute(_RTS)
        if exists_at(row, instant)
    ]


def fulfilled(conn: Connection, window: str, instant: int) -> Mapping[UUID, bool]:
    """The RTs that fulfilled a window, and whether with a nil (SPEC W6); for RTs that ended by the instant their
    successors (SPEC A5)."""
    is_nil = func.max(case((col(Receipt.kind) == "nil", 1), else_=0))
    query = select(col(Receipt.area_id), is_nil).where(accepted(), col(Receipt.window) == window)
    found = {area_id: bool(nil) for area_id, nil in conn.execute(query.group_by(col(Receipt.area_id)))}
    rows = _said_in_ended(conn, window, instant)
    said = [Statement(row.area_id, row.author_id, row.captured_at) for row in rows]
    for row, after in zip(rows, heirs(conn, said, instant) if said else (), strict=True):
        found |= {area_id: found.get(area_id, False) or row.kind == "nil" for area_id in after}
    return found


def _said_in_ended(conn: Connection, window: str, instant: int) -> Sequence[Any]:
    query = (
        select(col(Receipt.area_id), col(Receipt.author_id), col(Receipt.captured_at), col(Receipt.kind))
        .join(Area, col(Area.area_id) == col(Receipt.area_id))
        .where(accepted(), col(Receipt.window) == window, col(Area.valid_to) <= instant)
    )
    return conn.execute(query).all()


def accepted() -> Any:
    """Of receipts: that what they tell of was accepted."""
    return col(Receipt.outcome).in_([kind.value for kind in ACCEPTED])


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


def _stored(row: Any, known: Mapping[UUID, Place], counted: Place | None) -> StoredVersion:
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
        counted=counted,
    )

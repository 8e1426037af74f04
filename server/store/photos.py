"""Photos that are kept: which reports name them, who may read them, and which nobody names (SPEC F1, F5, F6)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import Connection, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from server.store.areas import below
from server.store.devices import callers
from server.tables.photos import Photo, PhotoChunk, PhotoName, PhotoUpload
from server.tables.reports import Quarantined, Record
from sync.errors import Code, Refused, Unauthorized
from sync.reconcile import Decision

MOST_AT_ONCE: Final = 100


def insert_new(conn: Connection, table: type[SQLModel]) -> Any:
    """An insert that can be told to do nothing where the row is there already."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def name(conn: Connection, decisions: Iterable[Decision]) -> None:
    """Note which reports name which photos, in a version or in a conflict; the records are written."""
    pairs = {(sha256, record_id) for decision in decisions for sha256, record_id in _named(decision)}
    if pairs:
        rows = [{"sha256": sha256, "record_id": record_id} for sha256, record_id in sorted(pairs)]
        conn.execute(insert_new(conn, PhotoName).on_conflict_do_nothing(), rows)


def _named(decision: Decision) -> Iterator[tuple[str, UUID]]:
    held, conflict = decision.held, decision.conflict
    if held is None or held.report is None:
        return
    if decision.versioned and "photos" in decision.changed:
        yield from ((sha256, held.record_id) for sha256 in held.report.photos)
    if conflict and conflict.phone.photos is not UNSET:
        yield from ((sha256, held.record_id) for sha256 in conflict.phone.photos)


def for_phone(conn: Connection, secret_hash: bytes, sha256: str, now: int) -> bytes | None:
    """A photo that a report of the phone's RTs of today names. Raises Unauthorized, Refused(device_revoked)."""
    caller = callers(conn, [secret_hash]).get(secret_hash)
    if caller is None:
        raise Unauthorized(Code.unauthorized)
    if caller.revoked:
        raise Refused(Code.device_revoked)
    return _content(conn, sha256, [land.span.area_id for land in caller.lands_at(now)])


def for_person(conn: Connection, area_id: UUID, sha256: str) -> bytes | None:
    """A photo that a report of an area, or below it, names."""
    return _content(conn, sha256, below(area_id))


def _content(conn: Connection, sha256: str, area_ids: Any) -> bytes | None:
    named = select(col(PhotoName.sha256)).join(Record, col(Record.record_id) == col(PhotoName.record_id))
    allowed = named.where(col(PhotoName.sha256) == sha256, col(Record.area_id).in_(area_ids))
    query = select(col(Photo.content)).where(col(Photo.sha256) == sha256, allowed.exists())
    return conn.execute(query).scalar_one_or_none()


def unnamed(conn: Connection, before: int) -> list[str]:
    """The photos kept before an instant that neither a report nor an undecided mutation names, oldest first."""
    query = select(col(Photo.sha256)).where(col(Photo.kept_at) < before, ~_is_named)
    found = list(conn.execute(query.order_by(col(Photo.kept_at))).scalars())
    waiting = _waiting(conn, found) if found else set()
    return [sha256 for sha256 in found if sha256 not in waiting]


def _waiting(conn: Connection, sha256s: Sequence[str]) -> set[str]:
    """Those of some photos that a mutation in quarantine names."""
    undecided = conn.execute(select(col(Quarantined.payload)).where(col(Quarantined.decision) == "")).scalars()
    return {sha256 for payload in undecided for sha256 in sha256s if sha256.encode() in payload}


def delete_unnamed(conn: Connection, sha256s: Sequence[str]) -> int:
    """Delete those of some photos that no report names; how many."""
    return conn.execute(delete(Photo).where(col(Photo.sha256).in_(sha256s), ~_is_named)).rowcount


_is_named: Final = select(literal(1)).where(col(PhotoName.sha256) == col(Photo.sha256)).correlate(Photo).exists()


def delete_unfinished(conn: Connection, before: int) -> int:
    """Delete some uploads that were begun before an instant; how many."""
    query = select(col(PhotoUpload.device_id), col(PhotoUpload.sha256)).where(col(PhotoUpload.begun_at) < before)
    found = conn.execute(query.limit(MOST_AT_ONCE)).all()
    for device_id, sha256 in found:
        for table in (PhotoChunk, PhotoUpload):
            conn.execute(delete(table).where(col(table.device_id) == device_id, col(table.sha256) == sha256))
    return len(found)

"""Photos on their way: chunks in, until all bytes are there (SPEC F2). Each phone has uploads of its own."""

from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlmodel import col

from server.store.photos import insert_new
from server.tables.people import Device
from server.tables.photos import Photo, PhotoChunk, PhotoUpload
from sync.errors import Code, Refused, Unauthorized

# A phone sends one photo at a time; more that are begun and not ended are a fault of it.
MOST_BEGUN: Final = 20


class Chunk(Struct, frozen=True):
    """A part of a photo: `start` is where it begins, `length` how many bytes the whole photo has."""

    sha256: str
    start: int
    length: int
    content: bytes


class Received(Struct, frozen=True):
    """How far an upload is; one that is `kept` needs no more bytes."""

    device_id: UUID
    offset: int
    length: int
    kept: bool

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are there and nothing was made of them yet."""
        return not self.kept and 0 < self.length == self.offset


def received(conn: Connection, secret_hash: bytes, sha256: str) -> Received:
    """How much of a photo the server has from a phone. Raises Unauthorized."""
    return _received(conn, _device(conn, secret_hash), sha256)


def append(conn: Connection, secret_hash: bytes, chunk: Chunk, now: int) -> Received:
    """Take what is new of a chunk. Raises Unauthorized; Refused(photo_offset_differs) for a gap before the chunk."""
    device_id = _device(conn, secret_hash, alone=True)
    known = _received(conn, device_id, chunk.sha256)
    if known.kept:
        return known
    if known.length != chunk.length:
        known = _begin(conn, device_id, chunk, now)
    if chunk.start > known.offset:
        raise Refused(Code.photo_offset_differs)
    fresh = chunk.content[known.offset - chunk.start :]
    if fresh:
        conn.execute(insert(PhotoChunk).values(**_key(device_id, chunk), start=known.offset, content=fresh))
        come = update(PhotoUpload).where(_of(PhotoUpload, device_id, chunk.sha256))
        conn.execute(come.values(received=known.offset + len(fresh)))
    return structs.replace(known, offset=known.offset + len(fresh))


def content(conn: Connection, device_id: UUID, sha256: str) -> bytes:
    """All bytes that a phone has sent of a photo."""
    query = select(col(PhotoChunk.content)).where(_of(PhotoChunk, device_id, sha256))
    return b"".join(conn.execute(query.order_by(col(PhotoChunk.start))).scalars())


def keep(conn: Connection, device_id: UUID, sha256: str, encoded: bytes, now: int) -> None:
    """Store a photo, once, whoever brings it, and forget the upload."""
    photo = insert_new(conn, Photo).values(sha256=sha256, content=encoded, kept_at=now)
    conn.execute(photo.on_conflict_do_nothing())
    forget(conn, device_id, sha256)


def forget(conn: Connection, device_id: UUID, sha256: str) -> None:
    """Delete an upload."""
    conn.execute(delete(PhotoChunk).where(_of(PhotoChunk, device_id, sha256)))
    conn.execute(delete(PhotoUpload).where(_of(PhotoUpload, device_id, sha256)))


def _device(conn: Connection, secret_hash: bytes, *, alone: bool = False) -> UUID:
    """The phone that calls, also a revoked one until it is wiped; `alone` lets one request of it in at a time."""
    query = select(col(Device.device_id)).where(col(Device.secret_hash) == secret_hash, col(Device.wiped_at).is_(None))
    device_id = conn.execute(query.with_for_update() if alone else query).scalar_one_or_none()
    if device_id is None:
        raise Unauthorized(Code.unauthorized)
    return device_id


def _received(conn: Connection, device_id: UUID, sha256: str) -> Received:
    if conn.execute(select(col(Photo.sha256)).where(col(Photo.sha256) == sha256)).first():
        return Received(device_id, 0, 0, True)
    query = select(col(PhotoUpload.received), col(PhotoUpload.length)).where(_of(PhotoUpload, device_id, sha256))
    row = conn.execute(query).first()
    return Received(device_id, row.received, row.length, False) if row else Received(device_id, 0, 0, False)


def _begin(conn: Connection, device_id: UUID, chunk: Chunk, now: int) -> Received:
    """A new upload; the oldest ones give way where a phone has begun too many."""
    forget(conn, device_id, chunk.sha256)
    begun = select(col(PhotoUpload.sha256)).where(col(PhotoUpload.device_id) == device_id)
    newest_first = begun.order_by(col(PhotoUpload.begun_at).desc(), col(PhotoUpload.sha256))
    for oldest in conn.execute(newest_first.offset(MOST_BEGUN - 1)).scalars().all():
        forget(conn, device_id, oldest)
    upload = _key(device_id, chunk) | {"length": chunk.length, "received": 0, "begun_at": now}
    conn.execute(insert(PhotoUpload).values(upload))
    return Received(device_id, 0, chunk.length, False)


def _key(device_id: UUID, chunk: Chunk) -> dict[str, Any]:
    return {"device_id": device_id, "sha256": chunk.sha256}


def _of(table: type[PhotoUpload] | type[PhotoChunk], device_id: UUID, sha256: str) -> Any:
    return and_(col(table.device_id) == device_id, col(table.sha256) == sha256)

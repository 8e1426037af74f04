"""Photos of documents: brought by phones in chunks, shown to who may see the report (SPEC F1-F6).

Photos give way: whatever is short is left to the exchanges.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from anyio import CapacityLimiter, WouldBlock, to_thread
from litestar import Response, Router, get, head, put
from litestar.params import FromPath

from server import clock
from server.auth import AnyRequest, bearer_hash, signed_in
from server.given import Chosen, Db, Writer
from server.openapi import CONSOLE, PHONE, Api
from server.reencoding import MEDIA_TYPE, reencoded
from server.store import photo_uploads, photos
from server.store.engine import Database
from server.store.photo_uploads import Chunk, Received
from server.store.writer import ExchangeWriter
from sync.errors import Busy, Code, Refused, Unknown

MOST_BYTES: Final = 5_000_000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_requests = CapacityLimiter(8)
# To encode takes up to a second of a core and 150 MB.
_encodings = CapacityLimiter(1)
MOST_WAITING: Final = 2

_PROGRESS: Final = ("Upload-Offset", "Upload-Complete")
_REFUSALS: Final = (
    Code.photo_type_unsupported,
    Code.photo_too_large,
    Code.photo_unreadable,
    Code.photo_digest_differs,
    Code.photo_offset_differs,
)
_BRING: Final = Api(PHONE, bytes, raises=_REFUSALS, headers=("Upload-Offset", "Upload-Length"), told=_PROGRESS)
_SHOW: Final = Api(f"{PHONE} {CONSOLE}", media_type=MEDIA_TYPE, raises=(Code.device_revoked,))


@put("/{sha256:str}", status_code=204, api=_BRING)
async def bring(sha256: FromPath[str], request: AnyRequest, db: Db, writer: Writer) -> Response[None]:
    """Take a chunk; with the last one the photo is checked, encoded and kept."""
    secret_hash = await _phone(request, writer)
    chunk = Chunk(_named(sha256), *_extent(request), await request.body())
    if chunk.length > MOST_BYTES:
        raise Refused(Code.photo_too_large)
    if not 0 < chunk.length >= chunk.start + len(chunk.content):
        raise Refused(Code.request_invalid)
    with place(writer):
        received = await db.write(photo_uploads.append, secret_hash, chunk, clock.now())
        if received.is_whole:
            await _keep(db, received.device_id, sha256)
            received = await db.read(photo_uploads.received, secret_hash, sha256)
    return _progress(received, 204)


@head("/{sha256:str}", api=Api(PHONE, told=_PROGRESS))
async def progress(sha256: FromPath[str], request: AnyRequest, db: Db) -> Response[None]:
    """How much of a photo has come from this phone."""
    return _progress(await db.read(photo_uploads.received, bearer_hash(request), _named(sha256)), 200)


@get("/{sha256:str}", api=_SHOW)
async def show(sha256: FromPath[str], request: AnyRequest, db: Db, settings: Chosen, writer: Writer) -> Response[bytes]:
    """A photo, to a phone or to a console user. Raises Unknown where they may not see it, or nobody can."""
    with place(writer):
        if "authorization" in request.headers:
            content = await db.read(photos.for_phone, bearer_hash(request), _named(sha256), clock.now())
        else:
            person = await signed_in(request, db, settings)
            content = await db.read(photos.for_person, person.area_id, _named(sha256))
    if content is None:
        raise Unknown(Code.not_found)
    headers = {"Content-Disposition": 'inline; filename="foto.webp"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


async def _phone(request: AnyRequest, writer: ExchangeWriter) -> bytes:
    """The secret's hash of a phone of ours, before anything of it is read or waits to be written."""
    secret_hash = bearer_hash(request)
    await writer.admit(secret_hash)
    return secret_hash


@contextmanager
def place(writer: ExchangeWriter) -> Iterator[None]:
    """One of the few places for photos. Raises Busy when there is none, or when exchanges wait."""
    token = object()
    try:
        if writer.is_pressed or _encodings.statistics().tasks_waiting >= MOST_WAITING:
            raise Busy(Code.busy)
        _requests.acquire_on_behalf_of_nowait(token)
    except WouldBlock as error:
        raise Busy(Code.busy) from error
    try:
        yield
    finally:
        _requests.release_on_behalf_of(token)


def _named(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise Unknown(Code.not_found)
    return sha256


def _extent(request: AnyRequest) -> tuple[int, int]:
    """Where the chunk begins and how long the photo is. Raises Refused(request_invalid)."""
    start, length = (request.headers.get(f"upload-{name}", "") for name in ("offset", "length"))
    if not _NUMBER.fullmatch(start) or not _NUMBER.fullmatch(length):
        raise Refused(Code.request_invalid)
    return int(start), int(length)


async def _keep(db: Database, device_id: UUID, sha256: str) -> None:
    """Make of an upload a photo. What cannot become one is forgotten, so that the phone may begin anew."""
    original = await db.read(photo_uploads.content, device_id, sha256)
    if not original:
        return  # Another request of this phone has just ended the upload.
    try:
        encoded = await to_thread.run_sync(_encoded, original, sha256, limiter=_encodings)
    except Refused:
        await db.write(photo_uploads.forget, device_id, sha256)
        raise
    await db.write(photo_uploads.keep, device_id, sha256, encoded, clock.now())


def _encoded(original: bytes, sha256: str) -> bytes:
    if hashlib.sha256(original).hexdigest() != sha256:
        raise Refused(Code.photo_digest_differs)
    return reencoded(original)


def _progress(received: Received, status: int) -> Response[None]:
    """The names of draft-ietf-httpbis-resumable-upload."""
    headers = {"Upload-Offset": str(received.offset), "Upload-Complete": "?1" if received.kept else "?0"}
    return Response(None, status_code=status, headers=headers)


router = Router("/api/photos", route_handlers=[bring, progress, show])

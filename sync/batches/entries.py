"""The entries of a batch and their canonical bytes (SPEC B1, B2). An entry is all that is told of one version."""

from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from sync.protocol.records import Report
from sync.protocol.values import Wire
from sync.windows import iso

_encoder: Final = msgspec.json.Encoder(order="sorted")


class Place(Wire, frozen=True):
    """One RT with the codes and names of all above it."""

    code: str
    rt: str
    rw: str
    kelurahan: str
    kelurahan_code: str
    kecamatan: str
    kecamatan_code: str


class Entry(Wire, frozen=True):
    """One version. Times are ISO 8601 with the city's offset."""

    record_id: UUID
    version: int
    place: Place
    captured_at: str
    received_at: str
    flags: tuple[str, ...]


class ReportEntry(Entry, frozen=True, tag="report", tag_field="kind"):
    """A report as it stood, and the groups that this version changed."""

    changed: tuple[str, ...]
    report: Report


class RemovalEntry(Entry, frozen=True, tag="removal", tag_field="kind"):
    """A report that was a mistake, as it stood when it was removed."""

    report: Report


class NilEntry(Entry, frozen=True, tag="nil", tag_field="kind"):
    """One RT's statement that there is nothing to report: nobody is there, or nothing has changed."""


AnyEntry = ReportEntry | RemovalEntry | NilEntry


class StoredVersion(Struct, frozen=True):
    """A version as the store holds it: instants in milliseconds, `report` None for a nil, 16 bytes of salt.

    `counted` is where the totals count it when its RT has ended (SPEC A5).
    """

    record_id: UUID
    version: int
    place: Place
    captured_at: int
    received_at: int
    removed: bool
    changed: tuple[str, ...]
    flags: tuple[str, ...]
    report: Report | None
    salt: bytes
    counted: Place | None = None


class SealedEntry(Struct, frozen=True):
    """An entry beside its batch; `body` is None once it was destroyed (SPEC B2). `digest` is hexadecimal."""

    record_id: UUID
    version: int
    salt: bytes
    digest: str
    body: bytes | None


def canonical(value: object) -> bytes:
    """Canonical JSON (SPEC B1): UTF-8, keys sorted, no white space."""
    return _encoder.encode(value)


def digest(salt: bytes, body: bytes) -> str:
    """SHA-256 of salt and body, in hexadecimal (SPEC B2)."""
    return sha256(salt + body).hexdigest()


def entry_of(stored: StoredVersion, timezone: str) -> AnyEntry:
    """What a batch tells of a version."""
    told = (
        stored.record_id,
        stored.version,
        stored.place,
        iso(stored.captured_at, timezone),
        iso(stored.received_at, timezone),
        stored.flags,
    )
    if stored.report is None:
        return NilEntry(*told)
    if stored.removed:
        return RemovalEntry(*told, stored.report)
    return ReportEntry(*told, stored.changed, stored.report)


def sealed_entry(stored: StoredVersion, timezone: str) -> SealedEntry:
    """A version with its canonical bytes and their salted digest."""
    body = canonical(entry_of(stored, timezone))
    return SealedEntry(stored.record_id, stored.version, stored.salt, digest(stored.salt, body), body)

"""Sealing and verifying: the same rows give the same bytes (SPEC B6), and anybody can check them (SPEC B1-B3)."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from sync.batches.entries import AnyEntry, SealedEntry, StoredVersion, canonical, digest, sealed_entry
from sync.batches.header import FORMAT, Header, OpenConflict, Standing, totals
from sync.windows import iso

_header: Final = msgspec.json.Decoder(Header)
_entry: Final[msgspec.json.Decoder[AnyEntry]] = msgspec.json.Decoder(AnyEntry)


class Occasion(Struct, frozen=True):
    """When and where a batch is sealed. `seq` is its place in the chain, from 1; instants in milliseconds."""

    city: str
    timezone: str
    seq: int
    previous: str
    window: str
    part: int
    parent: str
    opens_at: int
    closes_at: int
    sealed_at: int


class Batch(Struct, frozen=True):
    """A sealed batch. `hash` is SHA-256 of the header's bytes, in hexadecimal (SPEC B3)."""

    header: bytes
    hash: str
    entries: tuple[SealedEntry, ...]


def seal(
    occasion: Occasion,
    versions: Iterable[StoredVersion],
    standings: Iterable[Standing],
    conflicts: Iterable[OpenConflict],
) -> Batch:
    """The batch of some versions, whatever their order."""
    ordered = sorted(versions, key=lambda stored: (stored.place.code, stored.record_id, stored.version))
    entries = tuple(sealed_entry(stored, occasion.timezone) for stored in ordered)
    kelurahan, kecamatan = totals(standings, ordered)
    header = canonical(
        Header(
            format=FORMAT,
            city=occasion.city,
            seq=occasion.seq,
            window=occasion.window,
            part=occasion.part,
            parent=occasion.parent,
            previous=occasion.previous,
            opens_at=iso(occasion.opens_at, occasion.timezone),
            closes_at=iso(occasion.closes_at, occasion.timezone),
            sealed_at=iso(occasion.sealed_at, occasion.timezone),
            entries=tuple(entry.digest for entry in entries),
            kelurahan=kelurahan,
            kecamatan=kecamatan,
            conflicts=tuple(sorted(conflicts, key=lambda conflict: conflict.conflict_id)),
        )
    )
    return Batch(header, sha256(header).hexdigest(), entries)


def header_of(batch: Batch) -> Header:
    """The header of a batch, read. Raises msgspec.ValidationError if it is not one."""
    return _header.decode(batch.header)


def entries_of(batch: Batch) -> list[AnyEntry]:
    """The entries that were not destroyed, read."""
    return [_entry.decode(entry.body) for entry in batch.entries if entry.body is not None]


def verify(batch: Batch, previous: str | None = None) -> tuple[str, ...]:
    """What is wrong with a batch: `hash`, `previous`, `entries`, `entry 3`; nothing if it is sound.

    `previous` is the hash of the batch before it, None if that is not to be looked at. A destroyed entry is sound.
    """
    header, faults = header_of(batch), []
    if sha256(batch.header).hexdigest() != batch.hash:
        faults.append("hash")
    if previous not in (None, header.previous):
        faults.append("previous")
    if header.entries != tuple(entry.digest for entry in batch.entries):
        faults.append("entries")
    faults += [
        f"entry {position}"
        for position, entry in enumerate(batch.entries)
        if entry.body is not None and digest(entry.salt, entry.body) != entry.digest
    ]
    return tuple(faults)

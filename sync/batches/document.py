"""The canonical rendering: one JSON document that a receiver can verify with a dozen lines of any language (SPEC B9).

`hash` is SHA-256 of the canonical JSON of `header`; each `digest` is SHA-256 of the salt's bytes and the canonical
JSON of `entry`. The whole document is canonical JSON, so both stand in it byte for byte. A destroyed entry is left out.
"""

from msgspec import UNSET, Raw, UnsetType

from sync.batches.entries import SealedEntry, canonical
from sync.batches.sealing import Batch, header_of
from sync.protocol.values import Sha256, Wire


class DocumentEntry(Wire, frozen=True):
    """One entry with the salt, in hexadecimal, and the digest."""

    salt: str
    digest: Sha256
    entry: Raw | UnsetType = UNSET


class Document(Wire, frozen=True):
    hash: Sha256
    header: Raw
    entries: tuple[DocumentEntry, ...]


def document(batch: Batch) -> bytes:
    """The JSON document of a batch."""
    return canonical(Document(batch.hash, Raw(batch.header), tuple(map(_written, batch.entries))))


def file_stem(batch: Batch) -> str:
    """What the files of a batch are called: `berkas-2026-11-23-siang-susulan-1`."""
    header = header_of(batch)
    return f"berkas-{header.window.replace('/', '-')}" + (f"-susulan-{header.part}" if header.part else "")


def _written(sealed: SealedEntry) -> DocumentEntry:
    return DocumentEntry(sealed.salt.hex(), sealed.digest, UNSET if sealed.body is None else Raw(sealed.body))

"""One mutation's bytes -> an Incoming: known by its id and digest, and either readable or not (SPEC M2-M4).

Reading never raises: what cannot be read is quarantined with its bytes, and the next mutation goes on.
"""

import hashlib
import json
import unicodedata
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from sync.errors import Code
from sync.protocol.exchange import Mutation

_typed = msgspec.json.Decoder(Mutation)
_canonical = msgspec.json.Encoder(order="sorted")


class Incoming(Struct, frozen=True):
    """A mutation on its way in. `mutation` is None exactly when `code` says why it cannot be read."""

    mutation_id: UUID
    digest: bytes
    raw: bytes
    mutation: Mutation | None
    code: Code | None


def read(raw: bytes) -> Incoming:
    """Read one mutation (SPEC M2, M3, M4)."""
    try:
        plain: Any = msgspec.json.decode(raw)
        canonical = _canonical.encode(plain)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _unreadable(raw, _lenient(raw), hashlib.sha256(raw).digest(), Code.mutation_unreadable)
    digest = hashlib.sha256(canonical).digest()
    if not canonical.isascii() and not unicodedata.is_normalized("NFC", canonical.decode()):
        return _unreadable(raw, plain, digest, Code.text_forbidden)
    try:
        mutation = _typed.decode(raw)
    except msgspec.ValidationError as error:
        return _unreadable(raw, plain, digest, _reason(error))
    return Incoming(mutation.mutation_id, digest, raw, mutation, None)


def _unreadable(raw: bytes, plain: Any, digest: bytes, code: Code) -> Incoming:
    return Incoming(_claimed_id(plain) or UUID(bytes=digest[:16]), digest, raw, None, code)


def _lenient(raw: bytes) -> Any:
    """What a reader sees that takes lone surrogates and NaN: enough to learn the id."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _claimed_id(plain: Any) -> UUID | None:
    try:
        return msgspec.convert(plain["mutation_id"], UUID)
    except (TypeError, KeyError, msgspec.ValidationError):
        return None


def _reason(error: msgspec.ValidationError) -> Code:
    # msgspec has no code for a failed pattern; only the patterns of text name the bidirectional controls.
    return Code.text_forbidden if "u202a" in str(error) else Code.mutation_unreadable

"""One mutation's bytes -> an Incoming: known by its id and digest, and either readable or not (SPEC M2-M4).

Reading never raises: what cannot be read is quarantined with its bytes, and the next mutation goes on.
"""

import hashlib
import json
import unicodedata
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from sync.errors import Code
from sync.protocol.exchange import FileNil, Mutation, RemoveReport, SaveReport
from sync.protocol.records import GROUPS, Groups

_typed = msgspec.json.Decoder(Mutation)
_canonical = msgspec.json.Encoder(order="sorted")
_NOTHING: Final = Groups()


class Incoming(Struct, frozen=True):
    """A mutation on its way in. `mutation` is None exactly when `code` says why it cannot be read.

    `record_id` is the record that it speaks of, as far as even an unreadable one says so.
    """

    mutation_id: UUID
    digest: bytes
    raw: bytes
    mutation: Mutation | None
    code: Code | None
    record_id: UUID | None = None


def read(raw: bytes) -> Incoming:
    """Read one mutation (SPEC M2-M4, M30)."""
    try:
        plain: Any = msgspec.json.decode(raw)
        canonical = _canonical.encode(plain)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _unreadable(raw, _lenient(raw), hashlib.sha256(raw).digest(), Code.mutation_unreadable)
    digest = hashlib.sha256(canonical).digest()
    if not canonical.isascii() and not unicodedata.is_normalized("NFC", canonical.decode()):
        return _unreadable(raw, plain, digest, Code.text_forbidden)
    # Compact JSON of the canonical length names no key twice; only other bytes are looked at again.
    if len(canonical) != len(raw) and _repeats_a_key(raw):
        return _unreadable(raw, plain, hashlib.sha256(raw).digest(), Code.mutation_unreadable)
    try:
        mutation = _typed.decode(raw)
    except msgspec.ValidationError as error:
        return _unreadable(raw, plain, digest, _reason(error))
    if not all(map(_has_real_days, _groups_of(mutation))):
        return _unreadable(raw, plain, digest, Code.date_impossible)
    return Incoming(mutation.mutation_id, digest, raw, mutation, None, mutation.record_id)


def _repeats_a_key(raw: bytes) -> bool:
    """Whether an object names a key twice, or two readers of JSON may differ in another way."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            raise ValueError
        return found

    try:
        json.loads(raw, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return True
    return False


def _groups_of(mutation: Mutation) -> tuple[Groups, ...]:
    match mutation:
        case FileNil():
            return ()
        case RemoveReport():
            return (mutation.base,)
        case _:
            return (mutation.changes, getattr(mutation, "base", _NOTHING))


def _has_real_days(groups: Groups) -> bool:
    """Whether each date is one of the calendar, 0001-01-01 to 9999-12-31 (SPEC M30)."""
    days: list[str] = []
    if groups.identity is not UNSET:
        days.append(groups.identity.birth_date)
    if groups.document is not UNSET:
        days.append(groups.document.expiry)
    if groups.permit is not UNSET:
        days.append(groups.permit.expiry)
    if groups.stay is not UNSET:
        days += groups.stay.arrival, groups.stay.departure
    return all(_is_real(day) for day in days if day)


def _is_real(day: str) -> bool:
    """Of a part of a date, whether it may be completed."""
    try:
        date.fromisoformat(day + "-01-01"[len(day) - 4 :])
    except ValueError:
        return False
    return True


def _unreadable(raw: bytes, plain: Any, digest: bytes, code: Code) -> Incoming:
    mutation_id = _claimed(plain, "mutation_id") or own_id(digest)
    return Incoming(mutation_id, digest, raw, None, code, _claimed(plain, "record_id"))


def own_id(digest: bytes) -> UUID:
    """The id of bytes that have none of their own (SPEC M4)."""
    return UUID(bytes=digest[:16])


def spoken_groups(incoming: Incoming) -> frozenset[str]:
    """The groups that a mutation changes, as far as even an unreadable one says so."""
    if isinstance(incoming.mutation, SaveReport):
        changes = incoming.mutation.changes
        return frozenset(group for group in GROUPS if getattr(changes, group) is not UNSET)
    plain = None if incoming.mutation else _lenient(incoming.raw)
    named = plain.get("changes") if isinstance(plain, dict) else None
    return frozenset(GROUPS).intersection(named) if isinstance(named, dict) else frozenset()


def _lenient(raw: bytes) -> Any:
    """What a reader sees that takes lone surrogates and NaN: enough to learn the id."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _claimed(plain: Any, name: str) -> UUID | None:
    try:
        return msgspec.convert(plain[name], UUID)
    except (TypeError, KeyError, msgspec.ValidationError):
        return None


def _reason(error: msgspec.ValidationError) -> Code:
    # msgspec has no code for a failed pattern; only the patterns of text name the bidirectional controls.
    return Code.text_forbidden if "u202a" in str(error) else Code.mutation_unreadable

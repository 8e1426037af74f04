"""The cursor of a phone: opaque to it, a small JSON in base64url to us (SPEC M17)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct


class Cursor(Struct, frozen=True, rename={"epoch": "e", "areas": "a", "scope": "s", "positions": "p", "at": "t"}):
    """The server's epoch, the last number seen of each feed, and what the phone knows of its officer.

    `areas` is a digest of the RTs that it reads, `scope` one of all that the last Scope said. `at` is the instant at
    which the cursor was given.
    """

    epoch: str
    areas: str
    scope: str
    positions: dict[UUID, Annotated[int, Meta(ge=0, le=2**63 - 1)]]
    at: int = 0


def encode(cursor: Cursor) -> str:
    return urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(text: str) -> Cursor | None:
    """The cursor, or None for one that is empty or not ours."""
    try:
        return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (ValueError, msgspec.MsgspecError):
        return None

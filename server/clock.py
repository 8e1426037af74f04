"""The only place where the server learns what time it is and where it makes ids and secrets.

Everything else is handed instants and ids, so that tests and replays decide them.
"""

import secrets
import time
from uuid import UUID


def now() -> int:
    """The present instant, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7): milliseconds, then randomness."""
    value = (now() << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    return UUID(int=value & ~(0b11 << 62) | (0b10 << 62))


def new_salt() -> bytes:
    """16 random bytes."""
    return secrets.token_bytes(16)


def new_secret() -> str:
    """256 random bits in base64url."""
    return secrets.token_urlsafe(32)

"""The demo's passwords, links and codes: all derived from one random key, so that a restart shows the same ones.

Only the key is kept, in a file of mode 0600. A real city has no such key: its secrets are random, one by one.
"""

import base64
import hmac
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from server.secrets import ALPHABET, kept_secret

FILE: Final = "demo.key"


class Keys:
    """Secrets by their names; the same name gives the same secret."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def password(self, username: str) -> str:
        """77 bits as a person can type them: `k7mp-2xw9-…`, four groups of four letters."""
        letters = self._letters(f"password/{username}", 16).lower()
        return "-".join(letters[at : at + 4] for at in range(0, 16, 4))

    def link_token(self, number: str) -> str:
        """128 bits in base64url, 22 characters (SPEC P4)."""
        return base64.urlsafe_b64encode(self._bytes(f"link/{number}")[:16]).decode().rstrip("=")

    def code(self, officer: str, issue: int) -> str:
        """The officer's enrolment code of one issue; a used one is followed by the next."""
        letters = self._letters(f"code/{officer}/{issue}", 10)
        return f"{letters[:5]}-{letters[5:]}"

    def _bytes(self, name: str) -> bytes:
        return hmac.digest(self._key, name.encode(), sha256)

    def _letters(self, name: str, count: int) -> str:
        number = int.from_bytes(self._bytes(name))
        digits = []
        for _ in range(count):
            number, digit = divmod(number, len(ALPHABET))
            digits.append(ALPHABET[digit])
        return "".join(digits)


def load_or_create(folder: Path) -> Keys:
    """The keys of the demo whose secrets lie in `folder`."""
    return Keys(kept_secret(folder / FILE, lambda: secrets.token_bytes(32)))

"""Secrets of people and phones: made here, kept as hashes. Passwords by argon2id, random secrets by SHA-256.

A secret of 128 bits or more cannot be guessed, so a fast hash does; a password can, so a slow one must.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

# No 0, O, 1, I, L, U: a code is read aloud and typed on a phone.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_hasher = PasswordHasher()


def hashed(secret: str) -> bytes:
    """SHA-256 of a random secret."""
    return hashlib.sha256(secret.encode()).digest()


def new_code() -> str:
    """An enrolment code, 49 random bits: `K7MPQ-2XW9T`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def plain_code(typed: str) -> str:
    """A code as it is hashed: without the dash and blanks, in capitals."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def new_link_token() -> str:
    """128 random bits in base64url, 22 characters (SPEC P4)."""
    return secrets.token_urlsafe(16)


def new_password() -> str:
    """A password for a person to type, 78 random bits: `K7MP-Q2XW-9TRA-4HZC`."""
    letters = [secrets.choice(ALPHABET) for _ in range(16)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, 16, 4))


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def password_fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed."""
    try:
        return _hasher.verify(password_hash, password)
    except Argon2Error:
        return False


# Checked when the username is unknown, so that the answer takes as long as for one that exists.
NOBODY: Final = hash_password(secrets.token_urlsafe())


def private_folder(path: Path) -> Path:
    """The folder, made with mode 0700 if it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def kept_secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; it is made with mode 0600 if it is missing. Two who start at once get the same."""
    if not path.exists():
        private_folder(path.parent)
        _create(path, make())
    return path.read_bytes()


def _create(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

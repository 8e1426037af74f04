"""The key that push services know this server by (VAPID, RFC 8292). Losing it makes every subscription useless."""

import base64
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from server.secrets import kept_secret

FILE: Final = "vapid.pem"
LIFETIME: Final = 12 * 3_600 * 1_000
"""A day is what RFC 8292 allows; half of it leaves room for a wrong clock."""


class Vapid:
    """Signs for push services: one header per origin, made again when half of its life is over."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._signer = Vapid02(private_key, {"no-strict": True})
        self._contact = contact
        self._headers: dict[str, tuple[int, str]] = {}
        self.public_key = public_key(private_key)

    def header(self, origin: str, now: int) -> str:
        """The Authorization header for a push to `origin`; `now` in milliseconds."""
        expires_at, header = self._headers.get(origin, (0, ""))
        if expires_at - now < LIFETIME // 2:
            expires_at = now + LIFETIME
            claims = {"aud": origin, "sub": self._contact, "exp": expires_at // 1_000}
            header = self._signer.sign(claims)["Authorization"]
            self._headers[origin] = expires_at, header
        return header


def load_or_create(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key in the PEM file at `path`, made with mode 0600 when there is none.

    Two processes may start at once: both then use the key of the first.
    """
    key = serialization.load_pem_private_key(kept_secret(path, _new_pem), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"{path} holds no P-256 key")
    return key


def public_key(private_key: ec.EllipticCurvePrivateKey) -> str:
    """What browsers subscribe with: the uncompressed point in base64url."""
    point = private_key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


@cache
def push_key(secrets: Path) -> str:
    """The public key of the server whose secrets are in a folder."""
    return public_key(load_or_create(secrets / FILE))


def is_contact(contact: str) -> bool:
    """Whether push services take `contact`: a plain `mailto:` or an https address (Apple refuses all others)."""
    url = urlsplit(contact)
    if url.scheme == "mailto":
        return "@" in url.path and not set(" <>,") & set(contact)
    return url.scheme == "https" and bool(url.hostname)


def _new_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

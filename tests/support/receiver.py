"""The receiving end of Web Push (RFC 8291): keys of a browser, and decryption by a library our server never calls."""

import base64

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def text(raw: bytes) -> str:
    """base64url without padding, as browsers write keys."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Receiver:
    """One browser's subscription, without the browser."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = bytes(range(16))
        self.point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.p256dh, self.auth = text(self.point), text(self._auth)

    def read(self, body: bytes) -> bytes:
        """The payload in the body of a POST."""
        return bytes(http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"))

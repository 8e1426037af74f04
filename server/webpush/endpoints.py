"""Which subscriptions may be used (SPEC N5). A browser names the address that we POST to: trust none of it."""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from sync.errors import Code, Refused

HTTPS_PORT: Final = 443
AUTH_BYTES: Final = 16

# No user, no fragment, no percent sign in the host: nothing that two readers of URLs could read in two ways.
_PLAIN: Final = re.compile(r'https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!"$-\[\]-~]*)?')


class Target(NamedTuple):
    """Where a push goes, and the keys of the browser that reads it, base64url."""

    endpoint: str
    p256dh: str
    auth: str


def check(target: Target, push_hosts: str) -> str:
    """The origin of a sound target. Raises Refused `endpoint_refused` for any other.

    `push_hosts` are hosts separated by commas; each allows its subdomains too, and port 443 or the one that it names.
    """
    try:
        origin = _origin(target.endpoint, push_hosts)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _uncompressed_point(target.p256dh))
        if len(_decode(target.auth)) != AUTH_BYTES:
            raise ValueError("auth is not 16 bytes")
    except ValueError as error:
        raise Refused(Code.endpoint_refused, "this push subscription cannot be used") from error
    return origin


def _origin(endpoint: str, push_hosts: str) -> str:
    if not _PLAIN.fullmatch(endpoint):
        raise ValueError("not a plain https URL with a host, perhaps a port, and a path")
    url = urlsplit(endpoint)
    host, port = url.hostname or "", HTTPS_PORT if url.port is None else url.port
    if not any(_allows(entry, host, port) for entry in _entries(push_hosts)):
        raise ValueError("host not allowed")
    return f"https://{host}" if port == HTTPS_PORT else f"https://{host}:{port}"


def _entries(push_hosts: str) -> Iterable[tuple[str, int]]:
    for entry in push_hosts.split(","):
        host, _, port = entry.strip().lower().partition(":")
        if host:
            yield host, int(port or HTTPS_PORT)


def _allows(entry: tuple[str, int], host: str, port: int) -> bool:
    return port == entry[1] and (host == entry[0] or host.endswith("." + entry[0]))


def _uncompressed_point(text: str) -> bytes:
    """65 bytes that begin with 4; the compressed form is valid, but not what browsers send or RFC 8291 wants."""
    point = _decode(text)
    if len(point) != 65:
        raise ValueError("p256dh is not 65 bytes")
    return point


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error

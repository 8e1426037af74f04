"""What every request passes first: the kind and size of its body, where it comes from, and the headers of the answer.

Plain ASGI, so that nothing of a refused request reaches the application.
"""

import zlib
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from server import problems
from sync.errors import Code
from sync.protocol.values import MAX_BODY

CSP: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS: Final = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
]
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
MOST_HEADERS: Final = 100
_GZIP: Final = 16 + zlib.MAX_WBITS


class Edge:
    """ASGI middleware around the application. `origin` is the address of the site as browsers see it."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._origin = origin.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        with_headers = self._with_headers(scope, send)
        headers = {name.lower(): value for name, value in scope["headers"]}
        code = self._refusal(scope, headers)
        if code is None and headers.get(b"content-encoding", b"").lower() == b"gzip":
            unpacked = await _unpacked(receive)
            if isinstance(unpacked, Code):
                code = unpacked
            else:
                receive = _replay(unpacked)
                scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() not in _OF_THE_BODY]
        if code is not None:
            await _refuse(code, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _refusal(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> Code | None:
        """Only JSON and photos are read; only pages of this site may change anything (no cross-site forgery)."""
        if len(list(scope["headers"])) > MOST_HEADERS:
            return Code.headers_too_large
        if b"host" not in headers and scope["http_version"] != "1.0":
            return Code.request_invalid
        if scope["method"] in _SAFE:
            return None
        if b"upgrade" in headers:  # The body of a request that asks for another protocol is never read.
            return Code.request_invalid
        site = headers.get(b"sec-fetch-site", b"same-origin")
        origin = headers.get(b"origin", self._origin.encode()).decode("latin-1")
        if site not in (b"same-origin", b"none") or origin != self._origin:
            return Code.origin_refused
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if has_body and kind != _kind_of_body(scope):
            return Code.content_type_unsupported
        if headers.get(b"content-encoding", b"gzip").lower() not in (b"gzip", b"identity"):
            return Code.content_type_unsupported
        return None

    def _with_headers(self, scope: HTTPScope, send: Send) -> Send:
        extra = [*_HEADERS, (b"cache-control", _cache_control(scope["path"]))]
        if self._origin.startswith("https://"):
            extra.append(_HSTS)

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in extra}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in own]
                message["headers"] = [*kept, *extra]
            await send(message)

        return wrapped


def _kind_of_body(scope: HTTPScope) -> bytes:
    """The one media type that may come: a form of another site can send neither of the two."""
    is_photo = scope["method"] == "PUT" and scope["path"].startswith("/api/photos/")
    return b"application/octet-stream" if is_photo else b"application/json"


_OF_THE_BODY: Final = {b"content-encoding", b"content-length"}


def _cache_control(path: str) -> bytes:
    if path.startswith("/api/"):
        return b"no-store"
    return b"public, max-age=31536000, immutable" if path.startswith("/assets/") else b"no-cache"


async def _unpacked(receive: Receive) -> bytes | Code:
    """The body of a gzipped request. Both forms are bounded, so a small request cannot unfold into a large one."""
    packed = bytearray()
    more = True
    while more:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            return Code.body_not_gzip
        packed += message.get("body", b"")
        more = message.get("more_body", False)
        if len(packed) > MAX_BODY:
            return Code.body_too_large
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(bytes(packed), MAX_BODY + 1)
    except zlib.error:
        return Code.body_not_gzip
    if len(body) > MAX_BODY:
        return Code.body_too_large
    return body if unpacker.eof else Code.body_not_gzip


def _replay(body: bytes) -> Receive:
    messages: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _refuse(code: Code, send: Send) -> None:
    body = problems.body(code)
    headers = [(b"content-type", problems.MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problems.status(code), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

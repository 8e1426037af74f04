"""A batch by HTTPS: the JSON document, signed as Standard Webhooks says (SPEC B14). Redirects are not followed."""

import asyncio
import base64
import secrets
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from standardwebhooks.webhooks import Webhook

from server.secrets import kept_secret
from server.transports import Parcel, TransportError
from sync.batches.document import document

PREFIX: Final = "whsec_"
AGAIN: Final = frozenset({408, 425, 429})
RECEIPT: Final = 200


class WebhookTransport:
    """`folder` holds one secret per destination, `webhook_<name>`."""

    def __init__(self, folder: Path, context: SSLContext, seconds: float) -> None:
        self._folder = folder
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=seconds),
            connector=aiohttp.TCPConnector(ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def send(self, parcel: Parcel, now: int) -> str:
        if urlsplit(parcel.address).scheme != "https":
            raise TransportError("a webhook needs https", permanent=True)
        body = await asyncio.to_thread(document, parcel.batch)
        headers = signed(webhook_secret(self._folder, parcel.destination), parcel, body, now)
        try:
            async with self._session.post(
                parcel.address, data=body, headers=headers, allow_redirects=False
            ) as response:
                return _receipt(response, await response.content.read(RECEIPT))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransportError(type(error).__name__, permanent=False) from error

    async def close(self) -> None:
        await self._session.close()


def webhook_secret(folder: Path, destination: str) -> str:
    """The secret shared with a destination, `whsec_…`; made when there is none."""
    return kept_secret(folder / f"webhook_{destination}", _new_secret).decode().strip()


def _new_secret() -> bytes:
    return (PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()).encode()


def signed(secret: str, parcel: Parcel, body: bytes, now: int) -> dict[str, str]:
    """The headers of one attempt; the id is the same at each, the time is not."""
    identity, moment = f"msg_{parcel.delivery_id}", datetime.fromtimestamp(now // 1000, UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Ronda",
        "Idempotency-Key": parcel.batch.hash,
        "webhook-id": identity,
        "webhook-timestamp": str(now // 1000),
        "webhook-signature": Webhook(secret).sign(identity, moment, body.decode()),
    }


def _receipt(response: aiohttp.ClientResponse, body: bytes) -> str:
    """The receipt of a 2xx. Of what failed, only the status is kept: a body may quote what was sent."""
    status = response.status
    if 200 <= status < 300:
        return f"{status} {body.decode(errors='replace')}"
    permanent = 300 <= status < 500 and status not in AGAIN
    wait = response.headers.get("Retry-After", "")
    seconds = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else 0
    raise TransportError(f"HTTP {status}", permanent=permanent, retry_after=seconds)

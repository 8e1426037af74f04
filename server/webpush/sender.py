"""Encrypts one message for one browser and POSTs it to its push service (RFC 8030, 8188, 8291)."""

from typing import NamedTuple, Self

import aiohttp
from pywebpush import WebPusher

from server.settings import Settings, SettingsError, variable
from server.tls import client_context
from server.webpush.endpoints import Target, check
from server.webpush.vapid import FILE, Vapid, is_contact, load_or_create


class Message(NamedTuple):
    """What is sent. `ttl` in seconds; `topic` replaces a message with the same one that still waits."""

    payload: bytes
    topic: str
    ttl: int
    urgency: str


class Answer(NamedTuple):
    """What a push service said; `status` is None when it said nothing in time."""

    status: int | None
    retry_after: str = ""


class Sender:
    """One session for all pushes of a worker: `async with Sender(settings) as sender`."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError for a contact that push services refuse."""
        if not is_contact(settings.contact):
            raise SettingsError(f"{variable('contact')}: a plain mailto: or an https address is needed")
        self._settings = settings
        self._vapid = Vapid(load_or_create(settings.secrets / FILE), settings.contact)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.push_seconds),
            connector=aiohttp.TCPConnector(ssl=client_context(self._settings.ca_file)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, target: Target, message: Message, now: int) -> Answer:
        """POST once. Raises Refused `endpoint_refused`; all else that can go wrong is an Answer."""
        origin = check(target, self._settings.push_hosts)
        headers = {
            "Authorization": self._vapid.header(origin, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.ttl),
            "Topic": message.topic,
            "Urgency": message.urgency,
        }
        try:
            async with self._session.post(
                target.endpoint, data=encrypt(target, message.payload), headers=headers, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer(None)


def encrypt(target: Target, payload: bytes) -> bytes:
    """The body of a push: `payload` for the eyes of one browser (RFC 8291)."""
    subscription = {"endpoint": target.endpoint, "keys": {"p256dh": target.p256dh, "auth": target.auth}}
    return bytes(WebPusher(subscription).encode(payload)["body"])

"""Destinations of our own, on threads: an SMTP server (aiosmtpd) and an HTTPS endpoint whose answers a test decides.

with SmtpReceiver() as post, HttpsReceiver(tmp_path) as endpoint:
    post.url, post.mails, post.answers
    endpoint.url, endpoint.ca_file, endpoint.requests, endpoint.answers

`answers` are what is answered next, one by one; when none is left, what came is accepted.
"""

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, Self

import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Thread:
    """A server with an event loop of its own, for the time of a `with` block."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._wait(self.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self.stop())
        self._wait(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def start(self) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        raise NotImplementedError


async def _end_tasks() -> None:
    """Cancel what a test left hanging."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class SmtpReceiver(_Thread):
    """A mail server on 127.0.0.1. `answers` are SMTP replies such as `451 later`; `refusals` are those to RCPT."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: deque[str] = deque()
        self.refusals: deque[str] = deque()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        protocol = partial(SMTP, self, data_size_limit=64 * 1024 * 1024, enable_SMTPUTF8=True, loop=self._loop)
        self._server = await self._loop.create_server(protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient."""
        if self.refusals:
            return self.refusals.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd when a mail has come; it is kept also when the answer says otherwise."""
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(envelope.rcpt_tos)
        return self.answers.popleft() if self.answers else "250 diterima"


@dataclass(frozen=True)
class Received:
    """One POST as it came, and when, in seconds since 1970."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.time)


class HttpsReceiver(_Thread):
    """An HTTPS endpoint on localhost, with a certificate of an authority that only `ca_file` knows."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.port = port
        self.requests: list[Received] = []
        self.answers: deque[Answer] = deque()
        self._authority = trustme.CA()
        self.ca_file = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.ca_file)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/berkas"

    async def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("localhost").configure_cert(context)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "localhost", self.port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Received(request.path, headers, await request.read()))
        return await (self.answers.popleft() if self.answers else say(200, "tanda terima 1"))(request)


def say(status: int, text: str = "", **headers: str) -> Answer:
    """Answer with a status, a text and headers (`Retry_After` is `Retry-After`)."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={n.replace("_", "-"): v for n, v in headers.items()})

    return answer


async def hang(_request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.sleep(3600)
    raise AssertionError


async def reset(request: web.Request) -> web.StreamResponse:
    """Cut the connection instead of answering."""
    assert request.transport
    request.transport.abort()
    await asyncio.sleep(3600)
    raise AssertionError

"""A push service of our own: Firefox comes by WebSocket (the autopush protocol), the server POSTs by HTTPS (RFC 8030).

with PushService(authority) as service:
    service.websocket      ws://127.0.0.1:PORT/, for Firefox
    service.host           localhost:PORT, for RONDA_PUSH_HOSTS
    service.received       what was POSTed, in order
    service.answers        what to answer next; empty: deliver to the browser and say 201
    service.acknowledged   (version, code) of each ack; service.refused: of each nack
"""

import asyncio
import base64
import ssl
import threading
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

import trustme
from aiohttp import WSMsgType, web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    token: str
    headers: dict[str, str]
    body: bytes


def status(code: int, **headers: str) -> Answer:
    """An answer of a status alone; `Retry_After="5"` is a header."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return answer


async def hang(_: web.Request) -> web.StreamResponse:
    """No answer, until the other side has had enough."""
    await asyncio.sleep(3600)
    raise AssertionError


async def reset(request: web.Request) -> web.StreamResponse:
    """The connection breaks."""
    assert request.transport
    request.transport.abort()
    return web.Response()


@dataclass
class PushService:
    authority: trustme.CA
    answers: deque[Answer] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    refused: list[tuple[str, int]] = field(default_factory=list)
    _channels: dict[str, str] = field(default_factory=dict)
    _browsers: set[web.WebSocketResponse] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    @property
    def host(self) -> str:
        return f"localhost:{self._https_port}"

    @property
    def origin(self) -> str:
        return f"https://{self.host}"

    def endpoint(self, token: str = "nobody") -> str:
        """An address to POST to; only those that Firefox registered lead to a browser."""
        return f"{self.origin}/push/{token}"

    async def _start(self) -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert("localhost").configure_cert(tls)
        self._https, self._https_port = await _serve([web.post("/push/{token}", self._post)], tls)
        self._http, port = await _serve([web.get("/", self._browser)], None)
        self.websocket = f"ws://127.0.0.1:{port}/"

    async def _stop(self) -> None:
        for runner in (self._https, self._http):
            await runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        self.received.append(Received(token, dict(request.headers), await request.read()))
        if self.answers:
            return await self.answers.popleft()(request)
        return await self.deliver(self.received[-1])

    async def deliver(self, push: Received) -> web.Response:
        """Hand a push to the browser that registered its token; nobody: 410."""
        if push.token not in self._channels:
            return web.Response(status=410)
        message = {
            "messageType": "notification",
            "channelID": self._channels[push.token],
            "version": uuid.uuid4().hex,
            "data": base64.urlsafe_b64encode(push.body).rstrip(b"=").decode(),
            "headers": {"encoding": push.headers["Content-Encoding"]},
        }
        for browser in set(self._browsers):
            await browser.send_json(message)
        return web.Response(status=201, headers={"Location": f"{self.origin}/message/{message['version']}"})

    async def _browser(self, request: web.Request) -> web.WebSocketResponse:
        browser = web.WebSocketResponse(protocols=["push-notification"])
        await browser.prepare(request)
        self._browsers.add(browser)
        try:
            async for message in browser:
                if message.type is WSMsgType.TEXT:
                    await self._hear(browser, message.json())
        finally:
            self._browsers.discard(browser)
        return browser

    async def _hear(self, browser: web.WebSocketResponse, said: dict[str, Any]) -> None:
        kind = said.get("messageType", "ping")
        if kind == "hello":
            uaid = said.get("uaid") or uuid.uuid4().hex
            await browser.send_json(
                {"messageType": kind, "uaid": uaid, "status": 200, "use_webpush": True, "broadcasts": {}}
            )
        elif kind in {"register", "unregister"}:
            await browser.send_json({"messageType": kind, "status": 200, **getattr(self, f"_{kind}")(said)})
        elif kind == "ack":
            self.acknowledged += [(update["version"], update["code"]) for update in said["updates"]]
        elif kind == "nack":
            self.refused.append((said["version"], said["code"]))
        elif kind == "ping":
            await browser.send_str("{}")

    def _register(self, said: dict[str, Any]) -> dict[str, str]:
        token = uuid.uuid4().hex
        self._channels[token] = said["channelID"]
        return {"channelID": said["channelID"], "pushEndpoint": self.endpoint(token)}

    def _unregister(self, said: dict[str, Any]) -> dict[str, str]:
        self._channels = {token: channel for token, channel in self._channels.items() if channel != said["channelID"]}
        return {"channelID": said["channelID"]}


async def _serve(routes: list[web.RouteDef], tls: ssl.SSLContext | None) -> tuple[web.AppRunner, int]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    return runner, runner.addresses[0][1]

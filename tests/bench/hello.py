"""The yardstick: a Litestar handler that decodes an exchange's body, mutations and all, and does nothing with it.

`python -m tests.bench.hello PORT` serves it as `ronda serve` serves the real one.
"""

import sys

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from msgspec import UNSET, UnsetType

from sync.protocol.exchange import Mutation
from sync.protocol.values import Wire


class Body(Wire, frozen=True):
    """An ExchangeRequest whose mutations are read at once."""

    protocol: int
    now: int
    mutations: tuple[Mutation, ...] = ()
    cursor: str = ""
    check: bool | UnsetType = UNSET


_decode = msgspec.json.Decoder(Body).decode


@get("/health")
async def health() -> None:
    """Answers when the server does."""


@post("/api/exchange", status_code=200)
async def hello(request: Request[None, None, State]) -> Response[bytes]:
    """Decode, and say so. It reads the body itself, which costs less than Litestar's way."""
    _decode(await request.body())
    return Response(b'{"cursor":""}', media_type="application/json")


app = Litestar(route_handlers=[hello, health], openapi_config=None, logging_config=None)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, server_header=False, log_level="warning")

"""HTTP as simulated phones and the proxy speak it: one message on one connection."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final, NamedTuple

# As long as a real phone waits: one that gives up sooner asks a busy server for the same work again and again.
PATIENCE: Final = 30


class NoAnswer(Exception):
    """Nothing, or not all of an answer, came."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of a request or an answer. Raises IncompleteReadError when it is cut off."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = headers_of(head).get("content-length")
    return head, await reader.readexactly(int(length)) if length else b""


def headers_of(head: bytes) -> dict[str, str]:
    """The headers of a message, their names in small letters."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


async def call(
    port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """One request to 127.0.0.1. Raises NoAnswer."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_request(port, method, path, body, headers or {}))
                head, answer = await read_message(reader)
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise NoAnswer(type(error).__name__) from error
    return Answer(int(head.split(b" ", 2)[1]), headers_of(head), answer)


def _request(port: int, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    own = {"Host": f"127.0.0.1:{port}", "Connection": "close", "Content-Length": str(len(body))}
    if body:
        own["Content-Type"] = "application/json"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**own, **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def encode(value: object) -> bytes:
    """JSON as a phone writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

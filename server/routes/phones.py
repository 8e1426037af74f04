"""Officers' phones: enrolment and the exchange."""

import json
from typing import Final

import msgspec
from litestar import Request, Router, post
from litestar.datastructures import State
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Raw

from server import clock
from server.auth import bearer_hash
from server.compression import compressed
from server.given import Chosen, Db
from server.openapi import PHONE, Api
from server.secrets import hashed, plain_code
from server.store import devices
from server.store.answers import schedule_view
from server.store.exchange import Job
from server.store.writer import ExchangeWriter
from sync.errors import Code, Refused
from sync.intake import read
from sync.protocol.exchange import Enrolled, EnrolRequest, ExchangeRequest, ExchangeResponse
from sync.protocol.values import MAX_BODY, PROTOCOL

_decode_request = msgspec.json.Decoder(ExchangeRequest).decode
_encode = msgspec.json.Encoder().encode
_FIELDS: Final = [f'"{name}"'.encode() for name in ExchangeRequest.__struct_fields__]


_EXCHANGE: Final = Api(PHONE, ExchangeRequest, ExchangeResponse, raises=(Code.protocol_unsupported,))


@post("/exchange", status_code=200, api=_EXCHANGE)
async def exchange(request: Request[None, None, State]) -> ASGIResponse:
    """Take in a phone's mutations and answer with outcomes and changes (SPEC M1-M18).

    All phones come here: what a dependency and a Response would cost again and again is left out.
    """
    now = clock.now()
    writer: ExchangeWriter = request.app.state.writer
    secret_hash = bearer_hash(request)
    await writer.admit(secret_hash)
    asked = decode_exchange(await request.body())
    incoming = tuple(read(bytes(raw)) for raw in asked.mutations)
    job = Job(
        secret_hash=secret_hash,
        phone_now=asked.now,
        now=now,
        cursor=asked.cursor,
        incoming=incoming,
        salts=tuple(clock.new_salt() for _ in incoming),
        ask=asked.ask,
        check=asked.check,
        unsent=asked.unsent,
        app=asked.app,
        wiped=asked.wiped,
        version=asked.protocol,
    )
    accepted = request.headers.get("accept-encoding", "")
    body, encoding = compressed(_encode(await writer.submit(job)), accepted)
    headers = {"vary": "Accept-Encoding"} | ({"content-encoding": encoding} if encoding else {})
    return ASGIResponse(body=body, media_type="application/json", headers=headers)


def decode_exchange(body: bytes) -> ExchangeRequest:
    """A request whose mutations are still bytes. Raises Refused with a stable code (SPEC M1, M20)."""
    if len(body) > MAX_BODY:
        raise Refused(Code.body_too_large)
    body.decode()  # Mutations are read later; their encoding is judged now, with the rest.
    try:
        asked = _decode_request(body)
    except msgspec.ValidationError as error:
        raise Refused(Code.request_invalid) from error
    except msgspec.DecodeError:
        asked = _decode_leniently(body)
    if _says_twice(body):
        raise Refused(Code.request_invalid)
    if not 1 <= asked.protocol <= PROTOCOL:
        raise Refused(Code.protocol_unsupported)
    return asked


def _says_twice(body: bytes) -> bool:
    """Whether the request has one of its own fields twice, so that two readers would see two requests."""
    if all(body.count(name) <= 1 for name in _FIELDS):
        return False
    names = [name for name, _ in json.loads(body, object_pairs_hook=list)]
    return len(set(names)) < len(names)


def _decode_leniently(body: bytes) -> ExchangeRequest:
    """A request with half an emoji or a NaN in one mutation: that one is to be quarantined, not the request refused."""
    try:
        plain = json.loads(body.decode())
        raws = [Raw(json.dumps(mutation).encode()) for mutation in plain["mutations"]]
        return msgspec.convert(plain | {"mutations": raws}, ExchangeRequest)
    except json.JSONDecodeError as error:
        raise Refused(Code.body_not_json) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(Code.request_invalid) from error


@post("/enrol", status_code=200, api=Api(raises=(Code.code_invalid,)))
async def enrol(data: JSONBody[EnrolRequest], db: Db, settings: Chosen) -> Enrolled:
    """Enrol a phone by a code that works once (SPEC M19)."""
    now = clock.now()
    code_hash = hashed(plain_code(data.code))
    device = {"device_id": data.device_id, "name": data.device_name, "secret_hash": hashed(data.secret)}
    caller = await db.write(devices.enrol, code_hash, device, now)
    view = schedule_view(settings.schedule)
    return Enrolled(now=now, scope=await db.read(devices.scope, caller, now, view))


router = Router("/api", route_handlers=[exchange, enrol])

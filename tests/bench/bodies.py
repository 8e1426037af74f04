"""The bytes of an exchange as a phone sends them, quickly made: real structs once encoded, ids put in later."""

from secrets import randbits
from typing import Final
from uuid import UUID

import msgspec

from sync.protocol.exchange import FileNil, Mutation, SaveReport
from sync.protocol.records import (
    Document,
    DocumentKind,
    Groups,
    Identity,
    LodgingKind,
    Permit,
    PermitKind,
    Report,
    Sex,
    Stay,
)
from sync.protocol.values import PROTOCOL
from tests.bench.city import Phone

_MUTATION, _RECORD, _AREA, _CAPTURED = UUID(int=1), UUID(int=2), UUID(int=3), 4_444_444_444_444

FULL: Final = Report(
    identity=Identity("Maria Contoh Percobaan", Sex.female, "1990-04-17", "Kota Contoh", "NLD"),
    document=Document(DocumentKind.passport, "XY1234567", "NLD", "2029-01-31"),
    permit=Permit(PermitKind.itas, "2C11JE0001-X", "2027-06-30"),
    stay=Stay("Jalan Percobaan 12", LodgingKind.boarding_house, "Kos Contoh", "Bu Contoh", "0800000000", "2026-11-20"),
    note="Datang bersama seorang teman.",
)
_GROUPS: Final = Groups(FULL.identity, FULL.document, FULL.permit, FULL.stay, FULL.note)


def _template(mutation: Mutation) -> bytes:
    text = msgspec.json.encode(mutation).replace(b"%", b"%%")
    for place, form in ((_MUTATION, b"%(mutation)b"), (_RECORD, b"%(record)b"), (_AREA, b"%(area)b")):
        text = text.replace(str(place).encode(), form)
    return text.replace(str(_CAPTURED).encode(), b"%(captured)d")


REPORT: Final = _template(SaveReport(_MUTATION, _RECORD, _AREA, _CAPTURED, _GROUPS))
NIL: Final = _template(FileNil(_MUTATION, _RECORD, _AREA, _CAPTURED))
_BODY: Final = b'{"protocol":%d,"now":%d,"cursor":"%b","mutations":[%b]}'


def new_id(now: int) -> bytes:
    """A UUIDv7 in letters; `now` in milliseconds."""
    digits = f"{now:012x}7{randbits(12):03x}{0x8000 | randbits(14):04x}{randbits(48):012x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}".encode()


class Pen:
    """A phone as the load generator plays it: it writes requests and keeps the cursor of the last answer."""

    def __init__(self, phone: Phone, accept: str) -> None:
        self._area = str(phone.area_id).encode()
        self.cursor = b""
        self._head = (
            "POST /api/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Accept-Encoding: {accept}\r\nAuthorization: Bearer {phone.secret}\r\nContent-Length: "
        ).encode()

    def mutation(self, template: bytes, now: int, own: bytes = b"") -> bytes:
        """A record begun now, as its own id or a new one."""
        own = own or new_id(now)
        return template % {b"mutation": own, b"record": own, b"area": self._area, b"captured": now}

    def request(self, now: int, mutations: list[bytes]) -> bytes:
        body = _BODY % (PROTOCOL, now, self.cursor, b",".join(mutations))
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

    def hear(self, answer: bytes) -> None:
        """Keep the cursor of an answer."""
        start = answer.rfind(b'"cursor":"')
        if start >= 0:
            self.cursor = answer[start + 10 : answer.index(b'"', start + 10)]

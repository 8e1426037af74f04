"""Officers' phones at the desk: who has which, a revocation, a code for a new one (SPEC D1, D4)."""

from typing import Final
from uuid import UUID

import segno
from litestar import Router, get, post
from litestar.params import FromPath

from server import clock
from server.auth import require
from server.given import Chosen, Db, SignedIn
from server.secrets import hashed, new_code, plain_code
from server.store import phones
from sync.protocol.console import ConsoleRole, EnrolmentCode, OfficerPhones, PhoneView

KEEPERS: Final = (ConsoleRole.lurah, ConsoleRole.camat, ConsoleRole.admin)
CODE_LIFE: Final = 10 * 60_000


@get("/devices")
async def of_officers(person: SignedIn, db: Db) -> list[OfficerPhones]:
    """The officers of the person's area with their phones."""
    require(person, *KEEPERS)
    return await db.read(phones.listed, person.area_id, clock.now())


@post("/devices/{device_id:uuid}/revocation", status_code=200)
async def revoke(device_id: FromPath[UUID], person: SignedIn, db: Db) -> PhoneView:
    """Revoke a phone of the person's area. Raises Unknown for any other."""
    require(person, *KEEPERS)
    return await db.write(phones.revoke, device_id, person.area_id, clock.now())


@post("/officers/{officer_id:uuid}/enrolment-code", status_code=200)
async def enrolment_code(officer_id: FromPath[UUID], person: SignedIn, db: Db, settings: Chosen) -> EnrolmentCode:
    """A code for one phone of an officer of the person's area. Raises Unknown for any other."""
    require(person, *KEEPERS)
    code, now = new_code(), clock.now()
    expires_at = now + CODE_LIFE
    await db.write(phones.issue_code, officer_id, person.area_id, hashed(plain_code(code)), now, expires_at)
    link = f"{settings.origin}/petugas/#kode={code}"
    return EnrolmentCode(code, link, segno.make(link, micro=False).svg_data_uri(scale=6, light="#fff"), expires_at)


router = Router("/api", route_handlers=[of_officers, revoke, enrolment_code])

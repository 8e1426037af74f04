"""Reports that may be of one person, and what a person says of them (SPEC T3)."""

from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from server import clock
from server.auth import require
from server.given import Db, SignedIn
from server.openapi import Api
from server.routes.conflicts import DECIDERS
from server.store import findings
from sync.errors import Code
from sync.protocol.console import FindingView, VerdictRequest


@get("/")
async def open_findings(person: SignedIn, db: Db) -> list[FindingView]:
    """What waits for a person in the user's area, oldest first."""
    require(person, *DECIDERS)
    return await db.read(findings.open_below, person.area_id)


@post("/{first_id:uuid}/{second_id:uuid}/decision", status_code=204, api=Api(raises=(Code.decided_already,)))
async def decide(
    first_id: FromPath[UUID], second_id: FromPath[UUID], data: JSONBody[VerdictRequest], person: SignedIn, db: Db
) -> None:
    """Say whether two reports are of one person. The reports stay as they are."""
    require(person, *DECIDERS)
    pair, reason = (first_id, second_id), data.reason.strip()
    await db.write(findings.decide, pair, data.decision, reason, person.user_id, person.area_id, clock.now())


router = Router("/api/findings", route_handlers=[open_findings, decide])

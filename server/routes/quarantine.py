"""Mutations that were kept instead of applied, and what a person decides of them (SPEC M21)."""

from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from server import clock
from server.auth import require
from server.given import Chosen, Db, SignedIn
from server.openapi import Api
from server.routes.conflicts import DECIDERS, REFUSALS
from server.store import quarantine, rulings
from server.store.rulings import Judgement
from sync.errors import Code, Refused, Unknown
from sync.protocol.console import ConsoleRole, QuarantineView, Ruling, RulingRequest
from sync.protocol.exchange import Outcome


@get("/")
async def waiting(person: SignedIn, db: Db) -> list[QuarantineView]:
    """What waits for a decision in the person's area, oldest first."""
    require(person, *DECIDERS)
    return await db.read(quarantine.waiting, person.area_id, everything=person.role == ConsoleRole.admin)


@post("/{mutation_id:uuid}/{digest:str}/decision", status_code=200, api=Api(raises=(Code.decided_already, *REFUSALS)))
async def decide(
    mutation_id: FromPath[UUID],
    digest: FromPath[str],
    data: JSONBody[RulingRequest],
    person: SignedIn,
    db: Db,
    settings: Chosen,
) -> Outcome:
    """Release or discard one. Raises Refused with the reason why it cannot be applied; then it stays."""
    require(person, *DECIDERS)
    reason = data.reason.strip()
    if data.decision is Ruling.discard and not reason:
        raise Refused(Code.request_invalid, "A discarded mutation needs a reason.")
    judgement = Judgement(
        mutation_id=mutation_id,
        digest=_bytes(digest),
        ruling=data.decision,
        reason=reason,
        user_id=person.user_id,
        area_id=person.area_id,
        everything=person.role == ConsoleRole.admin,
        now=clock.now(),
        salt=clock.new_salt(),
    )
    return await db.write(rulings.rule, judgement, settings.schedule)


def _bytes(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except ValueError as error:
        raise Unknown(Code.not_found) from error


router = Router("/api/quarantine", route_handlers=[waiting, decide])

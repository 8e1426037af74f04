"""Values that disagree, and the decision of a person between them (SPEC M14)."""

from typing import Final

from litestar import Router, get, post

from server import clock
from server.auth import AnyRequest, require
from server.given import Chosen, Db, SignedIn
from server.store import conflicts
from sync.errors import Refused
from sync.intake import read
from sync.protocol.console import ConflictView, ConsoleRole
from sync.protocol.exchange import Outcome, OutcomeKind

DECIDERS: Final = (ConsoleRole.lurah, ConsoleRole.camat, ConsoleRole.admin)


@get("/conflicts")
async def open_conflicts(person: SignedIn, db: Db) -> list[ConflictView]:
    """The conflicts of the person's area that wait for a decision, oldest first."""
    require(person, *DECIDERS)
    return await db.read(conflicts.open_below, person.area_id)


@post("/resolutions", status_code=200)
async def resolve(request: AnyRequest, person: SignedIn, db: Db, settings: Chosen) -> Outcome:
    """Store a decision. Raises Refused with the reason when it came too late or reaches too far."""
    require(person, *DECIDERS)
    incoming = read(await request.body())
    arrived = conflicts.Decided(incoming, person.user_id, person.area_id, clock.now(), clock.new_salt())
    outcome = await db.write(conflicts.resolve, arrived, settings.schedule)
    if outcome.code and outcome.outcome in (OutcomeKind.rejected, OutcomeKind.quarantined):
        raise Refused(outcome.code)
    return outcome


router = Router("/api", route_handlers=[open_conflicts, resolve])

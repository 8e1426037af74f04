"""Values that disagree, and the decision of a person between them (SPEC M14)."""

from typing import Final

from litestar import Router, get, post

from server import clock
from server.auth import AnyRequest, require
from server.given import Chosen, Db, SignedIn
from server.openapi import Api
from server.store import conflicts
from sync.errors import Code, Refused
from sync.intake import read
from sync.protocol.console import ConflictView, ConsoleRole
from sync.protocol.exchange import Mutation, Outcome, OutcomeKind

REFUSALS: Final = (
    Code.mutation_unreadable,
    Code.text_forbidden,
    Code.date_impossible,
    Code.mutation_id_reused,
    Code.not_found,
    Code.area_fixed,
    Code.area_out_of_scope,
    Code.record_unknown,
    Code.record_kind_differs,
    Code.record_quarantined,
    Code.resolution_not_allowed,
    Code.resolution_stale,
)
DECIDERS: Final = (ConsoleRole.lurah, ConsoleRole.camat, ConsoleRole.admin)


@get("/conflicts")
async def open_conflicts(person: SignedIn, db: Db) -> list[ConflictView]:
    """The conflicts of the person's area that wait for a decision, oldest first."""
    require(person, *DECIDERS)
    return await db.read(conflicts.open_below, person.area_id)


@post("/resolutions", status_code=200, api=Api(reads=Mutation, raises=REFUSALS))
async def resolve(request: AnyRequest, person: SignedIn, db: Db, settings: Chosen) -> Outcome:
    """Store a decision. Raises Refused with the reason when it came too late or reaches too far."""
    require(person, *DECIDERS)
    incoming = read(await request.body())
    arrived = conflicts.Decided(incoming, person.user_id, person.area_id, clock.now(), clock.new_salt())
    outcome = await db.write(conflicts.resolve, arrived, settings.schedule)
    if outcome.code and (outcome.was or outcome.outcome) in (OutcomeKind.rejected, OutcomeKind.quarantined):
        raise Refused(outcome.code)
    return outcome


router = Router("/api", route_handlers=[open_conflicts, resolve])

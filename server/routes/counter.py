"""The counter of the immigration office: applications, and the events that move them (SPEC P1, P2)."""

from typing import Final
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from server import clock
from server.auth import require
from server.given import Chosen, Db, SignedIn
from server.openapi import Api
from server.store import applications
from server.workdays import today
from sync.errors import Code
from sync.protocol.console import ConsoleRole
from sync.protocol.passports import CounterRow, EventRequest

_EVENTS: Final = Api(raises=(Code.event_not_allowed, Code.payment_missing))
STAFF = (ConsoleRole.immigration, ConsoleRole.admin)


@get("/")
async def rows(person: SignedIn, db: Db) -> list[CounterRow]:
    """The applications, latest visits first, each with the events that are possible now."""
    require(person, *STAFF)
    return await db.read(applications.counter_rows)


@post("/{application_id:uuid}/events", status_code=200, api=_EVENTS)
async def happen(
    application_id: FromPath[UUID], data: JSONBody[EventRequest], person: SignedIn, db: Db, settings: Chosen
) -> CounterRow:
    """Apply one event; its news is written with it and sent by the worker."""
    require(person, *STAFF)
    present = today(settings.timezone)
    return await db.write(applications.move, application_id, data.event, data.reason, present, clock.new_id)


router = Router("/api/applications", route_handlers=[rows, happen])

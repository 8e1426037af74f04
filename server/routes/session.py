"""Signing in to the console and out of it."""

from typing import Final

from anyio import CapacityLimiter, to_thread
from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody

from server import clock
from server.auth import SESSION_SECONDS, AnyRequest, session_cookie, session_hash
from server.given import Chosen, Db, SignedIn
from server.openapi import CONSOLE, Api
from server.secrets import NOBODY, hashed, password_fits
from server.store import people
from server.store.people import Person
from sync.errors import Busy, Code, Unauthorized
from sync.protocol.console import ConsoleRole, ConsoleUser, SignInRequest

# A check of a password takes tens of milliseconds of a core and 64 MiB; more at once would starve the exchanges.
_checks = CapacityLimiter(2)
MOST_WAITING: Final = 20


@post("/", status_code=200, api=Api(raises=(Code.credentials_invalid,)))
async def sign_in(data: JSONBody[SignInRequest], db: Db, settings: Chosen) -> Response[ConsoleUser]:
    """Open a session. A wrong password and an unknown name are answered alike. Raises Busy when too many wait."""
    if _checks.statistics().tasks_waiting >= MOST_WAITING:
        raise Busy(Code.busy)
    person = await db.read(people.person_named, data.username)
    password_hash = person.password_hash if person else NOBODY
    fits = await to_thread.run_sync(password_fits, password_hash, data.password, limiter=_checks)
    if person is None or not fits:
        raise Unauthorized(Code.credentials_invalid)
    token, now = clock.new_secret(), clock.now()
    await db.write(people.open_session, hashed(token), person.user_id, now, now + SESSION_SECONDS * 1000)
    return Response(_view(person), cookies=[session_cookie(settings, token)])


@get("/")
async def current(person: SignedIn) -> ConsoleUser:
    return _view(person)


@delete("/", status_code=204, api=Api(CONSOLE))
async def sign_out(request: AnyRequest, db: Db, settings: Chosen) -> Response[None]:
    await db.write(people.close_session, session_hash(request, settings))
    return Response(None, status_code=204, cookies=[session_cookie(settings, "", 0)])


def _view(person: Person) -> ConsoleUser:
    return ConsoleUser(person.user_id, person.name, ConsoleRole(person.role), person.area)


router = Router("/api/session", route_handlers=[sign_in, current, sign_out])

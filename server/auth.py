"""Who calls: phones and applicants by a bearer secret, console users by a session cookie."""

from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie

from server import clock
from server.given import Chosen, Db
from server.secrets import hashed
from server.settings import Settings
from server.store.people import Person, person_of_session
from sync.errors import Code, Refused, Unauthorized
from sync.protocol.console import ConsoleRole

SESSION_SECONDS: Final = 12 * 60 * 60

AnyRequest = Request[Any, Any, Any]


def bearer_hash(request: AnyRequest) -> bytes:
    """The hash of the caller's bearer secret. Raises Unauthorized without one."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized(Code.unauthorized)
    return hashed(secret)


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds a cookie to one host and to TLS; a browser takes it only by TLS."""
    return "__Host-ronda" if settings.secure else "ronda"


def session_cookie(settings: Settings, token: str, seconds: int = SESSION_SECONDS) -> Cookie:
    """The cookie of a session; 0 seconds takes it back."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        max_age=seconds,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="strict",
    )


def session_hash(request: AnyRequest, settings: Settings) -> bytes:
    """The hash of the caller's session token. Raises Unauthorized without one."""
    token = request.cookies.get(cookie_name(settings), "")
    if not token:
        raise Unauthorized(Code.unauthorized)
    return hashed(token)


async def signed_in(request: AnyRequest, db: Db, settings: Chosen) -> Person:
    """The console user of the request, as a dependency named `person`. Raises Unauthorized."""
    person = await db.read(person_of_session, session_hash(request, settings), clock.now())
    if person is None:
        raise Unauthorized(Code.unauthorized)
    return person


def require(person: Person, *roles: ConsoleRole) -> None:
    """Raises Refused(forbidden) unless the person has one of the roles."""
    if person.role not in roles:
        raise Refused(Code.forbidden)

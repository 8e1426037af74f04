"""Applicants: their application by the secret of its link, and being told of it (SPEC P4, N5, N6)."""

from litestar import Router, get, post, put
from litestar.params import JSONBody

from server import clock
from server.auth import AnyRequest, bearer_hash
from server.given import Chosen, Db
from server.openapi import APPLICANT, Api
from server.store import applications, notifications
from server.webpush.endpoints import Target, check
from server.webpush.vapid import push_key
from sync.errors import Code, Unauthorized
from sync.protocol.passports import ApplicationView, SubscriptionRequest, UnsubscribeRequest


@get("/", api=Api(APPLICANT))
async def application(request: AnyRequest, db: Db, settings: Chosen) -> ApplicationView:
    """The application of the link."""
    view = await db.read(applications.view, bearer_hash(request), push_key(settings.secrets), clock.now())
    if view is None:
        raise Unauthorized(Code.unauthorized)
    return view


@put("/subscription", status_code=204, api=Api(APPLICANT, raises=(Code.endpoint_refused,)))
async def subscribe(request: AnyRequest, data: JSONBody[SubscriptionRequest], db: Db, settings: Chosen) -> None:
    """Tell this browser when the passport is ready; again: with its new keys."""
    link_hash = bearer_hash(request)
    origin = check(Target(data.endpoint, data.p256dh, data.auth), settings.push_hosts)
    await db.write(notifications.subscribe, link_hash, data, origin, clock.new_id(), clock.now())


@post("/unsubscription", status_code=204, api=Api(APPLICANT))
async def unsubscribe(request: AnyRequest, data: JSONBody[UnsubscribeRequest], db: Db) -> None:
    """Tell this browser no more."""
    await db.write(notifications.unsubscribe, bearer_hash(request), data.endpoint)


router = Router("/api/application", route_handlers=[application, subscribe, unsubscribe])

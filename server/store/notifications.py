"""Subscriptions, notifications and pushes: who wants to be told, what, and what became of it (SPEC N1, N2, N6).

A push that is due is claimed by a conditional UPDATE: whoever gets the row back has the lease, and records the result
under it. Must never send.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlmodel import col

from server.tables.passports import Application, Notification, Push, Subscription
from sync.errors import Code, Unauthorized
from sync.notifications import AFTER, TIME_TO_LIVE, UNRECORDED_ATTEMPTS, Fate, Kind, PushState, Reaction
from sync.protocol.passports import Locale, SubscriptionRequest

MOST_SUBSCRIPTIONS: Final = 10

_OPEN: Final = (PushState.waiting, PushState.sending)


class DuePush(Struct, frozen=True):
    """A push that the holder of the lease may send now; `attempts` counts the one to come. Instants in ms."""

    push_id: UUID
    lease_id: UUID
    attempts: int
    expires_at: int
    kind: Kind
    application_id: UUID
    endpoint: str
    origin: str
    p256dh: str
    auth: str
    locale: Locale


def subscribe(
    conn: Connection, link_hash: bytes, request: SubscriptionRequest, origin: str, subscription_id: UUID, now: int
) -> None:
    """Tell this browser of the link's application; again: with the new keys (SPEC N6). Raises Unauthorized."""
    application_id = _locked_application(conn, link_hash)
    values = {"p256dh": request.p256dh, "auth": request.auth, "locale": request.locale, "created_at": now}
    renewed = conn.execute(update(Subscription).where(*_browser(application_id, request.endpoint)).values(values))
    if renewed.rowcount:
        return
    browsers = _subscriptions(conn, application_id)
    for browser in browsers[: max(0, len(browsers) + 1 - MOST_SUBSCRIPTIONS)]:
        _forget(conn, col(Subscription.subscription_id) == browser)
    ids = {"subscription_id": subscription_id, "application_id": application_id}
    conn.execute(insert(Subscription).values(**ids, endpoint=request.endpoint, origin=origin, **values))


def unsubscribe(conn: Connection, link_hash: bytes, endpoint: str) -> None:
    """Tell this browser no more, also nothing that is on its way. Raises Unauthorized."""
    _forget(conn, *_browser(_locked_application(conn, link_hash), endpoint))


def announce(conn: Connection, application_id: UUID, kind: Kind, now: int, new_id: Callable[[], UUID]) -> None:
    """Write a notification, and a push for each subscription (SPEC N1)."""
    notification_id = new_id()
    ids = {"notification_id": notification_id, "application_id": application_id}
    conn.execute(insert(Notification).values(**ids, kind=kind, created_at=now))
    pushes = [
        {
            "push_id": new_id(),
            "notification_id": notification_id,
            "subscription_id": subscription_id,
            "state": PushState.waiting,
            "attempts": 0,
            "unrecorded": 0,
            "next_at": now,
            "expires_at": now + TIME_TO_LIVE,
        }
        for subscription_id in _subscriptions(conn, application_id)
    ]
    if pushes:
        conn.execute(insert(Push), pushes)


def drop(conn: Connection, application_id: UUID) -> None:
    """Send no more of what was told of an application."""
    told = select(col(Notification.notification_id)).where(col(Notification.application_id) == application_id)
    _close(conn, PushState.dropped, col(Push.notification_id).in_(told))


def claim(conn: Connection, lease_id: UUID, now: int, lease: int, most: int) -> list[DuePush]:
    """Take pushes that are due for `lease` milliseconds, and count the attempt before it is made (SPEC N2)."""
    due = (col(Push.state).in_(_OPEN), col(Push.next_at) <= now)
    hopeless = or_(col(Push.expires_at) <= now, col(Push.unrecorded) >= UNRECORDED_ATTEMPTS)
    _close(conn, PushState.failed, *due, hopeless)
    first = (
        select(col(Push.push_id)).where(*due).order_by(col(Push.next_at)).limit(most).with_for_update(skip_locked=True)
    )
    conn.execute(
        update(Push)
        .where(*due, col(Push.push_id).in_(first))
        .values(
            state=PushState.sending,
            attempts=col(Push.attempts) + 1,
            unrecorded=col(Push.unrecorded) + 1,
            next_at=now + lease,
            lease_id=lease_id,
        )
        .execution_options(synchronize_session=False)
    )
    return _leased(conn, lease_id)


def record(conn: Connection, push: DuePush, reaction: Reaction, status: int | None, now: int) -> bool:
    """Store what became of an attempt; False when the lease has ended and another attempt counts."""
    mine = (col(Push.push_id) == push.push_id, col(Push.lease_id) == push.lease_id)
    values = {
        "state": AFTER[reaction.fate],
        "next_at": reaction.at or now,
        "unrecorded": col(Push.unrecorded) - 1,
        "lease_id": None,
        "last_status": status,
        "last_at": now,
    }
    held = conn.execute(update(Push).where(*mine, col(Push.state) == PushState.sending).values(values))
    _CONSEQUENCES.get(reaction.fate, _nothing)(conn, push, reaction)
    return bool(held.rowcount)


def _hold_back(conn: Connection, push: DuePush, reaction: Reaction) -> None:
    """A push service that wants less, or refuses our key, gets nothing of anybody before the time (SPEC N4)."""
    there = select(col(Subscription.subscription_id)).where(col(Subscription.origin) == push.origin)
    waiting = (col(Push.state) == PushState.waiting, col(Push.next_at) < reaction.at)
    conn.execute(update(Push).where(*waiting, col(Push.subscription_id).in_(there)).values(next_at=reaction.at))


def _bury(conn: Connection, push: DuePush, _: Reaction) -> None:
    """A browser that is gone is gone for all applications that it followed."""
    _forget(conn, col(Subscription.endpoint) == push.endpoint)


def _nothing(_conn: Connection, _push: DuePush, _reaction: Reaction) -> None:
    """The push alone has changed."""


_CONSEQUENCES: Final[Mapping[Fate, Callable[[Connection, DuePush, Reaction], None]]] = {
    Fate.gone: _bury,
    Fate.held_back: _hold_back,
    Fate.refused: _hold_back,
}


def _leased(conn: Connection, lease_id: UUID) -> list[DuePush]:
    query = (
        select(
            col(Push.push_id),
            col(Push.lease_id),
            col(Push.attempts),
            col(Push.expires_at),
            col(Notification.kind),
            col(Notification.application_id),
            col(Subscription.endpoint),
            col(Subscription.origin),
            col(Subscription.p256dh),
            col(Subscription.auth),
            col(Subscription.locale),
        )
        .join(Notification, col(Notification.notification_id) == col(Push.notification_id))
        .join(Subscription, col(Subscription.subscription_id) == col(Push.subscription_id))
        .where(col(Push.lease_id) == lease_id, col(Push.state) == PushState.sending)
    )
    rows = (row._asdict() for row in conn.execute(query))
    return [DuePush(**row | {"kind": Kind(row["kind"]), "locale": Locale(row["locale"])}) for row in rows]


def _locked_application(conn: Connection, link_hash: bytes) -> UUID:
    """The link's application, locked, so that no announcement passes a subscription. Raises Unauthorized."""
    query = select(col(Application.application_id)).where(col(Application.link_hash) == link_hash)
    application_id = conn.execute(query.with_for_update()).scalar_one_or_none()
    if application_id is None:
        raise Unauthorized(Code.unauthorized)
    return application_id


def _browser(application_id: UUID, endpoint: str) -> tuple[Any, Any]:
    return col(Subscription.application_id) == application_id, col(Subscription.endpoint) == endpoint


def _subscriptions(conn: Connection, application_id: UUID) -> list[UUID]:
    """The subscriptions of an application, oldest first."""
    query = select(col(Subscription.subscription_id)).where(col(Subscription.application_id) == application_id)
    return list(conn.execute(query.order_by(col(Subscription.created_at))).scalars())


def _forget(conn: Connection, *conditions: Any) -> None:
    found = list(conn.execute(select(col(Subscription.subscription_id)).where(*conditions)).scalars())
    _close(conn, PushState.gone, col(Push.subscription_id).in_(found))
    conn.execute(delete(Subscription).where(col(Subscription.subscription_id).in_(found)))


def _close(conn: Connection, state: PushState, *conditions: Any) -> None:
    """Give up pushes that are still open."""
    conn.execute(update(Push).where(col(Push.state).in_(_OPEN), *conditions).values(state=state))

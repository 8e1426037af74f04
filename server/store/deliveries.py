"""Deliveries: claimed by lease, attempted, recorded (SPEC B11, B12). Which state follows is `sync.batches.deliveries`.

A claim is an UPDATE whose row count tells who won. The attempt is written before anything is sent.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, Select, and_, exists, insert, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.tables.batches import Attempt, Delivery, Destination
from sync.batches.deliveries import Event, sources, target
from sync.protocol.console import DeliveryState


class Claimed(Struct, frozen=True):
    """A delivery that this worker may attempt until its lease ends. `attempts` counts this one."""

    delivery_id: UUID
    lease_id: UUID
    batch_id: UUID
    destination: str
    transport: str
    address: str
    attempts: int


class Result(Struct, frozen=True):
    """What became of an attempt; `next_at` is the instant of the next one, after a `retry`."""

    event: Event
    detail: str
    next_at: int = 0


def claim(conn: Connection, now: int, lease: int, lease_id: UUID) -> Claimed | None:
    """Claim the delivery that is due first, for `lease` milliseconds; None if there is none or another was quicker."""
    found = conn.execute(_due(now)).first()
    if found is None:
        return None
    unclaimed = and_(
        col(Delivery.delivery_id) == found.delivery_id,
        col(Delivery.state) == found.state,
        col(Delivery.attempts) == found.attempts,
    )
    state = target(Event.claim, DeliveryState(found.state))
    values = {"state": state.value, "attempts": found.attempts + 1, "next_at": now + lease, "lease_id": lease_id}
    if conn.execute(update(Delivery).where(unclaimed).values(values)).rowcount != 1:
        return None
    attempt = {"delivery_id": found.delivery_id, "number": found.attempts + 1, "started_at": now}
    conn.execute(insert(Attempt), attempt | {"result": "", "detail": ""})
    return Claimed(
        found.delivery_id,
        lease_id,
        found.batch_id,
        found.name,
        found.transport,
        found.address,
        found.attempts + 1,
    )


def record(conn: Connection, claimed: Claimed, result: Result, now: int) -> None:
    """Write what became of an attempt. Whose lease is over has no say, unless the destination has the batch."""
    attempt = and_(col(Attempt.delivery_id) == claimed.delivery_id, col(Attempt.number) == claimed.attempts)
    ended = {"ended_at": now, "result": result.event.value, "detail": result.detail}
    conn.execute(update(Attempt).where(attempt).values(ended))
    accepted = result.event is Event.accept
    for state in sources(result.event):
        mine = and_(col(Delivery.delivery_id) == claimed.delivery_id, col(Delivery.state) == state.value)
        if not accepted:
            mine = and_(mine, col(Delivery.lease_id) == claimed.lease_id)
        values = {"state": target(result.event, state).value, "lease_id": None, "next_at": result.next_at}
        if accepted:
            values |= {"accepted_at": now, "receipt": result.detail}
        if conn.execute(update(Delivery).where(mine).values(values)).rowcount:
            return


def again(conn: Connection, now: int) -> int:
    """Let all failed deliveries be tried again, after a person has seen to it; returns how many."""
    failed = col(Delivery.state).in_([state.value for state in sources(Event.again)])
    state = target(Event.again, DeliveryState.failed)
    return conn.execute(update(Delivery).where(failed).values(state=state.value, next_at=now)).rowcount


def _due(now: int) -> Select[*tuple[Any, ...]]:
    """The first delivery that is due of an active destination, of which no batch before is still on its way (B12)."""
    before = aliased(Delivery)
    blocked = exists().where(
        col(before.destination_id) == col(Delivery.destination_id),
        col(before.seq) < col(Delivery.seq),
        col(before.state) != DeliveryState.accepted.value,
    )
    return (
        select(
            col(Delivery.delivery_id),
            col(Delivery.batch_id),
            col(Delivery.state),
            col(Delivery.attempts),
            col(Destination.name),
            col(Destination.transport),
            col(Destination.address),
        )
        .join(Destination, col(Destination.destination_id) == col(Delivery.destination_id))
        .where(
            col(Delivery.state).in_([state.value for state in sources(Event.claim)]),
            col(Delivery.next_at) <= now,
            col(Destination.active),
            ~blocked,
        )
        .order_by(col(Delivery.next_at), col(Delivery.seq))
        .limit(1)
    )

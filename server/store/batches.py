"""Reading sealed batches: one as it was sealed, and the list that the console shows."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, select
from sqlmodel import col

from server.tables.batches import Attempt, BatchEntry, Delivery, Destination
from server.tables.batches import Batch as BatchRow
from sync.batches.entries import SealedEntry
from sync.batches.sealing import Batch
from sync.protocol.console import BatchView, DeliveryState, DeliveryView


def load(conn: Connection, batch_id: UUID) -> Batch | None:
    """A batch with its entries, as it was sealed; None if there is none."""
    return _read(conn, col(BatchRow.batch_id) == batch_id)


def at(conn: Connection, seq: int) -> Batch | None:
    """The batch at a place in the chain, from 1 on."""
    return _read(conn, col(BatchRow.seq) == seq)


def _read(conn: Connection, which: Any) -> Batch | None:
    query = select(col(BatchRow.batch_id), col(BatchRow.header), col(BatchRow.hash)).where(which)
    found = conn.execute(query).one_or_none()
    if found is None:
        return None
    entries = select(
        col(BatchEntry.record_id),
        col(BatchEntry.version),
        col(BatchEntry.salt),
        col(BatchEntry.digest),
        col(BatchEntry.body),
    ).where(col(BatchEntry.batch_id) == found.batch_id)
    rows = conn.execute(entries.order_by(col(BatchEntry.position)))
    return Batch(found.header, found.hash, tuple(SealedEntry(*row) for row in rows))


def newest(conn: Connection, limit: int) -> list[BatchView]:
    """The batches sealed last, the newest first, with what became of their deliveries."""
    query = select(
        col(BatchRow.batch_id),
        col(BatchRow.window),
        col(BatchRow.part),
        col(BatchRow.sealed_at),
        col(BatchRow.hash),
        col(BatchRow.previous_hash),
        col(BatchRow.entries),
    )
    rows = conn.execute(query.order_by(col(BatchRow.seq).desc()).limit(limit)).all()
    deliveries = _deliveries(conn, [row.batch_id for row in rows])
    return [BatchView(*row, tuple(deliveries[row.batch_id])) for row in rows]


def _deliveries(conn: Connection, batch_ids: list[UUID]) -> dict[UUID, list[DeliveryView]]:
    last = and_(col(Attempt.delivery_id) == col(Delivery.delivery_id), col(Attempt.number) == col(Delivery.attempts))
    query = (
        select(
            col(Delivery.batch_id),
            col(Destination.name),
            col(Destination.transport),
            col(Delivery.state),
            col(Delivery.attempts),
            col(Delivery.accepted_at),
            col(Attempt.started_at),
            col(Attempt.result),
            col(Attempt.detail),
        )
        .join(Destination, col(Destination.destination_id) == col(Delivery.destination_id))
        .outerjoin(Attempt, last)
        .where(col(Delivery.batch_id).in_(batch_ids))
        .order_by(col(Destination.name))
    )
    found: dict[UUID, list[DeliveryView]] = defaultdict(list)
    for row in conn.execute(query):
        found[row.batch_id].append(_view(row))
    return found


def _view(row: Any) -> DeliveryView:
    state = DeliveryState(row.state)
    error = "" if state is DeliveryState.accepted else row.detail or ""
    return DeliveryView(row.name, row.transport, state, row.attempts, row.started_at, error, row.accepted_at)

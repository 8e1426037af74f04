"""Mutations that were kept instead of applied: what became of them (SPEC M21)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from msgspec import structs
from sqlalchemy import Connection, and_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.tables.people import Device
from server.tables.reports import Quarantined, Receipt
from sync.errors import Code
from sync.protocol.exchange import Outcome, OutcomeKind


def told(conn: Connection, device_id: UUID, mutation_ids: Collection[UUID]) -> dict[UUID, Outcome]:
    """The present outcome of some mutations of the phone's officer, also of a phone that this one replaced.

    Mutations that never arrived, or came from others, are missing from the answer.
    """
    if not mutation_ids:
        return {}
    query = (
        select(
            col(Receipt.mutation_id),
            col(Receipt.outcome),
            col(Receipt.version),
            col(Receipt.window),
            col(Receipt.code),
            col(Quarantined.reason),
        )
        .outerjoin(
            Quarantined,
            and_(
                col(Receipt.code) == Code.discarded.value,
                col(Quarantined.mutation_id) == col(Receipt.mutation_id),
                col(Quarantined.digest) == col(Receipt.digest),
            ),
        )
        .where(col(Receipt.mutation_id).in_(mutation_ids), col(Receipt.author_id).in_(_phones_of_the_same(device_id)))
    )
    return {row.mutation_id: _outcome(row) for row in conn.execute(query)}


def _phones_of_the_same(device_id: UUID) -> Any:
    """All phones of a phone's officer, as a query."""
    own = aliased(Device)
    officer = select(col(own.officer_id)).where(col(own.device_id) == device_id).scalar_subquery()
    return select(col(Device.device_id)).where(col(Device.officer_id) == officer)


def _outcome(row: Any) -> Outcome:
    code = Code(row.code) if row.code else None
    outcome = Outcome(row.mutation_id, OutcomeKind(row.outcome), row.version, row.window, code=code)
    return outcome if not row.reason else structs.replace(outcome, reason=row.reason)

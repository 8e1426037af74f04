"""Conflicts that wait, and resolutions from the console, which take the same way as a phone's mutations."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select
from sqlmodel import col

from server.store.areas import below, feed_of
from server.store.devices import named_areas
from server.store.exchange import decide
from server.store.records import report_of
from server.tables.reports import Conflict, Record
from sync.errors import Code, Unknown
from sync.intake import Incoming
from sync.protocol.console import ConflictView
from sync.protocol.exchange import Area, Outcome
from sync.protocol.records import Groups, Report
from sync.reconcile import Arrival, Span
from sync.windows import Schedule, window_of

_groups = msgspec.json.Decoder(Groups).decode


class Decided(Struct, frozen=True):
    """A resolution on its way in: its bytes read, who decided, and within which area."""

    incoming: Incoming
    user_id: UUID
    area_id: UUID
    now: int
    salt: bytes


def open_below(conn: Connection, area_id: UUID) -> list[ConflictView]:
    """The open conflicts of an area, oldest first, each beside what the server holds now."""
    query = (
        select(
            col(Conflict.conflict_id),
            col(Conflict.record_id),
            col(Conflict.area_id),
            col(Conflict.opened_at),
            col(Conflict.base),
            col(Conflict.phone),
            col(Record.body),
            col(Record.version),
            col(Record.removed),
        )
        .join(Record, col(Record.record_id) == col(Conflict.record_id))
        .where(col(Conflict.resolved_by).is_(None), col(Conflict.area_id).in_(below(area_id)))
        .order_by(col(Conflict.opened_at), col(Conflict.conflict_id))
    )
    rows = conn.execute(query).all()
    areas = {area.area_id: area for area in named_areas(conn, {row.area_id for row in rows})}
    return [_view(row, areas[row.area_id]) for row in rows]


def _view(row: Any, area: Area) -> ConflictView:
    return ConflictView(
        conflict_id=row.conflict_id,
        record_id=row.record_id,
        area=area,
        opened_at=row.opened_at,
        base=_groups(row.base),
        phone=_groups(row.phone),
        server=report_of(row.body) or Report(),
        server_version=row.version,
        server_removed=row.removed,
    )


def resolve(conn: Connection, decided: Decided, schedule: Schedule) -> Outcome:
    """Store a resolution (SPEC M14). Raises Unknown for an RT outside of the user's area."""
    mutation = decided.incoming.mutation
    feeds: dict[UUID, UUID] = {}
    if mutation is not None:
        feed_id = feed_of(conn, mutation.area_id, decided.area_id)
        if feed_id is None:
            raise Unknown(Code.not_found)
        feeds[mutation.area_id] = feed_id
    spans = tuple(Span(area_id, 0) for area_id in feeds)
    window = window_of(decided.now, schedule).id
    arrival = Arrival(decided.incoming, decided.user_id, spans, True, decided.now, window)
    return decide(conn, [arrival], feeds, iter([decided.salt]), decided.now)[0].outcome

"""What a phone has not seen yet: changes of its RTs, feed by feed, by number (SPEC M16-M18)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import Connection, select
from sqlmodel import col

from server.store.cursor import Cursor
from server.store.devices import Caller
from server.store.records import report_of
from server.tables.areas import Feed, Meta
from server.tables.batches import Batch
from server.tables.reports import Record
from sync.protocol.exchange import BatchMark, Change, NilChange, ReportChange

PAGE: Final = 500


class Page(Struct, frozen=True):
    """Some changes, the cursor after them, whether more wait, and whether the phone starts over."""

    changes: tuple[Change, ...]
    cursor: Cursor
    more: bool
    resync: bool


def epoch(conn: Connection) -> str:
    """The name of this life of the database; a restored backup gets a new one."""
    return conn.execute(select(col(Meta.value)).where(col(Meta.key) == "epoch")).scalar_one()


def counters(conn: Connection, feed_ids: set[UUID]) -> dict[UUID, int]:
    """The last number of some feeds, read before the records: a later change is seen twice rather than never."""
    query = select(col(Feed.feed_id), col(Feed.seq)).where(col(Feed.feed_id).in_(feed_ids))
    return {row.feed_id: row.seq for row in conn.execute(query)}


def page(
    conn: Connection, caller: Caller, cursor: Cursor | None, after: Cursor, now: int, ends: Mapping[UUID, int]
) -> Page:
    """The next changes of the caller's RTs of today; `ends` are the counters of their feeds.

    `after` is the cursor to give, still without positions.
    """
    areas: dict[UUID, list[UUID]] = defaultdict(list)
    for land in caller.lands_at(now):
        areas[land.feed_id].append(land.span.area_id)
    fits = cursor is not None and _fits(cursor, after, ends)
    positions = dict(cursor.positions) if cursor and fits else {}
    changes: list[Change] = []
    for feed_id, area_ids in sorted(areas.items()):
        since, end = positions.get(feed_id, 0), ends[feed_id]
        if since < end and len(changes) < PAGE:
            rows = _rows(conn, area_ids, since, PAGE - len(changes))
            changes += map(_change, rows)
            positions[feed_id] = rows[-1].seq if len(changes) == PAGE else end
    more = any(positions.get(feed_id, 0) < ends[feed_id] for feed_id in areas)
    return Page(tuple(changes), structs.replace(after, positions=positions), more, not fits)


def _fits(cursor: Cursor, after: Cursor, ends: Mapping[UUID, int]) -> bool:
    """SPEC M17: of this epoch, of these RTs, and not ahead of the server."""
    ahead = any(seen > ends.get(feed_id, seen) for feed_id, seen in cursor.positions.items())
    return cursor.epoch == after.epoch and cursor.areas == after.areas and not ahead


def _rows(conn: Connection, area_ids: list[UUID], since: int, most: int) -> list[Any]:
    query = (
        select(
            col(Record.record_id),
            col(Record.kind),
            col(Record.area_id),
            col(Record.seq),
            col(Record.version),
            col(Record.body),
            col(Record.removed),
            col(Record.window),
            col(Record.captured_at),
            col(Record.conflicts),
            col(Batch.window).label("batch_window"),
            col(Batch.part),
            col(Batch.hash),
        )
        .outerjoin(Batch, col(Batch.batch_id) == col(Record.batch_id))
        .where(col(Record.area_id).in_(area_ids), col(Record.seq) > since)
        .order_by(col(Record.seq))
        .limit(most)
    )
    return list(conn.execute(query))


def _change(row: Any) -> Change:
    mark = BatchMark(row.batch_window, row.part, row.hash) if row.hash else None
    report = report_of(row.body)
    if report is None:
        return NilChange(row.record_id, row.area_id, row.version, row.window, row.captured_at, mark)
    return ReportChange(
        row.record_id,
        row.area_id,
        row.version,
        report,
        row.removed,
        row.conflicts,
        row.window,
        row.captured_at,
        mark,
    )

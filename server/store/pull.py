"""What phones have not seen yet: changes of their RTs, feed by feed, by number (SPEC M16-M18, M22, M23).

One query answers all phones that are nearly up to date; one that starts over is read page by page.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from msgspec import Raw, Struct, structs
from sqlalchemy import Connection, FromClause, Select, and_, or_, select
from sqlmodel import col

from server.store.cursor import Cursor
from server.store.devices import Territory
from server.store.statements import Lookup, Sought
from server.tables.areas import Feed, Meta
from server.tables.batches import Batch
from server.tables.reports import Record
from sync.protocol.exchange import BatchMark, Change, NilChange, ReportChange
from sync.protocol.records import Report

PAGE: Final = 500
# Tombstones and nils leave their feed after this time (see `horizon`); a cursor that is older starts over (SPEC M23).
HORIZON: Final = 30 * 24 * 60 * 60_000
# The number before all, of a phone that starts over.
STARTS_OVER: Final = -1


class Wish(Struct, frozen=True):
    """The RTs that a phone reads now, its cursor, and the cursor to give it, still without positions."""

    lands: Sequence[Territory]
    before: Cursor | None
    after: Cursor


class Page(Struct, frozen=True):
    """Some changes, the cursor after them, whether more wait, and whether the phone starts over."""

    changes: tuple[Change, ...]
    cursor: Cursor
    more: bool
    resync: bool


class _Start(Struct, frozen=True):
    """From where a phone reads on: the RTs of each feed, the number that it has seen, and whether it starts over.

    `at` is when the cursor was given from which it reads on.
    """

    areas: Mapping[UUID, Sequence[UUID]]
    positions: Mapping[UUID, int]
    resync: bool
    at: int

    def distance(self, ends: Mapping[UUID, int]) -> int:
        """How many numbers lie before it; it can have no more changes than these."""
        return sum(ends[feed_id] - self.positions.get(feed_id, 0) for feed_id in self.areas)


class Life(Struct, frozen=True):
    """The name of this life of the database, a new one after a restore, and the count of changes of its areas."""

    epoch: str
    areas: str


_LIFE: Final = select(col(Meta.key), col(Meta.value)).where(col(Meta.key).in_(("epoch", "areas")))


def life(conn: Connection) -> Life:
    """Which life the database lives."""
    return Life(**{row.key: row.value for row in conn.execute(_LIFE)})


def pages(conn: Connection, wishes: Sequence[Wish]) -> list[Page]:
    """The next changes for each phone, all from one snapshot."""
    ends = _ends(conn, {land.feed_id for wish in wishes for land in wish.lands})
    starts = [_start(wish, ends) for wish in wishes]
    near = {n: start for n, start in enumerate(starts) if start.distance(ends) <= PAGE}
    found = _near(conn, near, ends)
    return [
        _whole(wish, start, found[n], ends) if n in near else _far(conn, wish, start, ends)
        for n, (wish, start) in enumerate(zip(wishes, starts, strict=True))
    ]


def digest(conn: Connection, lands: Sequence[Territory]) -> str:
    """SHA-256 over the ids and versions of the reports in some RTs, by which drift is found (SPEC M22)."""
    query = select(col(Record.record_id), col(Record.version)).where(
        col(Record.area_id).in_({land.span.area_id for land in lands}),
        col(Record.kind) == "report",
        col(Record.removed).is_(False),
    )
    lines = sorted(f"{record_id}:{version}\n" for record_id, version in conn.execute(query))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


_ENDS: Final = Lookup(lambda among: select(col(Feed.feed_id), col(Feed.seq)).where(among(col(Feed.feed_id))))


def _ends(conn: Connection, feed_ids: set[UUID]) -> dict[UUID, int]:
    return {row.feed_id: row.seq for row in _ENDS.rows(conn, feed_ids)}


def _start(wish: Wish, ends: Mapping[UUID, int]) -> _Start:
    areas: dict[UUID, list[UUID]] = defaultdict(list)
    for land in wish.lands:
        areas[land.feed_id].append(land.span.area_id)
    if wish.before and _fits(wish.before, wish.after, ends):
        return _Start(areas, wish.before.positions, False, wish.before.at)
    return _Start(areas, {}, True, wish.after.at)


def _fits(cursor: Cursor, after: Cursor, ends: Mapping[UUID, int]) -> bool:
    """SPEC M17, M23: of this epoch, of these RTs, not ahead of the server, and not older than the tombstones."""
    ahead = any(seen > ends.get(feed_id, seen) for feed_id, seen in cursor.positions.items())
    old = cursor.at < after.at - HORIZON
    return cursor.epoch == after.epoch and cursor.areas == after.areas and not ahead and not old


def _changes(source: Any, *also: Any) -> Select[Any]:
    query = select(
        *also,
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
    return query.select_from(source).outerjoin(Batch, col(Batch.batch_id) == col(Record.batch_id))


def _near_of(sought: FromClause) -> Select[Any]:
    # What left its feed has the number 0.
    unseen = and_(col(Record.area_id) == sought.c.area_id, col(Record.seq) > sought.c.since, col(Record.seq) > 0)
    # Whoever starts over needs no tombstones; others do from the first on, for what they brought themselves.
    needed = or_(sought.c.since > STARTS_OVER, col(Record.removed).is_(False))
    return _changes(sought.join(Record, unseen), sought.c.n).where(needed).order_by(col(Record.seq))


_NEAR: Final = Sought(_near_of)


def _near(conn: Connection, starts: Mapping[int, _Start], ends: Mapping[UUID, int]) -> dict[int, list[Change]]:
    """The changes for phones that lack few, in one query for all of them."""
    found: dict[int, list[Change]] = {n: [] for n in starts}
    sought = [
        (n, area_id, STARTS_OVER if start.resync else since)
        for n, start in starts.items()
        for feed_id, area_ids in start.areas.items()
        if (since := start.positions.get(feed_id, 0)) < ends[feed_id]
        for area_id in area_ids
    ]
    for row in _NEAR.rows(conn, sought):
        found[row.n].append(_change(row))
    return found


def _far(conn: Connection, wish: Wish, start: _Start, ends: Mapping[UUID, int]) -> Page:
    """A page for a phone that lacks many, feed by feed."""
    positions = dict(start.positions)
    changes: list[Change] = []
    for feed_id, area_ids in sorted(start.areas.items()):
        since = positions.get(feed_id, 0)
        if since < ends[feed_id] and len(changes) < PAGE:
            query = _changes(Record).where(col(Record.area_id).in_(area_ids), col(Record.seq) > since)
            if start.resync:
                query = query.where(col(Record.removed).is_(False))
            rows: list[Any] = list(conn.execute(query.order_by(col(Record.seq)).limit(PAGE - len(changes))))
            changes += map(_change, rows)
            positions[feed_id] = rows[-1].seq if len(changes) == PAGE else ends[feed_id]
    more = any(positions.get(feed_id, 0) < ends[feed_id] for feed_id in start.areas)
    # Until all is read, tombstones may wait that are nearly as old as the cursor with which the phone began.
    at = start.at if more else wish.after.at
    return Page(tuple(changes), structs.replace(wish.after, positions=positions, at=at), more, start.resync)


def _whole(wish: Wish, start: _Start, changes: list[Change], ends: Mapping[UUID, int]) -> Page:
    positions = {feed_id: ends[feed_id] for feed_id in start.areas}
    return Page(tuple(changes), structs.replace(wish.after, positions=positions), False, start.resync)


def _change(row: Any) -> Change:
    mark = BatchMark(row.batch_window, row.part, row.hash) if row.hash else None
    if not row.body:
        return NilChange(row.record_id, row.area_id, row.version, row.window, row.captured_at, mark)
    return ReportChange(
        row.record_id,
        row.area_id,
        row.version,
        # What is stored is the wire's JSON of a Report; it goes out as it is.
        cast(Report, Raw(row.body.encode())),
        row.removed,
        row.conflicts,
        row.window,
        row.captured_at,
        mark,
    )

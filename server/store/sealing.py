"""Sealing: the versions of a due window become a batch, in one transaction (SPEC B4-B7, B10). The order matters:

1. hold the chain, so that one sealer works at a time
2. find what is due
3. hold its window alone: what was committed before is read next, what comes later goes into a supplement
4. read, build purely, write batch, entries and deliveries
5. lock the feeds and let each sealed record take a number, so that phones learn of it
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec import Struct
from sqlalchemy import Connection, and_, func, insert, select, update
from sqlmodel import col

from server.store import due, standings
from server.store.due import Due
from server.store.engine import lock_feeds, lock_window
from server.tables.areas import Feed
from server.tables.batches import Batch as BatchRow
from server.tables.batches import BatchEntry, Delivery, Destination
from server.tables.reports import Record, Version
from sync.batches.entries import StoredVersion
from sync.batches.header import FIRST
from sync.batches.sealing import Batch, Occasion, seal
from sync.protocol.console import DeliveryState
from sync.windows import Schedule

CHAIN: Final = "the chain of batches"


class Sealed(Struct, frozen=True):
    """What was sealed."""

    window: str
    part: int
    hash: str
    entries: int


def seal_next(conn: Connection, now: int, schedule: Schedule, patience: int, until: int | None = None) -> Sealed | None:
    """Seal the batch that is due first, or return None. A late version waits `patience` ms for others to come.

    What becomes due by `until` is sealed before its time.
    """
    lock_window(conn, CHAIN, shared=False)
    found = due.first(conn, now, until or now, schedule, patience)
    if found is None:
        return None
    lock_window(conn, found.window.id, shared=False)
    last = found.window.closes_at - 1
    versions = standings.unsealed(conn, found.window.id, last)
    occasion = _occasion(conn, found, versions, schedule.timezone, now)
    stand = standings.standings(conn, found.window.id, last)
    batch = seal(occasion, versions, stand, standings.conflicts(conn, schedule.timezone))
    batch_id = _write(conn, occasion, batch)
    _mark(conn, found.window.id, batch_id)
    _tell_phones(conn, batch_id)
    _dispatch(conn, batch_id, occasion.seq)
    return Sealed(occasion.window, occasion.part, batch.hash, len(batch.entries))


def _occasion(conn: Connection, found: Due, versions: Sequence[StoredVersion], timezone: str, now: int) -> Occasion:
    window = found.window
    last = select(col(BatchRow.seq), col(BatchRow.hash)).order_by(col(BatchRow.seq).desc()).limit(1)
    seq, previous = conn.execute(last).one_or_none() or (0, FIRST)
    # The same rows must give the same bytes (SPEC B6), so the present has a say only before the window's time.
    arrivals = [stored.received_at for stored in versions]
    return Occasion(
        city=standings.city(conn),
        timezone=timezone,
        seq=seq + 1,
        previous=previous,
        window=window.id,
        part=found.part,
        parent=found.parent,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        sealed_at=max([min(window.seals_at, now), *arrivals]),
    )


def _write(conn: Connection, occasion: Occasion, batch: Batch) -> UUID:
    batch_id = uuid5(NAMESPACE_OID, batch.hash)
    row = {
        "batch_id": batch_id,
        "seq": occasion.seq,
        "window": occasion.window,
        "part": occasion.part,
        "closes_at": occasion.closes_at,
        "parent_hash": occasion.parent,
        "previous_hash": occasion.previous,
        "hash": batch.hash,
        "header": batch.header,
        "sealed_at": occasion.sealed_at,
        "entries": len(batch.entries),
    }
    conn.execute(insert(BatchRow), row)
    if batch.entries:
        conn.execute(insert(BatchEntry), list(_entry_rows(batch_id, batch)))
    return batch_id


def _entry_rows(batch_id: UUID, batch: Batch) -> list[dict[str, Any]]:
    return [
        {
            "batch_id": batch_id,
            "position": position,
            "record_id": entry.record_id,
            "version": entry.version,
            "salt": entry.salt,
            "digest": entry.digest,
            "body": entry.body,
        }
        for position, entry in enumerate(batch.entries)
    ]


def _mark(conn: Connection, window: str, batch_id: UUID) -> None:
    unsealed = and_(col(Version.window) == window, col(Version.batch_id).is_(None))
    conn.execute(update(Version).where(unsealed).values(batch_id=batch_id))


def _tell_phones(conn: Connection, batch_id: UUID) -> None:
    """Each record whose present version was sealed takes the next number of its feed (SPEC M16)."""
    feeds = select(col(Version.feed_id)).where(col(Version.batch_id) == batch_id).distinct()
    counters = lock_feeds(conn, conn.execute(feeds).scalars())
    order = func.row_number().over(partition_by=col(Record.feed_id), order_by=col(Record.record_id))
    present = and_(
        col(Version.record_id) == col(Record.record_id),
        col(Version.version) == col(Record.version),
        col(Version.batch_id) == batch_id,
    )
    numbered = (
        select(col(Record.record_id), (col(Feed.seq) + order).label("seq"))
        .join(Version, present)
        .join(Feed, col(Feed.feed_id) == col(Record.feed_id))
        .subquery()
    )
    record = update(Record).where(col(Record.record_id) == numbered.c.record_id)
    conn.execute(record.values(batch_id=batch_id, seq=numbered.c.seq))
    newest = select(func.max(col(Record.seq))).where(
        col(Record.feed_id) == col(Feed.feed_id), col(Record.batch_id) == batch_id
    )
    feed = update(Feed).where(col(Feed.feed_id).in_(counters))
    conn.execute(feed.values(seq=func.coalesce(newest.scalar_subquery(), col(Feed.seq))))


def _dispatch(conn: Connection, batch_id: UUID, seq: int) -> None:
    """One delivery to each active destination (SPEC B10), due at once, also when its window was sealed early."""
    active = select(col(Destination.destination_id)).where(col(Destination.active)).order_by(col(Destination.name))
    rows = [
        {
            "delivery_id": uuid5(batch_id, str(destination_id)),
            "batch_id": batch_id,
            "destination_id": destination_id,
            "seq": seq,
            "state": DeliveryState.waiting.value,
            "attempts": 0,
            "next_at": 0,
        }
        for destination_id in conn.execute(active).scalars()
    ]
    if rows:
        conn.execute(insert(Delivery), rows)

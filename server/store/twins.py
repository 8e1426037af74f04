"""Looking for the same person in two reports (SPEC T2): feeds are followed by their numbers, as a phone does (M16).

Reads records and writes only its own tables: no report is changed, and no exchange waits for it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update
from sqlmodel import col

from server.store.engine import lock_window
from server.store.records import report_of
from server.tables.areas import Area, Feed
from server.tables.persons import FeedPosition, Finding, PersonKey
from server.tables.reports import Record
from sync.protocol.console import Evidence
from sync.twins import digest, keys

READER: Final = "twins"
MOST_RECORDS: Final = 200
MOST_FEEDS: Final = 50
# A number that many reports share is a typing habit ("00000"), and would make pairs of all of them.
MOST_TWINS: Final = 20

Pair = tuple[UUID, UUID]
Keys = Mapping[UUID, Mapping[str, bytes]]


class _Lag(Struct, frozen=True):
    """A feed that has gone on: where the reader stands, and the feed's last number."""

    feed_id: UUID
    since: int
    end: int


def is_behind(conn: Connection) -> bool:
    """Whether a feed has changes that were not looked at."""
    return bool(_lags(conn, 1))


def look(conn: Connection, now: int) -> bool:
    """Look at some changed records; whether more wait. Several workers take turns."""
    lock_window(conn, READER, shared=False)
    room = MOST_RECORDS
    for lag in _lags(conn, MOST_FEEDS):
        rows = _changed(conn, lag, room)
        _compare(conn, [row for row in rows if row.kind == "report"], now)
        room -= len(rows)
        _advance(conn, lag, rows[-1].seq if room == 0 else lag.end)
        if room == 0:
            return True
    return False


def _lags(conn: Connection, most: int) -> list[_Lag]:
    since = func.coalesce(col(FeedPosition.seq), 0)
    mine = and_(col(FeedPosition.feed_id) == col(Feed.feed_id), col(FeedPosition.reader) == READER)
    query = select(col(Feed.feed_id), since, col(Feed.seq)).outerjoin(FeedPosition, mine).where(col(Feed.seq) > since)
    rows: Any = conn.execute(query.order_by(col(Feed.feed_id)).limit(most))
    return [_Lag(*row) for row in rows]


def _changed(conn: Connection, lag: _Lag, most: int) -> Sequence[Any]:
    """The next changed records of a feed, by their numbers."""
    areas = select(col(Area.area_id)).where(col(Area.feed_id) == lag.feed_id)
    query = (
        select(col(Record.record_id), col(Record.kind), col(Record.seq), col(Record.removed), col(Record.body))
        .where(col(Record.area_id).in_(areas), col(Record.seq) > lag.since, col(Record.seq) <= lag.end)
        .order_by(col(Record.seq))
        .limit(most)
    )
    return conn.execute(query).all()


def _advance(conn: Connection, lag: _Lag, seq: int) -> None:
    mine = {"reader": READER, "feed_id": lag.feed_id}
    there = and_(col(FeedPosition.reader) == READER, col(FeedPosition.feed_id) == lag.feed_id)
    if conn.execute(update(FeedPosition).where(there).values(seq=seq)).rowcount == 0:
        conn.execute(insert(FeedPosition).values(**mine, seq=seq))


def _compare(conn: Connection, rows: Sequence[Any], now: int) -> None:
    """Keep the keys of some reports, and what they share with others."""
    if not rows:
        return
    own = {row.record_id: _keys_of(row) for row in rows}
    conn.execute(delete(PersonKey).where(col(PersonKey.record_id).in_(own)))
    new = [{"record_id": id_, "kind": kind, "key": key} for id_, found in own.items() for kind, key in found.items()]
    if new:
        conn.execute(insert(PersonKey), new)
    known = _known_findings(conn, own)
    pairs = known.keys() | _pairs(conn, own)
    stored = _stored_keys(conn, pairs)
    _store(conn, {pair: _evidence(pair, stored) for pair in pairs}, known, now)


def _keys_of(row: Any) -> dict[str, bytes]:
    report = None if row.removed else report_of(row.body)
    return {kind.value: digest(key) for kind, key in keys(report).items()} if report else {}


def _pairs(conn: Connection, own: Keys) -> set[Pair]:
    """Each of some reports with those that share a key with it: at most some, the ones with the lowest ids."""
    wanted = {(kind, key) for found in own.values() for kind, key in found.items()}
    if not wanted:
        return set()
    place = func.row_number().over(
        partition_by=(col(PersonKey.kind), col(PersonKey.key)), order_by=col(PersonKey.record_id)
    )
    shared = (
        select(col(PersonKey.record_id), col(PersonKey.kind), col(PersonKey.key), place.label("place"))
        .where(col(PersonKey.key).in_({key for _, key in wanted}))
        .subquery()
    )
    holders: dict[tuple[str, bytes], list[UUID]] = defaultdict(list)
    for row in conn.execute(select(shared).where(shared.c.place <= MOST_TWINS).order_by(shared.c.place)):
        holders[row.kind, row.key].append(row.record_id)
    return {
        _pair(record_id, other)
        for record_id, found in own.items()
        for item in found.items()
        for other in holders[item]
        if other != record_id
    }


def _pair(one: UUID, other: UUID) -> Pair:
    return (one, other) if one < other else (other, one)


def _known_findings(conn: Connection, record_ids: Collection[UUID]) -> dict[Pair, str]:
    query = select(col(Finding.first_id), col(Finding.second_id), col(Finding.evidence)).where(
        or_(col(Finding.first_id).in_(record_ids), col(Finding.second_id).in_(record_ids))
    )
    return {(row.first_id, row.second_id): row.evidence for row in conn.execute(query)}


def _stored_keys(conn: Connection, pairs: Iterable[Pair]) -> Keys:
    """The keys of all reports in some pairs."""
    query = select(col(PersonKey.record_id), col(PersonKey.kind), col(PersonKey.key)).where(
        col(PersonKey.record_id).in_({record_id for pair in pairs for record_id in pair})
    )
    found: dict[UUID, dict[str, bytes]] = defaultdict(dict)
    for row in conn.execute(query):
        found[row.record_id][row.kind] = row.key
    return found


def _evidence(pair: Pair, stored: Keys) -> str:
    """The kinds of keys that both have alike, as they are stored."""
    first, second = (stored.get(record_id, {}) for record_id in pair)
    return " ".join(kind for kind in Evidence if kind in first and first[kind] == second.get(kind))


def _store(conn: Connection, evidence: Mapping[Pair, str], known: Mapping[Pair, str], now: int) -> None:
    """What was found anew, and what the known findings share now. A decision stays whatever changes (SPEC T3)."""
    new = [
        {"first_id": first, "second_id": second, "evidence": kinds, "found_at": now, "decision": "", "reason": ""}
        for (first, second), kinds in evidence.items()
        if kinds and (first, second) not in known
    ]
    if new:
        conn.execute(insert(Finding), new)
    changed = [
        {"first": first, "second": second, "kinds": evidence[first, second]}
        for (first, second), before in known.items()
        if evidence[first, second] != before
    ]
    if changed:
        this = and_(col(Finding.first_id) == bindparam("first"), col(Finding.second_id) == bindparam("second"))
        conn.execute(update(Finding).where(this).values(evidence=bindparam("kinds")), changed)

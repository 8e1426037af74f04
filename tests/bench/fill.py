"""Many records at once, written by the database itself: a million of them, with versions and receipts, in a minute.

They are full reports, sealed long ago, as if phones had brought them; the feeds count them.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlmodel import SQLModel, col

from server.tables.areas import Feed
from server.tables.batches import Batch
from server.tables.reports import Receipt, Record, Version
from sync.protocol.records import Report
from tests.bench.bodies import GROUPS
from tests.bench.city import Phone

WINDOW: Final = "2026-01-05/pagi"
CAPTURED: Final = 1_767_580_000_000
_BATCH: Final = UUID(int=0xBA7C4)
_ids = count(1)

_series = Table(
    "bench_series",
    MetaData(),
    Column("n", Integer, primary_key=True),
    prefixes=["TEMPORARY"],
)
_turns = Table(
    "bench_turns",
    MetaData(),
    Column("turn", Integer, primary_key=True),
    Column("area_id", Uuid),
    Column("feed_id", Uuid),
    Column("place", Integer),
    Column("size", Integer),
    prefixes=["TEMPORARY"],
)


def fill(conn: Connection, phones: Sequence[Phone], records: int) -> None:
    """Give the RTs of some phones this many records in all, by turns."""
    _prepare(conn, phones)
    number = next(_ids)
    _series.create(conn)
    # The numbers of a million rows, out of a thousand times a thousand.
    thousand = select(literal(0).label("n")).cte("thousand", recursive=True)
    thousand = thousand.union_all(select(thousand.c.n + 1).where(thousand.c.n < 999))
    high, low = thousand.alias(), thousand.alias()
    numbers = select(high.c.n * 1000 + low.c.n).where(high.c.n * 1000 + low.c.n < records)
    conn.execute(insert(_series).from_select(["n"], numbers))
    _multiply(conn, number, len(phones))
    _advance(conn)
    for table in (_series, _turns):
        table.drop(conn)


def _prepare(conn: Connection, phones: Sequence[Phone]) -> None:
    _turns.create(conn)
    sizes = Counter(phone.feed_id for phone in phones)
    places: Counter[UUID] = Counter()
    rows = []
    for turn, phone in enumerate(phones):
        places[phone.feed_id] += 1
        row = {"turn": turn, "area_id": phone.area_id, "feed_id": phone.feed_id}
        rows.append(row | {"place": places[phone.feed_id], "size": sizes[phone.feed_id]})
    conn.execute(insert(_turns), rows)
    if conn.execute(select(col(Batch.batch_id)).where(col(Batch.batch_id) == _BATCH)).first() is None:
        seal = {"batch_id": _BATCH, "seq": 1, "window": WINDOW, "part": 0, "closes_at": CAPTURED, "header": b""}
        hashes = {"parent_hash": "", "previous_hash": "0" * 64, "hash": "b" * 64}
        conn.execute(insert(Batch).values(**seal, **hashes, sealed_at=CAPTURED, entries=0))


def _multiply(conn: Connection, number: int, turns: int) -> None:
    """A row of each table for each number, like one that is written by hand."""
    where = {"turn": _series.c.n % turns, "round": _series.c.n / turns}
    lands = _series.join(_turns, _turns.c.turn == where["turn"]).join(Feed, col(Feed.feed_id) == _turns.c.feed_id)
    own = _id_of(conn, number)
    place = {"area_id": _turns.c.area_id, "feed_id": _turns.c.feed_id}
    seq = col(Feed.seq) + func.floor(where["round"]) * _turns.c.size + _turns.c.place
    for table, values in (
        (Record, {"record_id": own, **place, "seq": seq, **_sealed_report()}),
        (Version, {"record_id": own, "mutation_id": own, **place, **_sealed_report(), **_of_version()}),
        (Receipt, {"mutation_id": own, "record_id": own, "area_id": _turns.c.area_id, **_of_receipt()}),
    ):
        columns = [column.name for column in table.__table__.columns if column.name in values]  # type: ignore[attr-defined]
        chosen = select(*(_expression(table, name, values[name]) for name in columns)).select_from(lands)
        conn.execute(insert(table).from_select(columns, chosen, include_defaults=True))


def _expression(table: type[SQLModel], name: str, value: Any) -> Any:
    return value if hasattr(value, "label") else literal(value, table.__table__.c[name].type)  # type: ignore[attr-defined]


def _id_of(conn: Connection, number: int) -> Any:
    """A UUID made of the row's number, as the database stores it."""
    if conn.dialect.name == "postgresql":
        return literal_column(f"('01900000000070{number:02x}' || lpad(to_hex(n), 16, '0'))::uuid")
    return literal_column(f"'01900000000070{number:02x}' || printf('%016x', n)")


def _sealed_report() -> dict[str, Any]:
    report = Report(**{field: getattr(GROUPS, field) for field in ("identity", "document", "permit", "stay", "note")})
    return {
        "kind": "report",
        "version": 1,
        "body": msgspec.json.encode(report).decode(),
        "removed": False,
        "window": WINDOW,
        "captured_at": CAPTURED,
        "conflicts": 0,
        "batch_id": _BATCH,
    }


def _of_version() -> dict[str, Any]:
    return {"changed": "identity document permit stay note", "salt": bytes(16), "received_at": CAPTURED, "flags": ""}


def _of_receipt() -> dict[str, Any]:
    return {
        "digest": bytes(32),
        "outcome": "applied",
        "code": "",
        "kind": "report",
        "version": 1,
        "window": WINDOW,
        "author_id": _BATCH,
        "captured_at": CAPTURED,
        "received_at": CAPTURED,
    }


def _advance(conn: Connection) -> None:
    """The feeds have counted to their last records."""
    last = select(col(Record.feed_id), func.max(col(Record.seq))).group_by(col(Record.feed_id))
    rows = [{"id": feed_id, "to": seq} for feed_id, seq in conn.execute(last)]
    conn.execute(update(Feed).where(col(Feed.feed_id) == bindparam("id")).values(seq=bindparam("to")), rows)
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("analyze")  # As its autovacuum would, in a while.

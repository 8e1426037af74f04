"""Many records at once, written by the database itself: a million of them, with versions and receipts, in a minute.

They are full reports, sealed long ago, as if phones had brought them; the feeds count them.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from random import Random
from string import ascii_lowercase
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import structs
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
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
from server.tables.reports import Record
from sync.protocol.records import Report
from tests.bench.bodies import FULL
from tests.bench.city import Phone

WINDOW: Final = "2026-01-05/pagi"
CAPTURED: Final = 1_767_580_000_000
_BATCH: Final = UUID(int=0xBA7C4)
_BODIES: Final = 997
_ids = count(1)

_series = Table(
    "bench_series",
    MetaData(),
    Column("n", Integer, primary_key=True),
    prefixes=["TEMPORARY"],
)
_bodies = Table(
    "bench_bodies",
    MetaData(),
    Column("k", Integer, primary_key=True),
    Column("body", Text),
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
    for table in (_series, _turns, _bodies):
        table.drop(conn)


def _prepare(conn: Connection, phones: Sequence[Phone]) -> None:
    _bodies.create(conn)
    conn.execute(insert(_bodies), [{"k": k, "body": _body(k)} for k in range(_BODIES)])
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
    lands = lands.join(_bodies, _bodies.c.k == _series.c.n % _BODIES)
    own = _id_of(conn, number)
    place = {"area_id": _turns.c.area_id, "feed_id": _turns.c.feed_id}
    seq = col(Feed.seq) + func.floor(where["round"]) * _turns.c.size + _turns.c.place
    report = _SEALED | {"body": _bodies.c.body}
    for name, values in (
        ("records", {"record_id": own, **place, "seq": seq, **report}),
        ("versions", {"record_id": own, "mutation_id": own, **place, **report, **_VERSION}),
        ("receipts", {"mutation_id": own, "record_id": own, "area_id": _turns.c.area_id, **_RECEIPT}),
    ):
        table = SQLModel.metadata.tables[name]
        columns = [column for column in table.columns if column.name in values]
        chosen = select(*(_expression(column, values[column.name]) for column in columns)).select_from(lands)
        conn.execute(insert(table).from_select([column.name for column in columns], chosen))


def _expression(column: Column[Any], value: Any) -> Any:
    return value if hasattr(value, "label") else literal(value, column.type)


def _id_of(conn: Connection, number: int) -> Any:
    """A UUID of the row's number as the database stores it: rising at its head and mixed at its tail, as UUIDv7 are."""
    form = "lpad(to_hex({}), {}, '0')" if conn.dialect.name == "postgresql" else "printf('%0{1}x', {0})"
    mixed = (f"n * cast({factor} as bigint) % 4294967296" for factor in (2654435761, 2246822519))
    digits = " || ".join([form.format("n", 7), f"'70{number:02x}'", *(form.format(mix, 8) for mix in mixed)])
    text = f"'01900' || {digits}"
    return literal_column(f"({text})::uuid" if conn.dialect.name == "postgresql" else text)


def _body(k: int) -> str:
    """A report that differs from the others as people's do."""
    some = Random(k)  # Not for secrets, and the same in each run.
    word = "".join(some.choices(ascii_lowercase, k=9))
    identity = structs.replace(
        FULL.identity, full_name=f"Contoh {word.title()}", birth_date=f"19{some.randrange(50, 99)}-0{1 + k % 9}-11"
    )
    document = structs.replace(FULL.document, number=f"{word[:2].upper()}{some.randrange(10**7):07}")
    stay = structs.replace(FULL.stay, address=f"Jalan {word[3:].title()} {some.randrange(1, 200)}", lodging_name=word)
    return msgspec.json.encode(Report(identity, document, FULL.permit, stay, f"Catatan {some.random()}")).decode()


_SEALED: Final = {
    "kind": "report",
    "version": 1,
    "removed": False,
    "window": WINDOW,
    "captured_at": CAPTURED,
    "conflicts": 0,
    "batch_id": _BATCH,
}
_VERSION: Final = {
    "changed": "identity document permit stay note",
    "salt": bytes(16),
    "received_at": CAPTURED,
    "flags": "",
}
_RECEIPT: Final = {
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

"""Old nils and tombstones leave their feed, so that a feed does not grow without end (SPEC M23).

They stay in the store with all their versions: a late edit of a removed report still meets its tombstone.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, or_, select, update
from sqlmodel import col

from server.store.pull import HORIZON
from server.tables.reports import Record, Version

MOST: Final = 5000

Old = tuple[UUID, int]


def old(conn: Connection, now: int) -> list[Old]:
    """The ids and numbers of records that came longer ago than the horizon and that nobody needs to be told."""
    last = and_(col(Version.record_id) == col(Record.record_id), col(Version.version) == col(Record.version))
    query = (
        select(col(Record.record_id), col(Record.seq))
        .join(Version, last)
        .where(
            or_(col(Record.kind) == "nil", col(Record.removed)),
            col(Record.seq) > 0,
            col(Record.conflicts) == 0,
            col(Record.captured_at) < now - HORIZON,
            col(Version.received_at) < now - HORIZON,
        )
        .limit(MOST)
    )
    return [(row.record_id, row.seq) for row in conn.execute(query)]


def forget(conn: Connection, records: Sequence[Old]) -> None:
    """Take records out of their feed, unless they changed in the meantime."""
    statement = update(Record).where(col(Record.record_id) == bindparam("id"), col(Record.seq) == bindparam("was"))
    conn.execute(statement.values(seq=0), [{"id": record_id, "was": seq} for record_id, seq in records])

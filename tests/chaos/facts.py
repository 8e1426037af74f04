"""Reads the whole database into the oracle's rows, by plain SQL that says what it means."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from tests.chaos.oracle import Conflict, Receipt, Record, Stored, Version


def read(conn: Connection) -> Stored:
    """All that the database holds."""
    batches = [(_id(row[0]), row[1]) for row in _rows(conn, "select batch_id, hash from batches")]
    hashes = dict(batches)
    return Stored(
        receipts=[
            Receipt(_id(row[0]), row[1].hex(), row[2], row[3])
            for row in _rows(conn, "select mutation_id, digest, outcome, version from receipts")
        ],
        versions=[
            Version(_id(row[0]), row[1], _id(row[2]), row[3], _id(row[4]))
            for row in _rows(conn, "select record_id, version, mutation_id, body, batch_id from versions")
        ],
        records=[
            Record(_id(row[0]), _id(row[1]), row[2], bool(row[3]), row[4], hashes.get(_id(row[5]), ""))
            for row in _rows(conn, "select record_id, area_id, version, removed, body, batch_id from records")
        ],
        conflicts=[
            Conflict(_id(row[0]), _id(row[1]), row[2])
            for row in _rows(conn, "select conflict_id, record_id, phone from conflicts")
        ],
        kept=frozenset(
            (_id(row[0]), row[1].hex()) for row in _rows(conn, "select mutation_id, digest from quarantine")
        ),
        batches=batches,
        entries=[
            (_id(row[0]), _id(row[1]), row[2])
            for row in _rows(conn, "select batch_id, record_id, version from batch_entries")
        ],
    )


def undelivered(conn: Connection) -> int:
    """How many deliveries no destination has accepted yet."""
    return int(_rows(conn, "select count(*) from deliveries where state <> 'accepted'")[0][0])


def windows(conn: Connection) -> int:
    """How many windows have a batch."""
    return int(_rows(conn, 'select count(distinct "window") from batches')[0][0])


def backdate(conn: Connection) -> None:
    """Let all phones be old acquaintances, whose captures of last week are believed (SPEC W4)."""
    conn.exec_driver_sql("update devices set enrolled_at = 0")


def _rows(conn: Connection, query: str) -> list[Any]:
    return list(conn.exec_driver_sql(query))


def _id(value: object) -> str:
    """SQLite keeps 32 hexadecimal digits, PostgreSQL an uuid."""
    return str(UUID(str(value))) if value else ""

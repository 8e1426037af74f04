"""Sealed batches with their entries; destinations; deliveries with their attempts."""

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from server.tables.columns import instant


class Batch(SQLModel, table=True):
    """One sealed batch. `seq` is its place in the chain; `header` are the bytes that `hash` is made of (SPEC B1, B3).

    `closes_at` is the close of its window, so that the sealer knows where to go on.
    """

    __tablename__ = "batches"
    __table_args__ = (UniqueConstraint("window", "part"),)
    batch_id: UUID = Field(primary_key=True)
    seq: int = Field(unique=True)
    window: str
    part: int
    closes_at: int = instant()
    parent_hash: str
    previous_hash: str = Field(unique=True)
    hash: str = Field(unique=True)
    header: bytes
    sealed_at: int = instant()
    entries: int


class BatchEntry(SQLModel, table=True):
    """One entry beside the header. Only its `body` may ever change, and only to nothing (SPEC B2, B7)."""

    __tablename__ = "batch_entries"
    __table_args__ = (UniqueConstraint("record_id", "version"),)
    batch_id: UUID = Field(primary_key=True, foreign_key="batches.batch_id")
    position: int = Field(primary_key=True)
    record_id: UUID
    version: int
    salt: bytes
    digest: str
    body: bytes | None = None


class Destination(SQLModel, table=True):
    """A mailbox or an endpoint that gets each batch. One that is no longer active keeps its deliveries."""

    __tablename__ = "destinations"
    destination_id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    transport: str
    address: str
    active: bool = True


class Delivery(SQLModel, table=True):
    """One batch on its way to one destination (SPEC B10-B12). `seq` is the batch's place in the chain.

    `next_at` is the instant of the next attempt; while one runs, the end of its lease.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("destination_id", "seq"),
        Index(
            "deliveries_open",
            "destination_id",
            "seq",
            sqlite_where=text("state <> 'accepted'"),
            postgresql_where=text("state <> 'accepted'"),
        ),
    )
    delivery_id: UUID = Field(primary_key=True)
    batch_id: UUID = Field(foreign_key="batches.batch_id", index=True)
    destination_id: UUID = Field(foreign_key="destinations.destination_id")
    seq: int
    state: str
    attempts: int = 0
    next_at: int = instant()
    lease_id: UUID | None = None
    accepted_at: int | None = instant(default=None)
    receipt: str = ""


class Attempt(SQLModel, table=True):
    """One try, written before it is made; `result` is empty until it is known, or for ever if the worker died."""

    __tablename__ = "attempts"
    delivery_id: UUID = Field(primary_key=True, foreign_key="deliveries.delivery_id")
    number: int = Field(primary_key=True)
    started_at: int = instant()
    ended_at: int | None = instant(default=None)
    result: str = ""
    detail: str = ""

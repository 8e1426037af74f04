"""Records, their versions, and what became of each mutation."""

from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from server.tables.columns import counter, instant


class Record(SQLModel, table=True):
    """The present state of a report or a nil; `seq` is the feed's number of its last change (SPEC M16).

    `body` is the JSON of `sync.protocol.records.Report`, empty for a nil. `batch_id` is the batch that holds `version`.
    """

    __tablename__ = "records"
    __table_args__ = (Index("records_by_area", "area_id", "seq"),)
    record_id: UUID = Field(primary_key=True)
    kind: str
    area_id: UUID = Field(foreign_key="areas.area_id")
    feed_id: UUID = Field(foreign_key="feeds.feed_id")
    seq: int = counter()
    version: int
    body: str
    removed: bool
    window: str
    captured_at: int = instant()
    conflicts: int
    batch_id: UUID | None = Field(default=None, foreign_key="batches.batch_id")


class Version(SQLModel, table=True):
    """Each accepted state of a record, for ever. `changed` names the groups, separated by a space.

    `batch_id` is set once, when the version is sealed (SPEC B4).
    """

    __tablename__ = "versions"
    __table_args__ = (
        Index(
            "versions_by_batch",
            "batch_id",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index(
            "versions_unsealed",
            "window",
            "received_at",
            sqlite_where=text("batch_id IS NULL"),
            postgresql_where=text("batch_id IS NULL"),
        ),
    )
    record_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    mutation_id: UUID
    area_id: UUID = Field(foreign_key="areas.area_id")
    feed_id: UUID
    window: str
    body: str
    changed: str
    removed: bool
    salt: bytes
    captured_at: int = instant()
    received_at: int = instant()
    flags: str
    batch_id: UUID | None = Field(default=None, foreign_key="batches.batch_id")


class Receipt(SQLModel, table=True):
    """What became of a mutation, kept for ever (SPEC M5). `author_id` is a device, or a console user."""

    __tablename__ = "receipts"
    __table_args__ = (Index("receipts_by_window", "window", "area_id"), {"sqlite_with_rowid": False})
    mutation_id: UUID = Field(primary_key=True)
    digest: bytes
    outcome: str
    code: str
    kind: str
    record_id: UUID | None = None
    version: int
    area_id: UUID | None = None
    window: str
    author_id: UUID
    captured_at: int = instant()
    received_at: int = instant()


class Quarantined(SQLModel, table=True):
    """The bytes of a mutation that was not applied, as they came (SPEC M2, M5), with its capture (SPEC W2-W4).

    `record_id` is the record that it says it speaks of; `place` is its place among those of one transaction.
    `decision` is empty until a person released or discarded it, with a reason (SPEC M21).
    """

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_in_order", "decision", "received_at", "place"),)
    mutation_id: UUID = Field(primary_key=True)
    digest: bytes = Field(primary_key=True, index=True)
    code: str
    payload: bytes
    author_id: UUID = Field(index=True)
    record_id: UUID | None = Field(default=None, index=True)
    window: str = ""
    captured_at: int = instant(default=0)
    flags: str = ""
    received_at: int = instant()
    place: int = 0
    decision: str = ""
    decided_by: UUID | None = None
    decided_at: int | None = instant(default=None)
    reason: str = ""


class Conflict(SQLModel, table=True):
    """Values of a phone that could not be merged; `base` and `phone` are Groups as JSON.

    `conflict_id` is the id of the mutation that brought them.
    """

    __tablename__ = "conflicts"
    conflict_id: UUID = Field(primary_key=True)
    record_id: UUID = Field(foreign_key="records.record_id", index=True)
    area_id: UUID = Field(foreign_key="areas.area_id", index=True)
    kind: str
    base: str
    phone: str
    window: str
    opened_at: int = instant()
    resolved_by: UUID | None = Field(default=None, index=True)

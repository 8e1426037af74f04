"""The same person in two reports: keys of what identifies a person, what was found, how far was looked (SPEC T1-T3)."""

from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from server.tables.columns import counter, instant


class PersonKey(SQLModel, table=True):
    """What identifies the person of a present report, as SHA-256. `kind` is one of `sync.protocol.console.Evidence`."""

    __tablename__ = "person_keys"
    record_id: UUID = Field(primary_key=True, foreign_key="records.record_id")
    kind: str = Field(primary_key=True)
    key: bytes = Field(index=True)


class Finding(SQLModel, table=True):
    """Two reports that may be of one person; `first_id` is the lower id.

    `evidence` names the kinds of keys that they share now, separated by a space; it is empty when they no longer do.
    `decision` is empty until a person said that they are the same or different.
    """

    __tablename__ = "findings"
    __table_args__ = (Index("findings_in_order", "decision", "found_at"),)
    first_id: UUID = Field(primary_key=True, foreign_key="records.record_id")
    second_id: UUID = Field(primary_key=True, foreign_key="records.record_id", index=True)
    evidence: str
    found_at: int = instant()
    decision: str = ""
    decided_by: UUID | None = None
    decided_at: int | None = instant(default=None)
    reason: str = ""


class FeedPosition(SQLModel, table=True):
    """The last number of a feed that a reader of the worker has seen (SPEC M16).

    Without a foreign key: checking one would wait for the writers that hold the feed, and they for it.
    """

    __tablename__ = "feed_positions"
    reader: str = Field(primary_key=True)
    feed_id: UUID = Field(primary_key=True)
    seq: int = counter()

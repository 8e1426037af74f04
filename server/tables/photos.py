"""Photos of documents: those that are kept, those on their way, and the reports that name them (SPEC F1-F6)."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from server.tables.columns import instant


class Photo(SQLModel, table=True):
    """A photo as the server encoded it; `sha256` is the digest of what the phone sent, in hex."""

    __tablename__ = "photos"
    sha256: str = Field(primary_key=True)
    content: bytes
    kept_at: int = instant(index=True)


class PhotoName(SQLModel, table=True):
    """A report that names a photo, in its present version or in a conflict."""

    __tablename__ = "photo_names"
    sha256: str = Field(primary_key=True)
    record_id: UUID = Field(primary_key=True, foreign_key="records.record_id")


class PhotoUpload(SQLModel, table=True):
    """A photo that a phone has begun to send: `received` of its `length` bytes have come."""

    __tablename__ = "photo_uploads"
    device_id: UUID = Field(primary_key=True, foreign_key="devices.device_id")
    sha256: str = Field(primary_key=True)
    length: int
    received: int
    begun_at: int = instant(index=True)


class PhotoChunk(SQLModel, table=True):
    """A part of an upload, from its byte `start` on."""

    __tablename__ = "photo_chunks"
    device_id: UUID = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    start: int = Field(primary_key=True)
    content: bytes

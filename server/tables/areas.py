"""Areas with their dates of validity, and one feed per kelurahan."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from server.tables.columns import counter, instant


class Area(SQLModel, table=True):
    """`level` is kota, kecamatan, kelurahan, rw or rt; `name` of an RW or RT is its three digits, "005".

    `code` is a label that may change hands; the id never does. Kelurahan, RW and RT name their feed.
    """

    __tablename__ = "areas"
    area_id: UUID = Field(primary_key=True)
    code: str = Field(index=True)
    level: str
    name: str
    parent_id: UUID | None = Field(default=None, foreign_key="areas.area_id", index=True)
    feed_id: UUID | None = Field(default=None, foreign_key="feeds.feed_id", index=True)
    valid_from: int = instant()
    valid_to: int | None = instant(default=None)


class Succession(SQLModel, table=True):
    """An area that ended, and one of those that came after it (SPEC A2)."""

    __tablename__ = "successions"
    area_id: UUID = Field(primary_key=True, foreign_key="areas.area_id")
    successor_id: UUID = Field(primary_key=True, foreign_key="areas.area_id", index=True)


class Feed(SQLModel, table=True):
    """The counter of one kelurahan (SPEC M16). `feed_id` is the kelurahan's area id."""

    __tablename__ = "feeds"
    feed_id: UUID = Field(primary_key=True)
    seq: int = counter(default=0)


class Meta(SQLModel, table=True):
    """What the server knows of itself: `epoch` (SPEC M17)."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str

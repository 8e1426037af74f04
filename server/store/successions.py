"""Areas that came before others, and after them (SPEC A2). The officers of an RT read and edit the records of those
before it (SPEC A3)."""

from collections.abc import Collection
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, select
from sqlmodel import col

from server.tables.areas import Area, Succession


class Predecessor(Struct, frozen=True):
    """An RT that ended, and the one of the successors asked about that came after it, be it by several steps."""

    heir_id: UUID
    area_id: UUID
    feed_id: UUID
    ended_at: int


def predecessors(conn: Connection, area_ids: Collection[UUID]) -> list[Predecessor]:
    """The RTs that came before some, each beside its heir."""
    heir_id, area_id = col(Succession.successor_id), col(Succession.area_id)
    line = select(heir_id.label("heir_id"), area_id).where(heir_id.in_(area_ids)).cte("line", recursive=True)
    further = select(line.c.heir_id, area_id).join(line, col(Succession.successor_id) == line.c.area_id)
    line = line.union(further)
    query = (
        select(line.c.heir_id, col(Area.area_id), col(Area.feed_id), col(Area.valid_to))
        .join(Area, col(Area.area_id) == line.c.area_id)
        .where(col(Area.level) == "rt", col(Area.valid_to).is_not(None))
    )
    return [Predecessor(row.heir_id, row.area_id, row.feed_id, row.valid_to) for row in conn.execute(query)]


def successors(conn: Connection, area_id: UUID) -> dict[UUID, int]:
    """The areas that come after one, be it by several steps, each with the instant at which it does."""
    query = select(col(Succession.successor_id), col(Area.valid_to)).join(
        Area, col(Area.area_id) == col(Succession.area_id)
    )
    found: dict[UUID, int] = {}
    ended = [area_id]
    while ended:
        rows = conn.execute(query.where(col(Succession.area_id).in_(ended))).all()
        ended = [row.successor_id for row in rows if row.successor_id not in found]
        found |= {row.successor_id: row.valid_to for row in rows}
    return found

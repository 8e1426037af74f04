"""RTs that came before others: whose records the officers of their successors read and edit (SPEC A3)."""

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

"""Areas: those below one, and the feeds of RTs."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.tables.areas import Area, Feed


def below(area_id: UUID) -> Any:
    """A query of the ids of an area and all that lies in it, to be used in other queries."""
    top = select(col(Area.area_id)).where(col(Area.area_id) == area_id).cte("below", recursive=True)
    child = aliased(Area)
    return select(top.union_all(select(col(child.area_id)).join(top, col(child.parent_id) == top.c.area_id)).c.area_id)


def feed_of(conn: Connection, rt_id: UUID, within: UUID) -> UUID | None:
    """The feed of an RT that lies in an area; None when it does not, or is no RT."""
    query = select(col(Area.feed_id)).where(
        col(Area.area_id) == rt_id, col(Area.level) == "rt", col(Area.area_id).in_(below(within))
    )
    return conn.execute(query).scalar_one_or_none()


def add_areas(conn: Connection, rows: list[dict[str, Any]]) -> None:
    """Add areas, parents first, with a feed for each kelurahan. Rows hold all columns of the table."""
    if feeds := [{"feed_id": row["area_id"], "seq": 0} for row in rows if row["level"] == "kelurahan"]:
        conn.execute(insert(Feed), feeds)
    conn.execute(insert(Area), rows)

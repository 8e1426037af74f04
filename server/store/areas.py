"""Areas: those below one, and the feeds of RTs."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, insert, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.tables.areas import Area, Feed, Succession
from sync.errors import Code, Unknown


def below(area_id: UUID) -> Any:
    """A query of the ids of an area and all that lies in it, to be used in other queries.

    With the RTs that came before those in it: who decides there decides on their records (SPEC A3).
    """
    top = select(col(Area.area_id)).where(col(Area.area_id) == area_id).cte("below", recursive=True)
    child = aliased(Area)
    inside = top.union_all(select(col(child.area_id)).join(top, col(child.parent_id) == top.c.area_id))
    line = select(inside.c.area_id).cte("line", recursive=True)
    before = (
        select(col(Succession.area_id))
        .join(line, col(Succession.successor_id) == line.c.area_id)
        .join(Area, and_(col(Area.area_id) == col(Succession.area_id), col(Area.level) == "rt"))
    )
    return select(line.union(before).c.area_id)


def id_of_code(conn: Connection, code: str | None, now: int) -> UUID:
    """The area that has a code now; the city without one. Raises Unknown."""
    which = col(Area.parent_id).is_(None) if code is None else col(Area.code) == code
    query = select(col(Area.area_id), col(Area.valid_from), col(Area.valid_to)).where(which)
    for row in conn.execute(query.order_by(col(Area.valid_from))):
        if row.valid_to is None or now < row.valid_to:
            found: UUID = row.area_id
            return found
    raise Unknown(Code.not_found, f"there is no area {code}" if code else "there are no areas: ronda areas import")


def exists_at(row: Any, instant: int) -> bool:
    """Whether an area, a row with its `valid_from` and `valid_to`, exists at an instant."""
    return bool(row.valid_from <= instant and (row.valid_to is None or instant < row.valid_to))


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

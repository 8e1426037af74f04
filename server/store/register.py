"""The register of areas: a file of areas against what is stored, and a split by dates (SPEC A2).

A file is applied whole or not at all, and once: the same file again changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import col

from server.register import LEVELS, AreaRow, BadFile, Fault
from server.store.areas import add_areas
from server.tables.areas import Area

NewId = Callable[[], UUID]


class Stored(Struct, frozen=True):
    """An area as the database has it."""

    area_id: UUID
    code: str
    level: str
    name: str
    parent_id: UUID | None
    feed_id: UUID | None
    valid_from: int
    valid_to: int | None


class Difference(Struct, frozen=True):
    """What a file changes: areas that are new, areas with another name (before, after), and codes it leaves out."""

    new: tuple[AreaRow, ...]
    renamed: tuple[tuple[str, str, str], ...]
    missing: tuple[str, ...]


def stored_at(conn: Connection, instant: int) -> dict[str, Stored]:
    """The areas that exist at an instant, or begin later where nothing has the code yet, by their codes."""
    query = select(*(col(getattr(Area, field)) for field in Stored.__struct_fields__))
    rows: Any = conn.execute(query.order_by(col(Area.valid_from).desc()))
    areas = (Stored(*row) for row in rows)
    return {area.code: area for area in areas if area.valid_to is None or instant < area.valid_to}


def import_areas(conn: Connection, rows: Sequence[AreaRow], now: int, new_id: NewId, apply: bool) -> Difference:
    """Add the areas that are missing and give others their names. Areas that the file leaves out stay as they are.

    Raises BadFile. What is added to an empty register has always been there, later areas begin now.
    """
    known = stored_at(conn, now)
    ordered = sorted(rows, key=lambda row: LEVELS.index(row.level))
    levels = {row.code: row.level for row in rows} | {code: area.level for code, area in known.items()}
    faults = [Fault(row.line, message) for row in ordered for message in _contradictions(row, known, levels)]
    if faults:
        raise BadFile(faults)
    new = tuple(row for row in ordered if row.code not in known)
    renamed = [(known[row.code], row.name) for row in ordered if row.code in known and known[row.code].name != row.name]
    if apply and new:
        add(conn, new, known, now if known else 0, new_id)
    if apply and renamed:
        rename = update(Area).where(col(Area.area_id) == bindparam("id")).values(name=bindparam("to"))
        conn.execute(rename, [{"id": area.area_id, "to": name} for area, name in renamed])
    codes = {row.code for row in rows}
    missing = tuple(sorted(code for code in known if code not in codes))
    return Difference(new, tuple((area.code, area.name, name) for area, name in renamed), missing)


def _contradictions(row: AreaRow, known: Mapping[str, Stored], levels: Mapping[str, str]) -> Iterable[str]:
    area = known.get(row.code)
    parent_level = LEVELS[LEVELS.index(row.level) - 1] if row.level != LEVELS[0] else ""
    if parent_level and levels.get(row.parent_code) != parent_level:
        yield f"{row.parent_code} is no {parent_level}"
    if area and area.level != row.level:
        yield f"{row.code} is a {area.level}"
    elif area and row.parent_code in known and area.parent_id != known[row.parent_code].area_id:
        yield f"{row.code} lies elsewhere; an area does not move, it has a successor: ronda areas split"


def add(conn: Connection, rows: Sequence[AreaRow], known: dict[str, Stored], since: int, new_id: NewId) -> list[Stored]:
    """Add areas, parents first, below those that are known or added. Returns them in the order of the rows."""
    places, added = dict(known), []
    for row in rows:
        own, parent = new_id(), places.get(row.parent_code)
        feed_id = own if row.level == "kelurahan" else parent.feed_id if parent else None
        area = Stored(own, row.code, row.level, row.name, parent.area_id if parent else None, feed_id, since, None)
        places[row.code] = area
        added.append(area)
    if added:
        add_areas(conn, [{field: getattr(area, field) for field in Stored.__struct_fields__} for area in added])
    return added


def children(areas: Iterable[Stored]) -> dict[UUID | None, list[Stored]]:
    """Areas by the area that they lie in."""
    found: dict[UUID | None, list[Stored]] = defaultdict(list)
    for area in areas:
        found[area.parent_id].append(area)
    return found

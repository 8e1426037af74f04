"""For which RTs counts what was accepted in an RT that ended (SPEC A5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, select
from sqlmodel import col

from server.store.devices import Territory, territories
from server.tables.areas import Area, Succession
from server.tables.people import Device


class Statement(Struct, frozen=True):
    """Something that was accepted in an RT; `author_id` is a device, or a console user."""

    area_id: UUID
    author_id: UUID
    captured_at: int


class _Lineage(Struct, frozen=True):
    """The RTs that have to do with successions: what came after each, and when it lived."""

    successors: Mapping[UUID, Collection[UUID]]
    lives: Mapping[UUID, tuple[int, int | None]]

    def ends(self, area_id: UUID) -> int | None:
        return self.lives[area_id][1] if area_id in self.lives else None

    def reach(self, area_id: UUID) -> set[UUID]:
        """The RT and all that came after it."""
        found, open_ends = {area_id}, [area_id]
        while open_ends:
            new = set(self.successors.get(open_ends.pop(), ())) - found
            found |= new
            open_ends += new
        return found

    def alive(self, area_ids: Collection[UUID], instant: int) -> set[UUID]:
        return {area_id for area_id in area_ids if _holds(self.lives.get(area_id, (0, None)), instant)}


def heirs(conn: Connection, statements: Sequence[Statement], instant: int) -> list[frozenset[UUID]]:
    """Of each statement the RTs, of those that exist at the instant, for which it counts."""
    lineage = _lineage(conn)
    late = {said.author_id for said in statements if _is_late(said, lineage)}
    lands = _lands(conn, late) if late else {}
    return [frozenset(_heirs(said, lineage, lands, instant)) for said in statements]


def _heirs(said: Statement, lineage: _Lineage, lands: Mapping[UUID, Sequence[Territory]], instant: int) -> set[UUID]:
    if not _is_late(said, lineage):
        return lineage.alive(lineage.reach(said.area_id), instant)
    after = lineage.reach(said.area_id)
    held = {
        land.span.area_id
        for land in lands.get(said.author_id, ())
        if not land.span.inherited and land.holds_at(said.captured_at)
    }
    return set().union(*(lineage.alive(lineage.reach(area_id), instant) for area_id in held & after))


def _is_late(said: Statement, lineage: _Lineage) -> bool:
    ends = lineage.ends(said.area_id)
    return ends is not None and ends <= said.captured_at


def _lineage(conn: Connection) -> _Lineage:
    successors: dict[UUID, list[UUID]] = defaultdict(list)
    for before, after in conn.execute(select(col(Succession.area_id), col(Succession.successor_id))):
        successors[before].append(after)
    involved = select(col(Succession.area_id)).union(select(col(Succession.successor_id)))
    query = select(col(Area.area_id), col(Area.valid_from), col(Area.valid_to))
    query = query.where(col(Area.level) == "rt", col(Area.area_id).in_(involved))
    return _Lineage(successors, {row.area_id: (row.valid_from, row.valid_to) for row in conn.execute(query)})


def _lands(conn: Connection, device_ids: Collection[UUID]) -> dict[UUID, list[Territory]]:
    query = select(col(Device.device_id), col(Device.officer_id)).where(col(Device.device_id).in_(device_ids))
    officers = {row.device_id: row.officer_id for row in conn.execute(query)}
    found = territories(conn, set(officers.values()))
    return {device_id: found[officer_id] for device_id, officer_id in officers.items()}


def _holds(life: tuple[int, int | None], instant: int) -> bool:
    return life[0] <= instant and (life[1] is None or instant < life[1])

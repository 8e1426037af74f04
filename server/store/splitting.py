"""Areas that end on a day, and those that come after them (SPEC A2). Dates alone decide, so no job runs on the day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, or_, select, update
from sqlmodel import col

from server.register import LEVELS, AreaRow, BadFile, Fault
from server.store.register import NewId, Stored, add, children, stored_at
from server.tables.areas import Area, Succession
from server.tables.people import Assignment, ConsoleUser, Officer

SPLITTABLE: Final = ("kelurahan", "rw", "rt")


class Moved(Struct, frozen=True):
    """An officer, the area that ends, and what they have from then on."""

    officer: str
    before: str
    after: tuple[str, ...]


class Split(Struct, frozen=True):
    """What a plan does: who comes after whom, officers that move along, console users of areas that end.

    `done` tells that it was applied before.
    """

    successors: tuple[tuple[str, str], ...]
    officers: tuple[Moved, ...] = ()
    users: tuple[str, ...] = ()
    done: bool = False


def split_areas(conn: Connection, plan: Sequence[AreaRow], at: int, new_id: NewId, apply: bool) -> Split:
    """End the areas that the plan names as `before` at an instant, and let their successors begin.

    What the plan does not name goes along with the area in which it lies, where that has one successor. Successors
    are new areas, or such as exist and go on. Raises BadFile.
    """
    known = stored_at(conn, at - 1)
    if _is_done(conn, plan, known, at):
        return Split(tuple((row.before, row.code) for row in plan), done=True)
    rows = [*plan, *_implied(plan, known)]
    checked = _Plan(rows, known, at)
    faults = [Fault(row.line, message) for row in rows for message in checked.contradictions(row)]
    if faults:
        raise BadFile(faults)
    ended = {row.before for row in rows if row.before}
    going_on = {code: area for code, area in known.items() if code not in ended}
    new = {row.code: row for row in rows if row.code not in going_on}
    ordered = sorted(new.values(), key=lambda row: LEVELS.index(row.level))
    pairs = tuple((row.before, row.code) for row in rows if row.before)
    moving = _moving(conn, {known[code].area_id: code for code in ended}, at)
    if apply:
        after = going_on | {area.code: area for area in add(conn, ordered, going_on, at, new_id)}
        _end(conn, [(known[before].area_id, after[code].area_id) for before, code in pairs], at)
        _move(conn, moving, pairs, {code: area.area_id for code, area in after.items()}, at, new_id)
    return Split(pairs, tuple(_told(moving, pairs)), _users(conn, [known[code].area_id for code in ended]))


def _is_done(conn: Connection, plan: Sequence[AreaRow], known: Mapping[str, Stored], at: int) -> bool:
    ended = {area.area_id: area.code for area in known.values() if area.valid_to == at}
    query = select(col(Succession.area_id), col(Area.code)).join(
        Area, col(Area.area_id) == col(Succession.successor_id)
    )
    rows = conn.execute(query.where(col(Succession.area_id).in_(ended))) if ended else ()
    present = {(ended[area_id], code) for area_id, code in rows}
    wanted = {(row.before, row.code) for row in plan if row.before}
    return bool(wanted) and wanted <= present


def _implied(plan: Sequence[AreaRow], known: Mapping[str, Stored]) -> Iterator[AreaRow]:
    """What lies in an area with one successor goes along with it, and keeps its number."""
    below = children(known.values())
    named = {row.before for row in plan}
    waiting = [row for row in plan if row.before in known and _has_one(row, plan)]
    while waiting:
        row = waiting.pop()
        for child in below[known[row.before].area_id]:
            if child.code not in named:
                new = AreaRow(row.line, f"{row.code}/{child.name}", child.level, child.name, row.code, child.code)
                waiting.append(new)
                yield new


def _has_one(row: AreaRow, plan: Sequence[AreaRow]) -> bool:
    return sum(other.before == row.before for other in plan) == 1


class _Plan:
    """All rows of a plan, beside the areas that exist on the day."""

    def __init__(self, rows: Sequence[AreaRow], known: Mapping[str, Stored], at: int) -> None:
        self._known = known
        self._at = at
        self._below = children(known.values())
        self._ended = {row.before for row in rows}
        self._rows: dict[str, list[AreaRow]] = defaultdict(list)
        for row in rows:
            self._rows[row.code].append(row)

    def contradictions(self, row: AreaRow) -> Iterator[str]:
        """What cannot be in a row."""
        if row.level not in SPLITTABLE:
            yield f"only {', '.join(SPLITTABLE)} can be split"
        elif self._level(row.parent_code) != (parent := LEVELS[LEVELS.index(row.level) - 1]):
            yield f"there is no {parent} {row.parent_code} from that day on"
        if row.before:
            yield from self._of_ending(row)
        yield from self._of_beginning(row)

    def _of_ending(self, row: AreaRow) -> Iterator[str]:
        before = self._known.get(row.before)
        if before is None or before.valid_from >= self._at:
            yield f"there is no area {row.before} on that day"
        elif before.level != row.level:
            yield f"{row.before} is a {before.level}"
        elif before.valid_to is not None:
            yield f"{row.before} is to end already"
        else:
            left = [area.code for area in self._below[before.area_id] if area.code not in self._ended]
            yield from (f"{code} lies in {row.before}, which has several successors: name its own" for code in left)

    def _of_beginning(self, row: AreaRow) -> Iterator[str]:
        if any(_described(row) != _described(other) for other in self._rows[row.code]):
            yield f"{row.code} is named twice, and not alike"
        present = self._known.get(row.code) if row.code not in self._ended else None
        if present and not row.before:
            yield f"{row.code} exists already"
        elif present and (present.level, present.name) != (row.level, row.name):
            yield f"{row.code} goes on as {present.level} {present.name}"

    def _level(self, code: str) -> str:
        """The level of an area that exists from the day on."""
        if code in self._rows:
            return self._rows[code][0].level
        return self._known[code].level if code in self._known and code not in self._ended else ""


def _described(row: AreaRow) -> tuple[str, str, str]:
    return row.level, row.name, row.parent_code


def _end(conn: Connection, pairs: Sequence[tuple[UUID, UUID]], at: int) -> None:
    rows = [{"id": area_id} for area_id in {before for before, _ in pairs}]
    conn.execute(update(Area).where(col(Area.area_id) == bindparam("id")).values(valid_to=at), rows)
    conn.execute(insert(Succession), [{"area_id": before, "successor_id": after} for before, after in pairs])


def _moving(conn: Connection, ended: Mapping[UUID, str], at: int) -> list[Any]:
    """The assignments that reach over the end: with the officer's name and the code of the area."""
    query = select(Assignment, col(Officer.name)).join(Officer, col(Officer.officer_id) == col(Assignment.officer_id))
    lasting = or_(col(Assignment.valid_to).is_(None), col(Assignment.valid_to) > at)
    rows = conn.execute(query.where(lasting).order_by(col(Officer.name)))
    return [(row, ended[row.area_id]) for row in rows if row.area_id in ended]


def _after(pairs: Sequence[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for before, code in pairs:
        found[before].append(code)
    return found


def _move(
    conn: Connection,
    moving: Sequence[Any],
    pairs: Sequence[tuple[str, str]],
    ids: Mapping[str, UUID],
    at: int,
    new_id: NewId,
) -> None:
    """Give the officers of areas that end their successors, each once, and end what they had."""
    after, given = _after(pairs), {}
    for row, before in moving:
        for code in after[before]:
            since = max(at, row.valid_from)
            given[row.officer_id, ids[code]] = {"valid_from": since, "valid_to": row.valid_to}
    if not moving:
        return
    end = update(Assignment).where(col(Assignment.assignment_id) == bindparam("id")).values(valid_to=bindparam("to"))
    conn.execute(end, [{"id": row.assignment_id, "to": max(at, row.valid_from)} for row, _ in moving])
    conn.execute(
        insert(Assignment),
        [
            {"assignment_id": new_id(), "officer_id": officer_id, "area_id": area_id, **dates}
            for (officer_id, area_id), dates in given.items()
        ],
    )


def _told(moving: Sequence[Any], pairs: Sequence[tuple[str, str]]) -> Iterator[Moved]:
    after = _after(pairs)
    for row, before in moving:
        yield Moved(row.name, before, tuple(after[before]))


def _users(conn: Connection, area_ids: Sequence[UUID]) -> tuple[str, ...]:
    query = select(col(ConsoleUser.username)).where(col(ConsoleUser.area_id).in_(area_ids))
    return tuple(sorted(conn.execute(query).scalars()))

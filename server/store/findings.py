"""Reports that may be of one person: who sees which of them, and what a person said (SPEC T3)."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.store.areas import below
from server.store.devices import named_areas
from server.store.records import report_of
from server.tables.persons import Finding
from server.tables.reports import Record
from sync.errors import Code, Refused, Unknown
from sync.protocol.console import Evidence, FindingSide, FindingView, Verdict
from sync.protocol.exchange import Area

MOST: Final = 100

_first, _second = aliased(Record), aliased(Record)


def _touching(area_id: UUID) -> Any:
    """The findings of which a report lies in an area, with both reports."""
    inside = below(area_id)
    return (
        select(
            Finding,
            *_columns(_first, "first"),
            *_columns(_second, "second"),
        )
        .join(_first, col(_first.record_id) == col(Finding.first_id))
        .join(_second, col(_second.record_id) == col(Finding.second_id))
        .where(or_(col(_first.area_id).in_(inside), col(_second.area_id).in_(inside)))
    )


def _columns(record: Any, side: str) -> list[Any]:
    return [getattr(record, name).label(f"{side}_{name}") for name in ("area_id", "body", "captured_at")]


def open_below(conn: Connection, area_id: UUID) -> list[FindingView]:
    """What waits for a person in an area, oldest first. A report outside of it is told by its RT alone."""
    query = (
        _touching(area_id)
        .where(col(Finding.decision) == "", col(Finding.evidence) != "", ~col(_first.removed), ~col(_second.removed))
        .order_by(col(Finding.found_at), col(Finding.first_id), col(Finding.second_id))
        .limit(MOST)
    )
    rows = conn.execute(query).all()
    ids = {id_ for row in rows for id_ in (row.first_area_id, row.second_area_id)}
    areas = {area.area_id: area for area in named_areas(conn, ids)}
    inside = set(conn.execute(below(area_id)).scalars())
    return [_view(row, areas, inside) for row in rows]


def _view(row: Any, areas: dict[UUID, Area], inside: set[UUID]) -> FindingView:
    first, second = (
        FindingSide(
            record_id=getattr(row, f"{side}_id"),
            area=areas[area_id],
            captured_at=getattr(row, f"{side}_captured_at"),
            report=report_of(getattr(row, f"{side}_body")) if area_id in inside else None,
        )
        for side in ("first", "second")
        for area_id in [getattr(row, f"{side}_area_id")]
    )
    return FindingView((first, second), tuple(map(Evidence, row.evidence.split())), row.found_at)


def decide(
    conn: Connection, pair: tuple[UUID, UUID], verdict: Verdict, reason: str, user_id: UUID, area_id: UUID, now: int
) -> None:
    """Store what a person said of two reports. Raises Unknown outside of their area, Refused when it is decided."""
    first, second = sorted(pair)
    this = (col(Finding.first_id) == first, col(Finding.second_id) == second)
    row = conn.execute(_touching(area_id).where(*this).with_for_update(of=Finding)).one_or_none()
    if row is None:
        raise Unknown(Code.not_found)
    if row.decision:
        raise Refused(Code.decided_already)
    values = {"decision": verdict.value, "decided_by": user_id, "decided_at": now, "reason": reason}
    conn.execute(update(Finding).where(*this).values(values))

"""Mutations that were kept instead of applied: what waits for whom, and what became of them (SPEC M21, M27).

Only reads; what people decide is written in `rulings`.
"""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import Connection, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.store.areas import below
from server.store.devices import named_areas, territories
from server.store.statements import Lookup
from server.tables.people import Assignment, ConsoleUser, Device, Officer
from server.tables.reports import Quarantined, Receipt
from sync.errors import Code
from sync.intake import Incoming, read, spoken_groups
from sync.protocol.console import QuarantineView
from sync.protocol.exchange import Area, Outcome, OutcomeKind

MOST: Final = 100
LONGEST_PAYLOAD: Final = 20_000


class Place(Struct, frozen=True, order=True):
    """Where a mutation stands in the quarantine: when its request came, and which it was of its transaction."""

    received_at: int
    place: int


def told(conn: Connection, device_id: UUID, mutation_ids: Collection[UUID]) -> dict[UUID, Outcome]:
    """The present outcome of some mutations of the phone's officer, also of a phone that this one replaced.

    Mutations that never arrived, or came from others, are missing from the answer.
    """
    if not mutation_ids:
        return {}
    discarded = and_(
        col(Receipt.code) == Code.discarded.value,
        col(Quarantined.digest) == col(Receipt.digest),
    )
    query = (
        select(
            col(Receipt.mutation_id),
            col(Receipt.outcome),
            col(Receipt.version),
            col(Receipt.window),
            col(Receipt.code),
            col(Quarantined.reason),
        )
        .outerjoin(Quarantined, discarded)
        .where(col(Receipt.mutation_id).in_(mutation_ids), col(Receipt.author_id).in_(_phones_of_the_same(device_id)))
    )
    return {row.mutation_id: _outcome(row) for row in conn.execute(query)}


def _phones_of_the_same(device_id: UUID) -> Any:
    """All phones of a phone's officer, as a query."""
    own = aliased(Device)
    officer = select(col(own.officer_id)).where(col(own.device_id) == device_id).scalar_subquery()
    return select(col(Device.device_id)).where(col(Device.officer_id) == officer)


def _outcome(row: Any) -> Outcome:
    code = Code(row.code) if row.code else None
    outcome = Outcome(row.mutation_id, OutcomeKind(row.outcome), row.version, row.window, code=code)
    return structs.replace(outcome, reason=row.reason) if row.reason else outcome


_KEPT: Final = Lookup(
    lambda among: select(
        col(Quarantined.record_id), col(Quarantined.payload), col(Quarantined.received_at), col(Quarantined.place)
    ).where(among(col(Quarantined.record_id)), col(Quarantined.decision) == "")
)


def kept(conn: Connection, record_ids: Collection[UUID], place: Place | None = None) -> dict[UUID, frozenset[str]]:
    """The groups that undecided mutations of some records speak of, by record: all, or those before a place."""
    found: dict[UUID, frozenset[str]] = defaultdict(frozenset)
    for row in _KEPT.rows(conn, record_ids):
        if place is None or Place(row.received_at, row.place) < place:
            found[row.record_id] |= spoken_groups(read(row.payload))
    return found


def earlier(row: Any, other: Any) -> Any:
    """The condition that another mutation of the same record came before."""
    same_time = and_(col(other.received_at) == row.received_at, col(other.place) < row.place)
    return and_(col(other.record_id) == row.record_id, or_(col(other.received_at) < row.received_at, same_time))


def visible(area_id: UUID, *, everything: bool) -> Any:
    """The condition that a mutation came from an officer who ever had an RT or RW in an area (SPEC M21)."""
    if everything:
        return True
    inside = (
        select(col(Device.device_id))
        .join(Assignment, col(Assignment.officer_id) == col(Device.officer_id))
        .where(col(Assignment.area_id).in_(below(area_id)))
    )
    return col(Quarantined.author_id).in_(inside)


def waiting(conn: Connection, area_id: UUID, *, everything: bool) -> list[QuarantineView]:
    """What waits for a decision in an area, oldest first. `everything` adds what no phone wrote."""
    before = aliased(Quarantined)
    follows = exists().where(earlier(Quarantined, before), col(before.decision) == "")
    query = (
        select(
            Quarantined,
            func.coalesce(col(Officer.name), col(ConsoleUser.name), "").label("author"),
            func.coalesce(col(Device.name), "").label("device"),
            col(Device.officer_id),
            follows.label("follows"),
        )
        .outerjoin(Device, col(Device.device_id) == col(Quarantined.author_id))
        .outerjoin(Officer, col(Officer.officer_id) == col(Device.officer_id))
        .outerjoin(ConsoleUser, col(ConsoleUser.user_id) == col(Quarantined.author_id))
        .where(col(Quarantined.decision) == "", visible(area_id, everything=everything))
        .order_by(col(Quarantined.received_at), col(Quarantined.place), col(Quarantined.digest))
        .limit(MOST)
    )
    rows = conn.execute(query).all()
    incoming = [read(row.payload) for row in rows]
    areas = _Areas(conn, {row.officer_id for row in rows if row.officer_id}, incoming)
    return [_view(row, one, areas) for row, one in zip(rows, incoming, strict=True)]


class _Areas:
    """The RTs of some officers, and those that some mutations name."""

    def __init__(self, conn: Connection, officer_ids: Collection[UUID], incoming: Iterable[Incoming]) -> None:
        lands = territories(conn, officer_ids)
        self._ids = {officer: {land.span.area_id for land in own} for officer, own in lands.items()}
        named = {one.mutation.area_id for one in incoming if one.mutation}
        known = named_areas(conn, named.union(*self._ids.values()))
        self.by_id: Mapping[UUID, Area] = {area.area_id: area for area in known}

    def of_officer(self, officer_id: UUID | None) -> tuple[Area, ...]:
        own = self._ids.get(officer_id, set()) if officer_id else set()
        return tuple(area for area_id, area in self.by_id.items() if area_id in own)


def _view(row: Any, incoming: Incoming, areas: _Areas) -> QuarantineView:
    return QuarantineView(
        mutation_id=row.mutation_id,
        digest=row.digest.hex(),
        code=Code(row.code),
        author=row.author,
        device=row.device,
        areas=areas.of_officer(row.officer_id),
        area=areas.by_id.get(incoming.mutation.area_id) if incoming.mutation else None,
        captured_at=row.captured_at,
        received_at=row.received_at,
        payload=legible(row.payload),
        follows=row.follows,
    )


def legible(payload: bytes) -> str:
    """Bytes as a person may look at them: JSON in lines, and no character that is not seen."""
    try:
        text = json.dumps(json.loads(payload), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = payload.decode(errors="backslashreplace")
    return "".join(map(_seen, text[:LONGEST_PAYLOAD]))


def _seen(character: str) -> str:
    hidden = character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")
    return f"\\u{ord(character):04x}" if hidden else character

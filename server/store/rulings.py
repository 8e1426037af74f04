"""What a person decides of a quarantined mutation: release or discard it (SPEC M21), and those that follow it (M27).

A release deletes the receipt and decides the bytes anew, in one transaction: refused, all stays as it was. Rows of
the quarantine are locked before windows and feeds, which nothing else does the other way round.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import Connection, and_, delete, exists, insert, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from server.store.areas import feed_of
from server.store.exchange import decide
from server.store.quarantine import Place, earlier, visible
from server.tables.areas import Area
from server.tables.people import Device
from server.tables.reports import Quarantined, Receipt
from sync.errors import Code, Refused, Unknown
from sync.intake import Incoming, own_id, read
from sync.protocol.console import Ruling
from sync.protocol.exchange import Outcome, OutcomeKind
from sync.reconcile import Arrival, Decision, Span
from sync.windows import Schedule, window_of

_DECIDED: Final = {Ruling.release: "released", Ruling.discard: "discarded"}


class Judgement(Struct, frozen=True):
    """A decision on its way in: of which bytes, by whom, and within which area. `salt` is for a new version."""

    mutation_id: UUID
    digest: bytes
    ruling: Ruling
    reason: str
    user_id: UUID
    area_id: UUID
    everything: bool
    now: int
    salt: bytes


def rule(conn: Connection, judgement: Judgement, schedule: Schedule) -> Outcome:
    """Store a decision. Raises Unknown for what the user may not see, Refused for what cannot be decided so."""
    row = conn.execute(
        select(Quarantined)
        .where(
            col(Quarantined.mutation_id) == judgement.mutation_id,
            col(Quarantined.digest) == judgement.digest,
            visible(judgement.area_id, everything=judgement.everything),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise Unknown(Code.not_found)
    if row.decision:
        raise Refused(Code.decided_already)
    _mark(conn, row, judgement.ruling, judgement.user_id, judgement.now, judgement.reason)
    return _HANDLERS[judgement.ruling](conn, row, judgement, schedule)


def _mark(conn: Connection, row: Any, ruling: Ruling, by: UUID, now: int, reason: str = "") -> None:
    values = {"decision": _DECIDED[ruling], "decided_by": by, "decided_at": now, "reason": reason}
    conn.execute(update(Quarantined).where(_is(row)).values(values))


def _is(row: Any) -> Any:
    return and_(col(Quarantined.mutation_id) == row.mutation_id, col(Quarantined.digest) == row.digest)


def _release(conn: Connection, row: Any, judgement: Judgement, schedule: Schedule) -> Outcome:
    incoming = _read(row)
    feeds: dict[UUID, UUID] = {}
    if incoming.mutation:
        area_id = incoming.mutation.area_id
        feed_id = feed_of(conn, area_id, judgement.area_id)
        feeds = {area_id: feed_id} if feed_id else {}
    outcome = _decide(conn, row, incoming, feeds, judgement.salt, judgement.now, schedule).outcome
    if outcome.outcome in (OutcomeKind.quarantined, OutcomeKind.rejected):
        raise Refused(outcome.code or Code.mutation_unreadable)
    return outcome


def _read(row: Any) -> Incoming:
    """The bytes, read by the server of today; those that came under another's id have one of their own (SPEC M21)."""
    incoming = read(row.payload)
    return structs.replace(incoming, mutation_id=_id_of(row))


def _id_of(row: Any) -> UUID:
    mutation_id: UUID = own_id(row.digest) if row.code == Code.mutation_id_reused else row.mutation_id
    return mutation_id


def _decide(
    conn: Connection, row: Any, incoming: Incoming, feeds: dict[UUID, UUID], salt: bytes, now: int, schedule: Schedule
) -> Decision:
    """Decide kept bytes as their author's, of their own capture, within the RTs of `feeds`."""
    spans = tuple(Span(area_id, 0) for area_id in feeds)
    window = row.window or window_of(row.captured_at, schedule).id
    by_desk = not conn.execute(select(exists().where(col(Device.device_id) == row.author_id))).scalar_one()
    arrival = Arrival(incoming, row.author_id, spans, by_desk, row.captured_at, window, row.flags)
    conn.execute(
        delete(Receipt).where(col(Receipt.mutation_id) == incoming.mutation_id, col(Receipt.digest) == row.digest)
    )
    place = Place(row.received_at, row.place)
    return decide(conn, [arrival], feeds, iter([salt]), now, place)[0]


def _discard(conn: Connection, row: Any, judgement: Judgement, schedule: Schedule) -> Outcome:
    """The receipt says so from now on; bytes that came under another's id get a receipt of their own."""
    mutation_id = _id_of(row)
    told = {"outcome": OutcomeKind.rejected.value, "code": Code.discarded.value}
    own = and_(col(Receipt.mutation_id) == mutation_id, col(Receipt.digest) == row.digest)
    window = row.window or window_of(row.captured_at, schedule).id
    if conn.execute(update(Receipt).where(own).values(told)).rowcount == 0:
        unread = {"digest": row.digest, "kind": "", "version": 0, "author_id": row.author_id, "window": window}
        times = {"captured_at": row.captured_at, "received_at": judgement.now}
        conn.execute(insert(Receipt).values(mutation_id=mutation_id, **told, **unread, **times))
    return Outcome(mutation_id, OutcomeKind.rejected, window=window, code=Code.discarded, reason=judgement.reason)


_HANDLERS: Final[dict[Ruling, Callable[[Connection, Any, Judgement, Schedule], Outcome]]] = {
    Ruling.release: _release,
    Ruling.discard: _discard,
}


def _following() -> Any:
    """What waits only because of an earlier mutation of its record, which was released since; the first of them."""
    released, waiting = aliased(Quarantined), aliased(Quarantined)
    return (
        select(Quarantined, col(released.decided_by).label("released_by"))
        .join(released, and_(earlier(Quarantined, released), col(released.decision) == _DECIDED[Ruling.release]))
        .where(
            col(Quarantined.decision) == "",
            col(Quarantined.code) == Code.record_quarantined.value,
            ~exists().where(earlier(Quarantined, waiting), col(waiting.decision) == ""),
        )
        .order_by(col(Quarantined.received_at), col(Quarantined.place))
        .limit(1)
    )


def anyone_follows(conn: Connection) -> bool:
    """Whether a mutation could follow one that was released."""
    return conn.execute(_following()).first() is not None


def follow(conn: Connection, now: int, salt: bytes, schedule: Schedule) -> bool:
    """Let one mutation follow the earlier one of its record that was released (SPEC M27); False when none can.

    One that cannot be applied for another reason stays for a person, with that reason.
    """
    row = conn.execute(_following().with_for_update(of=Quarantined, skip_locked=True)).first()
    if row is None:
        return False
    incoming = _read(row)
    feeds = _feed(conn, incoming)
    outcome = _decide(conn, row, incoming, feeds, salt, now, schedule).outcome
    if outcome.outcome in (OutcomeKind.quarantined, OutcomeKind.rejected):
        conn.execute(update(Quarantined).where(_is(row)).values(code=outcome.code))
    else:
        _mark(conn, row, Ruling.release, row.released_by, now)
    return True


def _feed(conn: Connection, incoming: Incoming) -> dict[UUID, UUID]:
    if incoming.mutation is None:
        return {}
    area_id = incoming.mutation.area_id
    query = select(col(Area.feed_id)).where(col(Area.area_id) == area_id, col(Area.level) == "rt")
    feed_id = conn.execute(query).scalar_one_or_none()
    return {area_id: feed_id} if feed_id else {}

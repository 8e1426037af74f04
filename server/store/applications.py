"""Applications: made, shown to their applicant and to the counter, and moved by events (SPEC P1-P5, N1)."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from server.store import notifications
from server.tables.passports import Application, ApplicationStep
from server.workdays import Today
from sync import passports
from sync.errors import Code, Refused, Unknown
from sync.notifications import ANNOUNCED
from sync.passports import MOVES, Standing
from sync.protocol.passports import ApplicationView, CounterRow, Event, Service, State, Step

BOOKING = "book"
"""The event of the first step; all others are events of the counter."""

_MOST_ROWS = 500
_OVER = [state.value for state, moves in MOVES.items() if not moves]


class Booking(Struct, frozen=True):
    """A new application; `link_hash` is that of the secret in its link (SPEC P4)."""

    application_id: UUID
    number: str
    name: str
    service: Service
    visit_on: date
    link_hash: bytes


def book(conn: Connection, booking: Booking, today: Today) -> None:
    """Store a new application. Raises Refused when its number is not 16 digits or is known already (SPEC P5)."""
    passports.check_number(booking.number)
    if _where_stands(conn, col(Application.number) == booking.number):
        raise Refused(Code.request_invalid, "this nomor permohonan is known already")
    promised = passports.promised_day(booking.visit_on, None, today.holidays)
    conn.execute(
        insert(Application).values(
            application_id=booking.application_id,
            number=booking.number,
            name=booking.name,
            service=booking.service,
            state=State.booked,
            visit_on=booking.visit_on.isoformat(),
            promised_on=promised.isoformat(),
            link_hash=booking.link_hash,
            created_at=today.now,
        )
    )
    _add_step(conn, booking.application_id, State.booked, BOOKING, "", today.now)


def move(
    conn: Connection, application_id: UUID, event: Event, reason: str, today: Today, new_id: Callable[[], UUID]
) -> CounterRow:
    """Apply one event of the counter, and write what is to be told of it, in one transaction (SPEC P1, N1).

    Raises Unknown, and Refused when the event is not possible now; then nothing has changed.
    """
    row = _where_stands(conn, col(Application.application_id) == application_id)
    if row is None:
        raise Unknown(Code.not_found)
    before = Standing(State(row.state), row.paid_at is not None)
    after = passports.apply(*before, event)
    conn.execute(
        update(Application)
        .where(col(Application.application_id) == application_id)
        .values(state=after.state, **_days(row, event, today))
    )
    _add_step(conn, application_id, after.state, event, reason, today.now)
    if after.state is not before.state:
        _tell(conn, application_id, after.state, today.now, new_id)
    return _counter_rows(conn, col(Application.application_id) == application_id)[0]


def id_of_number(conn: Connection, number: str) -> UUID:
    """The application of a nomor permohonan. Raises Unknown."""
    row = _where_stands(conn, col(Application.number) == number)
    if row is None:
        raise Unknown(Code.not_found)
    return UUID(str(row.application_id))


def view(conn: Connection, link_hash: bytes, push_key: str, now: int) -> ApplicationView | None:
    """What the holder of a link sees; None when there is no such link."""
    row: Any = conn.execute(select(Application).where(col(Application.link_hash) == link_hash)).first()
    if row is None:
        return None
    return ApplicationView(
        application_id=row.application_id,
        number=row.number,
        service=Service(row.service),
        state=State(row.state),
        visit_on=row.visit_on,
        paid=row.paid_at is not None,
        promised_on=row.promised_on,
        timeline=_timeline(conn, row.application_id),
        push_key=push_key,
        now=now,
    )


def counter_rows(conn: Connection) -> list[CounterRow]:
    """What the counter sees: the latest visits first."""
    return _counter_rows(conn)


def _where_stands(conn: Connection, condition: Any) -> Any:
    """The row of an application, locked until the transaction ends, so that its events come one after the other."""
    return conn.execute(select(Application).where(condition).with_for_update()).first()


def _days(row: Any, event: Event, today: Today) -> dict[str, Any]:
    """What an event says about days: a visit happened on the day on which it was attended (SPEC P3)."""
    visit = today.day if event is Event.attend else date.fromisoformat(row.visit_on)
    paid = today.day if event is Event.pay else None
    if event not in {Event.attend, Event.pay}:
        return {}
    return {
        "visit_on": visit.isoformat(),
        "paid_at": today.now if paid else row.paid_at,
        "promised_on": passports.promised_day(visit, paid, today.holidays).isoformat(),
    }


def _tell(conn: Connection, application_id: UUID, state: State, now: int, new_id: Callable[[], UUID]) -> None:
    """Write the news of a state; what was to be told of the state before is no longer true."""
    notifications.drop(conn, application_id)
    if kind := ANNOUNCED.get(state):
        notifications.announce(conn, application_id, kind, now, new_id)


def _add_step(conn: Connection, application_id: UUID, state: State, event: str, reason: str, at: int) -> None:
    position = len(_steps(conn, application_id))
    row = {"application_id": application_id, "position": position, "state": state, "at": at}
    conn.execute(insert(ApplicationStep).values(**row, reason=reason, event=event))


def _steps(conn: Connection, application_id: UUID) -> list[Any]:
    query = select(ApplicationStep).where(col(ApplicationStep.application_id) == application_id)
    return list(conn.execute(query.order_by(col(ApplicationStep.position))))


def _timeline(conn: Connection, application_id: UUID) -> tuple[Step, ...]:
    """The steps that changed the state; payment is shown beside them."""
    steps = (step for step in _steps(conn, application_id) if step.event != Event.pay)
    return tuple(Step(State(step.state), step.at, step.reason) for step in steps)


def _counter_rows(conn: Connection, *conditions: Any) -> list[CounterRow]:
    query = select(Application).where(*conditions)
    # What is over gives way first, so that the oldest that still waits is not cut off.
    over = col(Application.state).in_(_OVER)
    latest = query.order_by(over, col(Application.visit_on).desc(), col(Application.number)).limit(_MOST_ROWS)
    return [_counter_row(row) for row in conn.execute(latest)]


def _counter_row(row: Any) -> CounterRow:
    state, paid = State(row.state), row.paid_at is not None
    return CounterRow(
        application_id=row.application_id,
        number=row.number,
        name=row.name,
        service=Service(row.service),
        state=state,
        visit_on=row.visit_on,
        paid=paid,
        promised_on=row.promised_on,
        allowed=passports.allowed(state, paid),
    )

"""The states of an application and the day on which its passport is promised (SPEC P1-P5).

    booked -attend-> attended -process-> processing -finish-> ready -collect-> collected
                        |                    |                  +-expire-> expired: not collected in time
                        +-hold-> on_hold <-hold-+
                                    +-resume-> processing

An event moves an application from a state to a state, or is refused and changes nothing. Payment is no state: an
applicant may pay before or after the interview, so `pay` leaves the state as it is and `processing` can only be
entered once it has come (SPEC P2). `cancel` and `reject` are decisions of a person, `expire` says that time ran out:
nobody came, nobody paid, nobody collected. What is `ready` can only be collected or expire, so that no passport is
announced twice. `collected`, `rejected`, `cancelled` and `expired` are final.

Must never ask for the time or a calendar: days and holidays are arguments.
"""

from collections.abc import Container, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple

from sync.errors import Code, Refused
from sync.protocol.passports import Event, State

WORKING_DAYS: Final = 4
NUMBER_DIGITS: Final = 16

MOVES: Final[Mapping[State, Mapping[Event, State]]] = {
    State.booked: {
        Event.attend: State.attended,
        Event.pay: State.booked,
        Event.cancel: State.cancelled,
        Event.expire: State.expired,
    },
    State.attended: {
        Event.pay: State.attended,
        Event.process: State.processing,
        Event.hold: State.on_hold,
        Event.reject: State.rejected,
        Event.cancel: State.cancelled,
        Event.expire: State.expired,
    },
    State.processing: {
        Event.finish: State.ready,
        Event.hold: State.on_hold,
        Event.reject: State.rejected,
        Event.cancel: State.cancelled,
    },
    State.on_hold: {
        Event.pay: State.on_hold,
        Event.resume: State.processing,
        Event.reject: State.rejected,
        Event.cancel: State.cancelled,
        Event.expire: State.expired,
    },
    State.ready: {
        Event.collect: State.collected,
        Event.expire: State.expired,
    },
    State.collected: {},
    State.rejected: {},
    State.cancelled: {},
    State.expired: {},
}

PAID_ONLY: Final = frozenset({State.processing})


class Standing(NamedTuple):
    """Where an application stands."""

    state: State
    paid: bool


def apply(state: State, paid: bool, event: Event) -> Standing:
    """Where `event` takes an application. Raises Refused: `event_not_allowed`, `payment_missing` (SPEC P1, P2)."""
    moved = MOVES[state].get(event)
    if moved is None or (event is Event.pay and paid):
        raise Refused(Code.event_not_allowed, f"{event} is not possible in state {state}")
    if moved in PAID_ONLY and not paid:
        raise Refused(Code.payment_missing, f"{event} needs the payment first")
    return Standing(moved, paid or event is Event.pay)


def allowed(state: State, paid: bool) -> tuple[Event, ...]:
    """The events that `apply` would accept now, in the order of the table."""
    return tuple(
        event
        for event, moved in MOVES[state].items()
        if not (event is Event.pay and paid) and not (moved in PAID_ONLY and not paid)
    )


def promised_day(visit: date, paid: date | None, holidays: Container[date]) -> date:
    """The fourth working day after the later of visit and payment, which is day 0 (SPEC P3).

    `holidays` holds public holidays and cuti bersama; weekends are known here. As long as nothing is paid, the day
    is the one that payment at the visit would give.
    """
    start = max(visit, paid or visit)
    return next(islice(_working_days_after(start, holidays), WORKING_DAYS - 1, None))


def check_number(number: str) -> None:
    """Raises Refused `request_invalid` unless `number` has 16 digits from 0 to 9 (SPEC P5)."""
    if len(number) != NUMBER_DIGITS or not (number.isascii() and number.isdigit()):
        raise Refused(Code.request_invalid, f"nomor permohonan has {NUMBER_DIGITS} digits")


def _working_days_after(day: date, holidays: Container[date]) -> Iterator[date]:
    while True:
        day += timedelta(days=1)
        if day.isoweekday() <= 5 and day not in holidays:
            yield day

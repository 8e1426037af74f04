"""Rules P1-P3 and P5: the states of an application, and the promised day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Code, Refused
from sync.passports import MOVES, PAID_ONLY, allowed, apply, check_number, promised_day
from sync.protocol.passports import Event, State

FINAL = {State.collected, State.rejected, State.cancelled, State.expired}
HOLIDAYS = {
    date(2016, 8, 17),
    date(2026, 3, 18),
    date(2026, 3, 19),
    date(2026, 3, 20),
    date(2026, 3, 21),
    date(2026, 3, 22),
    date(2026, 3, 23),
    date(2026, 3, 24),
    date(2026, 12, 24),
    date(2026, 12, 25),
}
"""Independence day; Nyepi, Idul Fitri and their cuti bersama; Christmas and its cuti bersama."""

days = st.dates(date(2016, 1, 1), date(2036, 12, 31))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("paid", [False, True])
def test_P1_an_event_is_accepted_exactly_when_it_is_offered(state: State, event: Event, paid: bool) -> None:
    if event in allowed(state, paid):
        assert apply(state, paid, event).state is MOVES[state][event]
    else:
        with pytest.raises(Refused):
            apply(state, paid, event)


def test_P1_each_state_has_its_row_and_the_final_ones_are_empty() -> None:
    assert set(MOVES) == set(State)
    assert {state for state, moves in MOVES.items() if not moves} == FINAL


def test_P1_the_way_of_a_passport_from_booking_to_collection() -> None:
    state, paid = State.booked, False
    for event in (Event.attend, Event.pay, Event.process, Event.hold, Event.resume, Event.finish, Event.collect):
        state, paid = apply(state, paid, event)
    assert (state, paid) == (State.collected, True)


@given(st.lists(st.sampled_from(Event), max_size=40))
def test_P1_no_way_leads_to_ready_twice(events: list[Event]) -> None:
    """Invariant 18: what is announced once is not announced again."""
    state, paid, announced = State.booked, False, 0
    for event in events:
        if event in allowed(state, paid):
            before = state
            state, paid = apply(state, paid, event)
            announced += state is State.ready and before is not State.ready
    assert announced <= 1


@pytest.mark.parametrize(("state", "event"), [(State.attended, Event.process), (State.on_hold, Event.resume)])
def test_P2_processing_is_entered_only_when_paid(state: State, event: Event) -> None:
    with pytest.raises(Refused) as refused:
        apply(state, False, event)
    assert refused.value.code is Code.payment_missing
    assert apply(state, True, event).state is State.processing


@given(st.lists(st.sampled_from(Event), max_size=40))
def test_P2_no_way_leads_past_the_payment(events: list[Event]) -> None:
    state, paid = State.booked, False
    for event in events:
        if event in allowed(state, paid):
            state, paid = apply(state, paid, event)
        assert paid or state not in PAID_ONLY | {State.ready, State.collected}


def test_P2_payment_changes_no_state_and_is_taken_once() -> None:
    assert apply(State.booked, False, Event.pay) == (State.booked, True)
    with pytest.raises(Refused) as refused:
        apply(State.booked, True, Event.pay)
    assert refused.value.code is Code.event_not_allowed


@pytest.mark.parametrize(
    ("visit", "promised"),
    [
        (date(2016, 8, 1), date(2016, 8, 5)),
        (date(2016, 8, 12), date(2016, 8, 19)),
        (date(2026, 3, 16), date(2026, 3, 27)),
        (date(2026, 12, 22), date(2026, 12, 30)),
    ],
)
def test_P3_the_promised_day_is_the_fourth_working_day(visit: date, promised: date) -> None:
    assert promised_day(visit, visit, HOLIDAYS) == promised


def test_P3_counting_starts_at_the_later_of_visit_and_payment() -> None:
    visit, later = date(2016, 8, 1), date(2016, 8, 2)
    assert promised_day(visit, later, ()) == promised_day(later, visit, ()) == date(2016, 8, 8)
    assert promised_day(visit, None, ()) == promised_day(visit, visit, ()) == date(2016, 8, 5)


@given(visit=days, paid=st.none() | days, holidays=st.frozensets(days, max_size=60))
def test_P3_the_promised_day_is_that_of_a_walk_day_by_day(
    visit: date, paid: date | None, holidays: frozenset[date]
) -> None:
    day, worked = visit if paid is None or paid < visit else paid, 0
    while worked < 4:
        day += timedelta(days=1)
        if day.strftime("%a") not in {"Sat", "Sun"} and day not in holidays:
            worked += 1
    assert promised_day(visit, paid, holidays) == day


@pytest.mark.parametrize("number", ["", "123456789012345", "12345678901234567", "123456789012345x", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦"])
def test_P5_a_number_without_16_digits_is_refused(number: str) -> None:
    check_number("3173012345678901")
    with pytest.raises(Refused) as refused:
        check_number(number)
    assert refused.value.code is Code.request_invalid

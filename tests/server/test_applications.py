"""Applications on both databases: the events of the counter, days, links, and what is announced (SPEC P1-P5, N1)."""

import asyncio
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from server import clock
from server.secrets import hashed, new_link_token
from server.store import notifications
from server.store.applications import counter_rows, id_of_number, move, view
from server.store.engine import Database
from server.tables.passports import Notification
from server.workdays import Today, days_off
from sync.errors import Code, Refused, Unknown
from sync.notifications import Kind, PushState
from sync.protocol.passports import Event, State
from tests.support.applicants import LINK, NOW, NUMBER, TO_READY, TODAY, booked, count, due, follow, happen, states

pytestmark = pytest.mark.anyio


async def test_P1_events_move_an_application_and_make_its_timeline(database: Database) -> None:
    application_id = await booked(database)
    await happen(database, application_id, *TO_READY)
    seen = await database.read(view, LINK, "key", NOW)
    assert seen is not None
    assert [step.state for step in seen.timeline] == [State.booked, State.attended, State.processing, State.ready]
    assert (seen.state, seen.paid, seen.promised_on) == (State.ready, True, "2027-01-21")


async def test_P1_a_refused_event_changes_nothing(database: Database) -> None:
    application_id = await booked(database)
    before = await database.read(view, LINK, "", NOW)
    with pytest.raises(Refused) as refused:
        await happen(database, application_id, Event.finish)
    assert refused.value.code is Code.event_not_allowed
    assert await database.read(view, LINK, "", NOW) == before
    assert await database.read(count(Notification)) == 0


async def test_P2_the_counter_is_told_that_payment_is_missing(database: Database) -> None:
    application_id = await booked(database)
    await happen(database, application_id, Event.attend)
    with pytest.raises(Refused) as refused:
        await happen(database, application_id, Event.process)
    assert refused.value.code is Code.payment_missing
    [row] = await database.read(counter_rows)
    assert Event.process not in row.allowed
    assert Event.pay in row.allowed


async def test_P3_visit_and_payment_move_the_promised_day(database: Database) -> None:
    application_id = await booked(database)
    [row] = await database.read(counter_rows)
    assert row.promised_on == "2027-01-21"
    monday = Today(NOW, date(2027, 1, 18), frozenset())
    row = await database.write(move, application_id, Event.attend, "", monday, clock.new_id)
    assert (row.visit_on, row.promised_on) == ("2027-01-18", "2027-01-22")
    tuesday = Today(NOW, date(2027, 1, 19), frozenset())
    row = await database.write(move, application_id, Event.pay, "", tuesday, clock.new_id)
    assert (row.visit_on, row.promised_on) == ("2027-01-18", "2027-01-25")


async def test_P3_payment_before_the_visit_does_not_move_the_promised_day(database: Database) -> None:
    application_id = await booked(database)
    early = Today(NOW, date(2027, 1, 4), frozenset())
    row = await database.write(move, application_id, Event.pay, "", early, clock.new_id)
    assert row.promised_on == "2027-01-21"
    row = await database.write(move, application_id, Event.attend, "", TODAY, clock.new_id)
    assert (row.paid, row.promised_on) == (True, "2027-01-21")


def test_P3_holidays_are_those_of_the_republic_with_cuti_bersama() -> None:
    assert {date(2026, 8, 17), date(2026, 3, 20), date(2026, 12, 24)} <= {
        day for day in map(date.fromordinal, range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal()))
        if day in days_off()
    }  # fmt: skip


async def test_P4_a_link_opens_its_own_application_only(database: Database) -> None:
    await booked(database)
    other = await booked(database, "3173000000000002", hashed("another link"))
    seen = await database.read(view, hashed("another link"), "", NOW)
    assert seen is not None
    assert seen.application_id == other
    assert await database.read(view, hashed("a guess"), "", NOW) is None
    assert len(new_link_token()) == 22


async def test_P5_a_number_is_taken_once_and_has_16_digits(database: Database) -> None:
    application_id = await booked(database)
    assert await database.write(id_of_number, NUMBER) == application_id
    for number in (NUMBER, "123"):
        with pytest.raises(Refused):
            await booked(database, number, hashed(number))
    with pytest.raises(Unknown):
        await database.write(id_of_number, "3173000000000009")


async def test_N1_ready_writes_its_notification_and_a_push_for_each_subscription(database: Database) -> None:
    application_id = await booked(database)
    await follow(database, "https://push.example.org/1")
    await follow(database, "https://push.example.org/2")
    await happen(database, application_id, *TO_READY)
    assert await database.read(count(Notification)) == 1
    assert await database.read(states) == [PushState.waiting] * 2
    pushes = await due(database)
    assert {push.endpoint for push in pushes} == {"https://push.example.org/1", "https://push.example.org/2"}
    assert {(push.kind, push.application_id) for push in pushes} == {(Kind.ready, application_id)}


async def test_N1_when_the_notification_cannot_be_written_nothing_has_moved(database: Database) -> None:
    """The same transaction: here the database refuses the notification, as it was written before."""
    application_id = await booked(database)
    await happen(database, application_id, *TO_READY[:-1])
    await database.write(notifications.announce, application_id, Kind.ready, NOW, clock.new_id)
    with pytest.raises(IntegrityError):
        await happen(database, application_id, Event.finish)
    seen = await database.read(view, LINK, "", NOW)
    assert seen is not None
    assert seen.state is State.processing


async def test_N1_what_was_collected_is_not_announced_any_more(database: Database) -> None:
    application_id = await booked(database)
    await follow(database)
    await happen(database, application_id, *TO_READY, Event.collect)
    assert await database.read(states) == [PushState.dropped]
    assert await due(database) == []


async def test_N1_who_subscribes_while_a_passport_becomes_ready_is_told_or_sees_it(database: Database) -> None:
    """Invariant 18: a subscription is stored before the move and gets its push, or after it and can read of it."""
    application_id = await booked(database)
    await happen(database, application_id, *TO_READY[:-1])
    endpoints = [f"https://push.example.org/{turn}" for turn in range(8)]
    seen: dict[str, State] = {}

    async def enable(endpoint: str) -> None:
        await follow(database, endpoint)
        view_after = await database.read(view, LINK, "", NOW)
        assert view_after is not None
        seen[endpoint] = view_after.state

    await asyncio.gather(
        *(enable(endpoint) for endpoint in endpoints[:4]),
        happen(database, application_id, Event.finish),
        *(enable(endpoint) for endpoint in endpoints[4:]),
    )
    told = {push.endpoint for push in await due(database)}
    assert told | {endpoint for endpoint, state in seen.items() if state is State.ready} == set(endpoints)

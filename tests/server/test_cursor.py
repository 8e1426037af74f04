"""Cursors: what fits goes on, what does not starts over, and nobody reads what is not theirs."""

from typing import Any

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import Connection, text

from server.store import cursor as cursors
from server.store.engine import Database
from sync.protocol.exchange import ExchangeResponse, NilChange, OutcomeKind
from tests.support.city import RTS, SCHEDULE, TERMS, build, edit, exchange, job, nil, report, send

pytestmark = pytest.mark.anyio

NOW = 1_795_000_000_000


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def kinds(answer: ExchangeResponse) -> list[OutcomeKind]:
    return [outcome.outcome for outcome in answer.outcomes]


def altered(text_: str, **changes: Any) -> str:
    cursor = cursors.decode(text_)
    assert cursor is not None
    return cursors.encode(structs.replace(cursor, **changes))


@pytest.mark.parametrize("kind", ["of another epoch", "of another scope", "ahead of the server", "not ours", "none"])
async def test_M17_a_cursor_that_does_not_fit_starts_over(city: Database, kind: str) -> None:
    known = (await send(city, NOW, nil(RTS[0], NOW), nil(RTS[2], NOW))).cursor
    decoded = cursors.decode(known)
    assert decoded is not None
    ahead = dict.fromkeys(decoded.positions, 99)
    cursor = {
        "of another epoch": altered(known, epoch="another"),
        "of another scope": altered(known, areas="others"),
        "ahead of the server": altered(known, positions=ahead),
        "not ours": "%%%",
        "none": "",
    }[kind]
    answer = await send(city, NOW, cursor=cursor)
    assert answer.resync
    assert len(answer.changes) == 2
    fitting = await send(city, NOW, cursor=known)
    assert not fitting.resync
    assert fitting.changes == ()
    assert fitting.scope is msgspec.UNSET


async def test_M17_mutations_of_a_phone_that_knew_another_epoch_wait_for_what_only_it_still_holds(
    city: Database,
) -> None:
    begun = report(RTS[0], NOW - 9, "Ana Contoh")
    later = edit(begun, NOW - 8, "Bea Contoh")
    cursor = altered((await send(city, NOW)).cursor, epoch="before the restore")
    [answer] = await exchange(city, job(NOW, later, cursor=cursor))
    assert isinstance(answer, ExchangeResponse)
    assert kinds(answer) == [OutcomeKind.retry]
    assert answer.resync
    again = await send(city, NOW, begun, later, cursor=answer.cursor)
    assert kinds(again) == [OutcomeKind.applied] * 2


async def test_M17_a_new_schedule_is_told_without_starting_over(city: Database) -> None:
    known = (await send(city, NOW, nil(RTS[0], NOW))).cursor
    later = structs.replace(SCHEDULE, grace_minutes=30)
    [answer] = await exchange(city, job(NOW, cursor=known), terms=structs.replace(TERMS, schedule=later))
    assert isinstance(answer, ExchangeResponse)
    assert not answer.resync
    assert answer.scope is not msgspec.UNSET
    assert answer.scope.schedule.grace_minutes == 30


async def test_M17_an_rt_that_becomes_theirs_with_time_brings_its_records(city: Database) -> None:
    await send(city, NOW, nil(RTS[0], NOW), report(RTS[2], NOW))

    def delay(conn: Connection) -> None:
        conn.execute(
            text(
                "update assignments set valid_from = :then where area_id in"
                " (select parent_id from areas where area_id in (select area_id from records where kind = 'report'))"
            ),
            {"then": NOW + 1000},
        )

    await city.write(delay)
    before = await send(city, NOW + 999)
    assert [type(change) for change in before.changes] == [NilChange]
    after = await send(city, NOW + 1000, cursor=before.cursor)
    assert after.resync
    assert len(after.changes) == 2
    assert after.scope is not msgspec.UNSET


async def test_M18_an_rt_that_is_no_longer_theirs_is_not_read(city: Database) -> None:
    await send(city, NOW, nil(RTS[0], NOW), report(RTS[2], NOW, "Orang Rahasia"))

    def move(conn: Connection) -> None:
        conn.execute(
            text(
                "update assignments set valid_to = :now where area_id in"
                " (select parent_id from areas where area_id in (select area_id from records where kind = 'report'))"
            ),
            {"now": NOW + 1},
        )

    await city.write(move)
    answer = await send(city, NOW + 2)
    assert [type(change) for change in answer.changes] == [NilChange]
    assert "Orang Rahasia" not in msgspec.json.encode(answer).decode()
    # What was captured while it was theirs still gets in (M12).
    late = await send(city, NOW + 3, nil(RTS[2], NOW))
    assert kinds(late) == [OutcomeKind.applied]

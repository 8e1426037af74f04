"""What a phone is told: in its version, with what it asked for, also under load; on both databases."""

import asyncio
import hashlib
from uuid import UUID

import pytest
from msgspec import UNSET, structs
from sqlalchemy import Connection, text

from server.store import cursor as cursors
from server.store import horizon, pull
from server.store.engine import Database
from server.store.pull import HORIZON
from server.store.writer import MOST_UNREAD, MOST_WAITING, ExchangeWriter
from server.worker import forget_old
from sync.errors import Busy, Unauthorized
from sync.protocol.exchange import ExchangeResponse, OutcomeKind, PhoneState, RemoveReport, ReportChange
from tests.support.city import RTS, TERMS, build, edit, exchange, job, nil, report, send

pytestmark = pytest.mark.anyio

NOW = 1_795_000_000_000


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def revoke(conn: Connection) -> None:
    conn.execute(text("update devices set revoked_at = :now"), {"now": NOW})


async def answer_to(db: Database, asked: object) -> ExchangeResponse:
    [answer] = await exchange(db, asked)  # type: ignore[arg-type]
    assert isinstance(answer, ExchangeResponse), answer
    return answer


async def test_M20_an_older_version_is_answered_without_what_it_does_not_know(city: Database) -> None:
    asked = structs.replace(job(NOW, nil(RTS[0], NOW)), check=True, ask=(UUID(int=9),))
    known = {}
    for version in (1, 2, 3):
        answer = await answer_to(city, structs.replace(asked, version=version))
        assert answer.protocol == version
        known[version] = {
            field for field in ("told", "digest", "standing", "wait") if getattr(answer, field) is not UNSET
        }
    assert known == {1: set(), 2: {"told", "digest"}, 3: {"told", "digest", "standing"}}


async def test_M22_the_digest_is_of_the_reports_that_are_there(city: Database) -> None:
    kept, gone = report(RTS[0], NOW - 9), report(RTS[2], NOW - 9)
    removal = RemoveReport(UUID(int=501), gone.record_id, RTS[2], NOW - 8, gone.changes)
    answer = await answer_to(
        city, structs.replace(job(NOW, kept, gone, edit(kept, NOW - 8, "Bea Contoh"), nil(RTS[1], NOW)), check=True)
    )
    lines = sorted([f"{kept.record_id}:2\n", f"{gone.record_id}:1\n"])
    assert answer.digest == hashlib.sha256("".join(lines).encode()).hexdigest()
    answer = await answer_to(city, structs.replace(job(NOW + 1, removal), check=True))
    assert answer.digest == hashlib.sha256(f"{kept.record_id}:2\n".encode()).hexdigest()


async def test_M23_old_nils_and_tombstones_leave_the_feed_and_a_late_edit_is_still_a_conflict(city: Database) -> None:
    gone, kept, filed = report(RTS[0], NOW - 9, "Ana Contoh"), report(RTS[0], NOW - 9), nil(RTS[1], NOW)
    removal = RemoveReport(UUID(int=502), gone.record_id, RTS[0], NOW - 8, gone.changes)
    known = await send(city, NOW, gone, kept, removal, filed)
    assert not await forget_old(city, NOW + HORIZON)
    later = NOW + HORIZON + 1
    assert await forget_old(city, later)
    assert not await forget_old(city, later)
    whole = await send(city, later)
    assert [change.record_id for change in whole.changes] == [kept.record_id]
    again = await send(city, later, cursor=known.cursor)
    assert again.resync, "the cursor is older than the tombstones"
    late = await answer_to(city, job(later, edit(gone, later - 5, "Bea Contoh")))
    assert [outcome.outcome for outcome in late.outcomes] == [OutcomeKind.conflicted]
    assert not await forget_old(city, later + 2 * HORIZON), "a person has still to decide"


async def test_M23_a_record_that_changes_while_it_is_forgotten_stays_in_its_feed(city: Database) -> None:
    filed = nil(RTS[1], NOW)
    await send(city, NOW, filed)
    later = NOW + HORIZON + 1
    old = await city.read(horizon.old, later)
    await send(city, later, structs.replace(filed, mutation_id=UUID(int=503), captured_at=later))
    await city.write(horizon.forget, old)
    assert [change.record_id for change in (await send(city, later)).changes] == [filed.record_id]


async def test_M23_a_phone_that_stopped_between_two_pages_is_as_old_as_the_cursor_with_which_it_began(
    city: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has not read the tombstone that lies behind the first page, however lately it got that page."""
    monkeypatch.setattr(pull, "PAGE", 2)
    gone = report(RTS[0], NOW)
    known = await send(city, NOW, gone)
    filed = [nil(RTS[0], NOW) for _ in range(2)]
    await send(city, NOW + 1, *filed, RemoveReport(UUID(int=505), gone.record_id, RTS[0], NOW, gone.changes))
    page = await send(city, NOW + HORIZON - 1, cursor=known.cursor)
    assert [change.record_id for change in page.changes] == [nil.record_id for nil in filed]
    assert page.more
    later = NOW + 2 * HORIZON - 2
    assert await forget_old(city, later)
    assert (await send(city, later, cursor=page.cursor)).resync


async def test_M23_whoever_starts_over_is_told_no_tombstones_and_whoever_goes_on_is(city: Database) -> None:
    gone = report(RTS[0], NOW - 9)
    known = await send(city, NOW, gone)
    await send(city, NOW, RemoveReport(UUID(int=504), gone.record_id, RTS[0], NOW - 8, gone.changes))
    assert (await send(city, NOW)).changes == ()
    [change] = (await send(city, NOW, cursor=known.cursor)).changes
    assert isinstance(change, ReportChange)
    assert change.removed


async def test_M24_under_load_mutations_are_stored_and_reading_waits(city: Database) -> None:
    """The answers of the first stage pile up behind one that lingers; what comes then is acknowledged unread."""
    writer = ExchangeWriter(city, TERMS)
    await writer.submit(job(NOW))
    jobs = [job(NOW, nil(RTS[0], NOW), cursor="mine") for _ in range(MOST_WAITING)]
    asking = [asyncio.ensure_future(writer.submit(job(NOW))) for _ in range(MOST_UNREAD)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await writer.submit(job(NOW))
    storing = [asyncio.ensure_future(writer.submit(one)) for one in jobs]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await writer.submit(job(NOW, nil(RTS[0], NOW)))
    answers = await asyncio.gather(*storing)
    await asyncio.gather(*asking)
    await writer.close()
    assert {outcome.outcome for answer in answers for outcome in answer.outcomes} == {OutcomeKind.applied}
    unread = [answer for answer in answers if answer.wait]
    assert unread
    assert all((answer.changes, answer.more, answer.cursor) == ((), True, "mine") for answer in unread)
    assert len({answer.wait for answer in unread}) > len(unread) // 2, "not all come again at once"


async def test_M24_phones_that_only_ask_take_no_place_of_mutations_after_a_restart(city: Database) -> None:
    """A server that has just begun has met none of them, and writes down that it heard of each."""
    writer = ExchangeWriter(city, TERMS)
    asking = [asyncio.ensure_future(writer.submit(job(NOW))) for _ in range(MOST_UNREAD)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await writer.submit(job(NOW))
    answer = await writer.submit(job(NOW, nil(RTS[0], NOW)))
    await asyncio.gather(*asking)
    await writer.close()
    assert [outcome.outcome for outcome in answer.outcomes] == [OutcomeKind.applied]


async def test_M15_what_was_stored_is_acknowledged_also_when_nothing_can_be_read(city: Database) -> None:
    def break_reading(conn: Connection) -> None:
        conn.execute(text("alter table batches rename to elsewhere"))

    await city.write(break_reading)
    writer = ExchangeWriter(city, TERMS)
    answer = await writer.submit(job(NOW, nil(RTS[0], NOW), cursor="mine"))
    await writer.close()
    assert [outcome.outcome for outcome in answer.outcomes] == [OutcomeKind.applied]
    assert (answer.changes, answer.more, answer.cursor) == ((), True, "mine")
    assert answer.wait is not UNSET


async def test_D1_D2_a_revoked_phone_hands_in_what_it_has_is_told_nothing_and_is_then_unknown(city: Database) -> None:
    known = await send(city, NOW, report(RTS[0], NOW))
    await city.write(revoke)
    await send(city, NOW)
    last = await answer_to(city, job(NOW + 1, nil(RTS[1], NOW), cursor=known.cursor))
    assert [(it.outcome, it.code) for it in last.outcomes] == [(OutcomeKind.quarantined, "device_revoked")]
    assert last.standing is not UNSET
    assert last.standing.state is PhoneState.revoked
    assert (last.changes, last.scope, last.more, last.resync) == ((), UNSET, False, False)
    fresh = await answer_to(city, job(NOW + 1))
    assert (fresh.changes, fresh.scope) == ((), UNSET)
    await answer_to(city, structs.replace(job(NOW + 2), wiped=True))
    [stranger] = await exchange(city, job(NOW + 3))
    assert isinstance(stranger, Unauthorized)


async def test_D1_a_revoked_phone_hands_in_what_it_has_also_to_a_server_that_was_restored(city: Database) -> None:
    """It is told no new cursor, so it would wait for ever to have learned of the new epoch (SPEC M17)."""
    known = await send(city, NOW)
    cursor = cursors.decode(known.cursor)
    assert cursor is not None
    await city.write(revoke)
    stale = cursors.encode(structs.replace(cursor, epoch="before the restore"))
    answer = await answer_to(city, job(NOW + 1, nil(RTS[1], NOW), cursor=stale))
    assert [(it.outcome, it.code) for it in answer.outcomes] == [(OutcomeKind.quarantined, "device_revoked")]


async def test_D2_a_phone_that_says_wiped_without_being_revoked_stays_known(city: Database) -> None:
    await answer_to(city, structs.replace(job(NOW), wiped=True))
    assert (await send(city, NOW, nil(RTS[0], NOW))).outcomes


async def test_D3_the_lease_begins_anew_with_each_exchange(city: Database) -> None:
    for now in (NOW, NOW + 5000):
        standing = (await send(city, now)).standing
        assert standing is not UNSET
        assert (standing.state, standing.lease_until) == (PhoneState.trusted, now + TERMS.lease)


async def test_M23_a_phone_that_read_an_empty_feed_is_told_that_its_first_report_is_removed(city: Database) -> None:
    """Its answer was lost, and another phone removed the report before it came again."""
    cursor = (await send(city, NOW)).cursor
    begun = report(RTS[0], NOW)
    await send(city, NOW + 1, begun, RemoveReport(UUID(int=502), begun.record_id, RTS[0], NOW, begun.changes))
    [change] = (await send(city, NOW + 2, begun, cursor=cursor)).changes
    assert isinstance(change, ReportChange)
    assert change.removed
    assert (await send(city, NOW + 3)).changes == ()

"""The exchange on both databases: nothing lost, nothing doubled, nothing skipped."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from sqlalchemy import Connection, text

from server import clock
from server.store.answers import Answer
from server.store.engine import Database, open_database
from server.store.pull import PAGE
from server.store.writer import ExchangeWriter
from sync.errors import Busy, Unauthorized
from sync.protocol.exchange import ExchangeResponse, OutcomeKind, RemoveReport, ReportChange
from sync.protocol.records import Groups, Identity, Report
from sync.windows import MINUTE
from tests.support import races
from tests.support.city import RTS, TERMS, build, edit, exchange, job, nil, report, send
from tests.support.ronda import free_port

pytestmark = pytest.mark.anyio

NOW = 1_795_000_000_000


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def kinds(answer: Answer) -> list[OutcomeKind]:
    assert isinstance(answer, ExchangeResponse), answer
    return [outcome.outcome for outcome in answer.outcomes]


async def rows(db: Database, query: str) -> list[Any]:
    def read(conn: Connection) -> list[Any]:
        return list(conn.execute(text(query)))

    return await db.read(read)


async def test_M5_a_repeated_request_is_answered_alike_and_stored_once(city: Database) -> None:
    wanted = job(NOW, report(RTS[0], NOW - 5), nil(RTS[1], NOW - 4))
    first = await exchange(city, wanted)
    again = await exchange(city, wanted, wanted)
    assert kinds(first[0]) == [OutcomeKind.applied] * 2
    for answer in again:
        assert isinstance(answer, ExchangeResponse)
        assert kinds(answer) == [OutcomeKind.replayed] * 2
        assert [outcome.was for outcome in answer.outcomes] == [OutcomeKind.applied] * 2
    assert [tuple(row) for row in await rows(city, "select count(*) from versions")] == [(2,)]
    assert [tuple(row) for row in await rows(city, "select count(*) from receipts")] == [(2,)]


async def test_M5_other_bytes_under_a_known_id_are_rejected_and_kept_beside_it(city: Database) -> None:
    begun = report(RTS[0], NOW - 5)
    forged = structs.replace(begun, changes=Groups(identity=Identity("Somebody Else")))
    await send(city, NOW, begun)
    for _ in range(2):
        [answer] = await exchange(city, job(NOW, forged, nil(RTS[1], NOW)))
        assert kinds(answer)[0] is OutcomeKind.rejected
        assert kinds(answer)[1] is OutcomeKind.applied
    [kept] = await rows(city, "select payload from quarantine")
    assert b"Somebody Else" in bytes(kept[0])


async def test_M6_two_phones_disagree_and_nothing_is_lost(city: Database) -> None:
    begun = report(RTS[0], NOW - 9, "Ana Contoh")
    await send(city, NOW, begun)
    await send(city, NOW + 1, edit(begun, NOW - 8, "Bea Contoh"))
    answer = await send(city, NOW + 2, edit(begun, NOW - 7, "Cai Contoh"))
    assert kinds(answer) == [OutcomeKind.conflicted]
    [change] = [change for change in answer.changes if isinstance(change, ReportChange)]
    assert (change.report.identity.full_name, change.conflicts, change.version) == ("Bea Contoh", 1, 2)
    [conflict] = await rows(city, "select base, phone from conflicts")
    assert "Ana Contoh" in conflict[0]
    assert "Cai Contoh" in conflict[1]


async def test_M11_a_conflict_leaves_the_version_and_its_window_as_they_were(city: Database) -> None:
    begun = report(RTS[0], NOW - 9)
    await send(city, NOW, begun, edit(begun, NOW - 8, "Bea Contoh"), edit(begun, NOW - 7, "Cai Contoh"))
    [record] = await rows(city, "select version, conflicts, seq, captured_at from records")
    assert tuple(record) == (2, 1, 1, NOW - 8)


async def test_M16_whoever_reads_while_others_write_skips_nothing(city: Database) -> None:
    assert await races.skipped(city) == set()


async def test_M16_a_page_is_bounded_and_the_rest_follows(city: Database) -> None:
    for start in range(0, 650, 130):
        await send(city, NOW, *(nil(RTS[number % 2], NOW) for number in range(start, start + 130)))
    answer = await send(city, NOW)
    met = [change.record_id for change in answer.changes]
    assert (len(met), answer.more) == (PAGE, True)
    while answer.more:
        answer = await send(city, NOW, cursor=answer.cursor)
        assert not answer.resync
        met += [change.record_id for change in answer.changes]
    assert len(met) == len(set(met)) == 650


async def test_M12_a_foreign_area_is_quarantined_and_the_rest_is_stored(city: Database) -> None:
    [answer] = await exchange(city, job(NOW, nil(UUID(int=404), NOW), nil(RTS[0], NOW)))
    assert kinds(answer) == [OutcomeKind.quarantined, OutcomeKind.applied]
    assert len(await rows(city, "select * from quarantine")) == 1


async def test_an_unknown_phone_is_refused_and_delays_nobody(city: Database) -> None:
    stranger = structs.replace(job(NOW, nil(RTS[0], NOW)), secret_hash=b"?")
    answers = await exchange(city, stranger, job(NOW, nil(RTS[0], NOW)))
    assert isinstance(answers[0], Unauthorized)
    assert kinds(answers[1]) == [OutcomeKind.applied]


async def test_M15_requests_that_come_together_share_a_transaction(city: Database) -> None:
    writer = ExchangeWriter(city, TERMS)
    jobs = [job(NOW, nil(RTS[0], NOW)) for _ in range(30)]
    answers = await asyncio.gather(*(writer.submit(one) for one in jobs))
    await writer.close()
    assert all(kinds(answer) == [OutcomeKind.applied] for answer in answers)
    [counter] = await rows(city, "select max(seq) from feeds")
    assert counter[0] == 30


def refuse_one(conn: Connection, record_id: UUID) -> None:
    """The database itself refuses one record, as a fault of ours would make it."""
    if conn.dialect.name == "sqlite":
        fault = f"new.record_id = '{record_id.hex}' begin select raise(abort, 'fault'); end"
        conn.execute(text(f"create trigger fault before insert on versions when {fault}"))
    else:
        conn.execute(text(f"alter table versions add constraint fault check (record_id <> '{record_id}')"))


async def test_M15_a_mutation_that_cannot_be_stored_delays_no_other(city: Database) -> None:
    poison = nil(RTS[0], NOW)
    await city.write(refuse_one, poison.record_id)
    writer = ExchangeWriter(city, TERMS)
    beside = job(NOW, nil(RTS[1], NOW))
    within = job(NOW, report(RTS[2], NOW), poison, nil(RTS[3], NOW))
    alone = job(NOW, poison)
    first, second, third = await asyncio.gather(
        *(writer.submit(one) for one in (beside, within, alone)), return_exceptions=True
    )
    await writer.close()
    assert isinstance(first, ExchangeResponse)
    assert kinds(first) == [OutcomeKind.applied]
    assert isinstance(second, ExchangeResponse)
    assert kinds(second) == [OutcomeKind.applied, OutcomeKind.retry, OutcomeKind.applied]
    assert isinstance(third, ExchangeResponse)
    assert kinds(third) == [OutcomeKind.retry]
    assert await rows(city, "select * from receipts where outcome = 'retry'") == []


async def test_M15_what_follows_in_a_record_waits_for_what_could_not_be_stored(city: Database) -> None:
    begun = report(RTS[0], NOW - 9)
    removal = RemoveReport(UUID(int=601), begun.record_id, RTS[0], NOW - 8, begun.changes)
    await city.write(refuse_one, begun.record_id)
    writer = ExchangeWriter(city, TERMS)
    answer = await writer.submit(job(NOW, begun, removal, nil(RTS[1], NOW)))
    await writer.close()
    assert kinds(answer) == [OutcomeKind.retry, OutcomeKind.retry, OutcomeKind.applied]


async def test_M15_W4_each_piece_of_a_request_meets_the_clock_of_the_exchange_before(city: Database) -> None:
    poison, jumped = nil(RTS[0], NOW), 10 * MINUTE
    await send(city, NOW, nil(RTS[2], NOW))
    await city.write(refuse_one, poison.record_id)
    filed = [nil(rt, NOW + jumped) for rt in (RTS[1], RTS[2])]
    writer = ExchangeWriter(city, TERMS)
    asked = job(NOW, filed[0], poison, filed[1])
    await writer.submit(structs.replace(asked, phone_now=NOW + jumped))
    await writer.close()
    flags = await rows(city, "select flags from versions order by flags")
    assert [row[0] for row in flags] == ["", "clock_jumped", "clock_jumped"]


async def test_M15_a_database_that_is_away_acknowledges_nothing() -> None:
    away = open_database(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    writer = ExchangeWriter(away, TERMS)
    with pytest.raises(Busy):
        await writer.submit(job(NOW, nil(RTS[0], NOW), nil(RTS[1], NOW)))
    await away.close()


async def test_W3_W4_a_phone_with_a_wrong_clock_reports_into_the_right_window(city: Database) -> None:
    decade = 10 * 365 * 24 * 3600 * 1000
    right = await send(city, NOW, nil(RTS[0], NOW - 1000))
    filed = nil(RTS[1], NOW + decade - 1000)
    wrong = structs.replace(job(NOW, filed), phone_now=NOW + decade)
    [answer] = await exchange(city, wrong)
    assert isinstance(answer, ExchangeResponse)
    assert answer.outcomes[0].window == right.outcomes[0].window
    found = await rows(city, "select captured_at, flags from versions order by flags")
    assert [tuple(row) for row in found] == [(NOW - 1000, ""), (NOW - 1000, "clock_jumped")]


async def test_a_report_comes_back_as_it_was_typed(city: Database) -> None:
    begun = report(RTS[0], clock.now(), "محمد الأمين")
    answer = await send(city, clock.now() + 1, begun)
    [change] = answer.changes
    assert isinstance(change, ReportChange)
    assert change.report == Report(identity=Identity("محمد الأمين"))

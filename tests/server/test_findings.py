"""The same person in two reports: found by the worker across areas, on both databases, and decided by people."""

import asyncio
from uuid import UUID

import pytest
from msgspec import structs

from server import clock, worker
from server.store import findings, twins
from server.store.engine import Database
from sync.errors import Code, Refused, Unknown
from sync.protocol.console import Evidence, FindingView, Verdict
from sync.protocol.exchange import RemoveReport, SaveReport
from sync.protocol.records import GROUPS, Document, DocumentKind, Groups, Identity, Report, Stay
from tests.support.city import RTS, area_id, build, nil, report, send

pytestmark = pytest.mark.anyio

NOW = 1_795_000_000_000
DESK = UUID(int=6)
CITY, SEMANAN, TEGAL_ALUR = (area_id(code) for code in ("31.73", "31.73.06.1001", "31.73.06.1002"))
ANA = Identity("Ana Contoh", birth_date="1990-02-03", nationality="AUS")
PASSPORT = Document(DocumentKind.passport, "PA 12345", "AUS")


@pytest.fixture
async def city(database: Database) -> Database:
    await database.write(build)
    return database


def stay(rt: UUID, identity: Identity = ANA, document: Document = PASSPORT) -> SaveReport:
    return structs.replace(report(rt, NOW), changes=Groups(identity=identity, document=document))


def changed(before: SaveReport, **groups: object) -> SaveReport:
    base = Groups(**{group: getattr(before.changes, group) for group in groups})
    return structs.replace(before, mutation_id=clock.new_id(), changes=Groups(**groups), base=base)  # type: ignore[arg-type]


async def look(db: Database) -> None:
    while await worker.look_for_twins(db, NOW + 1):
        pass


async def found(db: Database, area: UUID = CITY) -> list[FindingView]:
    await look(db)
    return await db.read(findings.open_below, area)


def ids(view: FindingView) -> list[UUID]:
    return [side.record_id for side in view.sides]


async def test_T2_one_person_in_two_kelurahan_is_found_with_what_the_reports_share(city: Database) -> None:
    here, there = stay(RTS[0]), stay(RTS[2], Identity("CONTOH ana", birth_date="1990", nationality="AUS"))
    await send(city, NOW, here, nil(RTS[1], NOW), stay(RTS[1], Identity("Bea"), Document()))
    assert await found(city) == []
    await send(city, NOW, there)
    [finding] = await found(city)
    assert ids(finding) == sorted([here.record_id, there.record_id])
    assert finding.evidence == (Evidence.document,)
    whole = structs.replace(ANA, full_name="contoh ANA")
    await send(city, NOW, changed(there, identity=whole))
    [again] = await found(city)
    assert (again.evidence, again.found_at) == ((Evidence.document, Evidence.person), NOW + 1)


async def test_T1_T3_who_left_or_was_removed_is_not_there_twice(city: Database) -> None:
    first, second, third = (stay(rt) for rt in RTS[:3])
    await send(city, NOW, first, second, third)
    assert len(await found(city)) == 3
    await send(city, NOW, changed(first, stay=Stay(departure="2026-11-01")))
    [left] = await found(city)
    assert set(ids(left)) == {second.record_id, third.record_id}
    known = Report(identity=ANA, document=PASSPORT)
    base = Groups(**{group: getattr(known, group) for group in GROUPS})
    await send(city, NOW, RemoveReport(clock.new_id(), second.record_id, RTS[1], NOW, base))
    assert await found(city) == []
    back = changed(structs.replace(first, changes=Groups(stay=Stay(departure="2026-11-01"))), stay=Stay())
    await send(city, NOW, back)
    [again] = await found(city)
    assert set(ids(again)) == {first.record_id, third.record_id}


async def test_T3_of_a_report_elsewhere_only_the_rt_is_told(city: Database) -> None:
    here, there = stay(RTS[0]), stay(RTS[2])
    await send(city, NOW, here, there)
    for area, inside in ((SEMANAN, here), (TEGAL_ALUR, there)):
        [finding] = await found(city, area)
        for side in finding.sides:
            assert (side.report is not None) == (side.record_id == inside.record_id)
            assert side.area.rt == "001"
    [finding] = await found(city, CITY)
    assert all(side.report and side.report.identity == ANA for side in finding.sides)
    await send(city, NOW, stay(RTS[3], Identity("Bea"), Document()))
    assert await found(city, area_id("31.73.06.1001/001/002")) == []


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_T3_what_a_person_said_is_kept_and_not_asked_again(city: Database, verdict: Verdict) -> None:
    here, there = stay(RTS[0]), stay(RTS[2])
    await send(city, NOW, here, there)
    assert len(await found(city)) == 1
    pair = (there.record_id, here.record_id)
    said = (pair, verdict, "Dua orang", DESK)
    with pytest.raises(Unknown):
        await city.write(findings.decide, *said, area_id("31.73.06.1001/001/002"), NOW)
    await city.write(findings.decide, *said, TEGAL_ALUR, NOW + 2)
    assert await found(city) == []
    other = Document(DocumentKind.passport, "PB 54321", "AUS")
    await send(city, NOW, changed(here, document=other), changed(there, document=other))
    assert await found(city) == []
    with pytest.raises(Refused) as refused:
        await city.write(findings.decide, *said, CITY, NOW)
    assert refused.value.code is Code.decided_already


async def test_T2_several_workers_find_each_pair_once_and_catch_up_in_bounded_steps(
    city: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "MOST_RECORDS", 7)
    alike = [stay(RTS[number % 4]) for number in range(5)]
    filling = [nil(RTS[number % 4], NOW) for number in range(60)]
    await send(city, NOW, *alike[:2], *filling, *alike[2:])
    assert await city.write(twins.look, NOW)
    await asyncio.gather(*(look(city) for _ in range(3)))
    assert not await city.read(twins.is_behind)
    pairs = [tuple(ids(finding)) for finding in await city.read(findings.open_below, CITY)]
    assert len(pairs) == len(set(pairs)) == 10


async def test_T2_a_number_that_everybody_shares_makes_few_pairs(city: Database) -> None:
    alike = [stay(RTS[number % 4], Identity(f"Orang {number}")) for number in range(60)]
    await send(city, NOW, *alike)
    everyone = await found(city)
    assert len(everyone) == 100  # what one list shows
    lowest = sorted(one.record_id for one in alike)[:20]
    assert all(set(ids(finding)) & set(lowest) for finding in everyone)

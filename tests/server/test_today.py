"""Today's windows as people at desks see them, on both databases (SPEC W6)."""

from uuid import UUID

import pytest

from server.store import sealing
from server.store.engine import Database
from server.store.today import today
from sync.protocol.console import Today, WindowState
from tests.server.test_sealing import at
from tests.support import city
from tests.support.city import RTS, SCHEDULE, area_id, edit, nil, report, send

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database: Database) -> Database:
    await database.write(city.build)
    return database


async def seen(db: Database, now: int, area: UUID | None = None) -> Today:
    return await db.read(today, area or area_id("31.73"), now, SCHEDULE)


def counts(view: Today) -> list[tuple[int, int, int]]:
    return [(window.areas, window.reported, window.nils) for window in view.windows]


async def test_W6_an_rt_counts_once_for_a_nil_or_any_report(db: Database) -> None:
    first = report(RTS[0], at("11:00"))
    await send(db, at("11:00"), first, nil(RTS[1], at("11:00")), nil(RTS[1], at("11:00")), nil(RTS[2], at("09:00")))
    await send(db, at("12:00"), edit(first, at("12:00"), "Maria Lain"), nil(RTS[0], at("12:00")))
    view = await seen(db, at("12:00"))
    assert [window.window for window in view.windows] == [f"2026-11-23/{name}" for name in ("pagi", "siang", "malam")]
    assert counts(view) == [(4, 1, 1), (4, 2, 2), (4, 0, 0)]


async def test_W6_only_the_persons_area_is_counted(db: Database) -> None:
    await send(db, at("11:00"), report(RTS[0], at("11:00")), nil(RTS[2], at("11:00")))
    assert counts(await seen(db, at("12:00"), area_id("31.73.06.1001")))[1] == (2, 1, 0)
    assert counts(await seen(db, at("12:00"), area_id("31.73.06")))[1] == (4, 2, 1)


async def test_W6_a_mutation_that_was_not_accepted_does_not_count(db: Database) -> None:
    stranger = UUID(int=99)
    [answer] = await city.exchange(db, city.job(at("11:00"), nil(stranger, at("11:00"))))
    assert counts(await seen(db, at("12:00")))[1] == (4, 0, 0), answer


async def test_W5_a_window_goes_from_upcoming_to_sealed(db: Database) -> None:
    async def states(now: int) -> list[WindowState]:
        return [window.state for window in (await seen(db, now)).windows]

    upcoming, opened, grace, due, sealed = (
        WindowState.upcoming, WindowState.open, WindowState.grace, WindowState.due, WindowState.sealed
    )  # fmt: skip
    await db.write(sealing.seal_next, at("09:00"), SCHEDULE, 0)
    assert await states(at("09:59")) == [opened, upcoming, upcoming]
    assert await states(at("10:00")) == [grace, opened, upcoming]
    assert await states(at("10:15")) == [due, opened, upcoming]
    await db.write(sealing.seal_next, at("10:15"), SCHEDULE, 0)
    assert await states(at("10:16")) == [sealed, opened, upcoming]


async def test_W2_in_the_evening_the_window_of_the_next_morning_is_shown_too(db: Database) -> None:
    view = await seen(db, at("21:00"))
    assert [window.window for window in view.windows][-2:] == ["2026-11-23/malam", "2026-11-24/pagi"]

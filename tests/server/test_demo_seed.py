"""Seeding on both databases: once is enough, twice is once, and a city's own database is left alone."""

from pathlib import Path
from uuid import UUID

import pytest

from server.demo import keys
from server.demo.cast import APPLICATIONS, OFFICERS
from server.demo.seed import NotADemo, Seeded, seed
from server.secrets import hashed, plain_code
from server.store import applications, demo
from server.store.areas import add_areas
from server.store.devices import enrol
from server.store.engine import Database

pytestmark = pytest.mark.anyio


async def seeded(database: Database, folder: Path) -> Seeded:
    return await seed(database, keys.load_or_create(folder), "Asia/Jakarta")


async def test_seeding_twice_is_seeding_once(database: Database, tmp_path: Path) -> None:
    first = await seeded(database, tmp_path)
    before = await database.read(demo.known)
    assert await seeded(database, tmp_path) == first
    assert await database.read(demo.known) == before
    assert (before.areas, len(before.officers), len(before.usernames)) == (1 + 8 + 56 + 579 + 6403, len(OFFICERS), 3)


async def test_applications_stand_where_the_demo_says(database: Database, tmp_path: Path) -> None:
    await seeded(database, tmp_path)
    rows = {row.number: row.state for row in await database.read(applications.counter_rows)}
    assert rows == {made.number: made.state.replace(" ", "_") for made in APPLICATIONS}


async def test_a_used_code_is_followed_by_a_fresh_one(database: Database, tmp_path: Path) -> None:
    first = await seeded(database, tmp_path)
    officer = OFFICERS[0].name
    phone = {"device_id": UUID(int=1), "name": "Contoh", "secret_hash": b"1" * 32}
    await database.write(enrol, hashed(plain_code(first.codes[officer])), phone, 1_000)
    second = await seeded(database, tmp_path)
    assert {name for name in first.codes if first.codes[name] != second.codes[name]} == {officer}


async def test_a_citys_own_database_is_left_alone(database: Database, tmp_path: Path) -> None:
    city = {"area_id": UUID(int=1), "code": "1", "level": "kota", "name": "Kota", "parent_id": None, "feed_id": None}
    await database.write(add_areas, [city | {"valid_from": 0, "valid_to": None}])
    with pytest.raises(NotADemo):
        await seeded(database, tmp_path)
    assert not (await database.read(demo.known)).officers

"""Batches over HTTP, for those of the console who may have them (SPEC B9)."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from litestar.testing import AsyncTestClient

from server import clock
from server.app import create_app
from server.secrets import hashed
from server.settings import Settings
from server.store import people, sealing
from server.store.engine import open_database
from server.store.schema import migrate
from sync.protocol.console import BatchView, Today
from tests.support import city
from tests.support.city import RTS, SCHEDULE, area_id, report, send

pytestmark = pytest.mark.anyio

DAY = 86_400_000
Client = AsyncTestClient[Any]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A server whose city has one sealed batch with one report."""
    settings = Settings(var=tmp_path, origin="http://127.0.0.1:8000")
    db = open_database(settings.url)
    await db.write(migrate, "epoch")
    await db.write(city.build)
    now = clock.now()
    await send(db, now, report(RTS[0], now - DAY, "=Maria"))
    await db.write(sealing.seal_next, now, SCHEDULE, 0)
    for number, role in enumerate(("admin", "immigration", "camat", "lurah"), 1):
        area = area_id("31.73.06.1002" if role == "lurah" else "31.73")
        user = UUID(int=number)
        names = {"username": role, "name": role, "role": role, "password_hash": ""}
        await db.write(people.add_person, {"user_id": user, "area_id": area} | names)
        await db.write(people.open_session, hashed(role), user, now, now + DAY)
    await db.close()
    async with AsyncTestClient(create_app(settings), base_url=settings.origin) as found:
        yield found


async def batch(client: Client) -> BatchView:
    answer = await client.get("/api/batches", headers={"Cookie": "ronda=admin"})
    assert answer.status_code == 200, answer.text
    [found] = msgspec.json.decode(answer.content, type=list[BatchView])
    return found


@pytest.mark.parametrize("role", ["admin", "immigration"])
async def test_B9_the_renderings_are_to_be_had(client: Client, role: str) -> None:
    found = await batch(client)
    stem = f"berkas-{found.window.replace('/', '-')}"
    for name, media_type in (("document.json", "application/json"), ("table.csv", "text/csv; charset=utf-8")):
        answer = await client.get(f"/api/batches/{found.batch_id}/{name}", headers={"Cookie": f"ronda={role}"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="{stem}.{name[-4:].strip(".")}"'
        assert "no-store" in answer.headers["cache-control"]
        if name == "document.json":
            assert json.loads(answer.content)["hash"] == found.hash
        else:
            assert "'=Maria" in answer.content.decode("utf-8-sig")


@pytest.mark.parametrize("role", ["lurah", "camat"])
async def test_who_sees_a_part_of_the_city_may_not_have_a_batch(client: Client, role: str) -> None:
    found = await batch(client)
    for path in ("", f"/{found.batch_id}/document.json", f"/{found.batch_id}/table.csv"):
        answer = await client.get(f"/api/batches{path}", headers={"Cookie": f"ronda={role}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_nobody_who_is_not_signed_in_sees_anything(client: Client) -> None:
    found = await batch(client)
    for path in ("today", "batches", f"batches/{found.batch_id}/document.json"):
        answer = await client.get(f"/api/{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("name", [str(uuid4()), "x"])
async def test_a_batch_that_does_not_exist_is_not_found(client: Client, name: str) -> None:
    answer = await client.get(f"/api/batches/{name}/document.json", headers={"Cookie": "ronda=admin"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(("role", "areas"), [("admin", 4), ("lurah", 2)])
async def test_W6_today_is_counted_in_the_persons_area(client: Client, role: str, areas: int) -> None:
    answer = await client.get("/api/today", headers={"Cookie": f"ronda={role}"})
    view = msgspec.json.decode(answer.content, type=Today)
    assert {window.areas for window in view.windows} == {areas}

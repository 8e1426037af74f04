"""What people at desks decide, over HTTP: what is quarantined, and who is reported twice (SPEC M21, T3)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar.testing import AsyncTestClient
from msgspec import structs

from server import clock
from server.app import create_app
from server.secrets import hashed
from server.settings import Settings
from server.store import people, twins
from server.store.engine import open_database
from server.store.schema import migrate
from sync.protocol.records import Document, DocumentKind, Groups
from tests.support import city
from tests.support.city import RTS, area_id, nil, report

pytestmark = pytest.mark.anyio

DAY = 86_400_000
Client = AsyncTestClient[Any]
DESKS = {"admin": "31.73", "immigration": "31.73", "lurah": "31.73.06.1001", "neighbour": "31.73.06.1002"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A server with a phone and people at desks; each one's session is their name."""
    settings = Settings(var=tmp_path, origin="http://127.0.0.1:8000")
    db = open_database(settings.url)
    await db.write(migrate, "epoch")
    await db.write(city.build)
    now = clock.now()
    for number, (name, area) in enumerate(DESKS.items(), 1):
        user = UUID(int=number)
        role = "lurah" if name == "neighbour" else name
        names = {"username": name, "name": name, "role": role, "password_hash": ""}
        await db.write(people.add_person, {"user_id": user, "area_id": area_id(area)} | names)
        await db.write(people.open_session, hashed(name), user, now, now + DAY)
    await db.close()
    async with AsyncTestClient(create_app(settings), base_url=settings.origin) as found:
        yield found


async def exchange(client: Client, *mutations: Any, **more: Any) -> Any:
    body = {"protocol": 3, "now": clock.now(), "mutations": [msgspec.to_builtins(one) for one in mutations]} | more
    answer = await client.post("/api/exchange", json=body, headers={"Authorization": "Bearer a phone"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def get(client: Client, who: str, path: str) -> Any:
    answer = await client.get(path, headers={"Cookie": f"ronda={who}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(client: Client, who: str, path: str, **body: str) -> httpx.Response:
    return await client.post(path, json=body, headers={"Cookie": f"ronda={who}"})


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_M21_what_was_quarantined_is_discarded_with_a_reason_that_the_phone_is_told(client: Client) -> None:
    foreign = nil(UUID(int=404), clock.now())
    unread = msgspec.to_builtins(nil(RTS[0], clock.now())) | {"kind": "dance"}
    await exchange(client, foreign, unread)
    first, second = (
        f"/api/quarantine/{one['mutation_id']}/{one['digest']}/decision"
        for one in await get(client, "lurah", "/api/quarantine")
    )
    assert problem(await post(client, "lurah", first, decision="release")) == (400, "area_out_of_scope")
    assert problem(await post(client, "lurah", second, decision="release")) == (400, "mutation_unreadable")
    assert problem(await post(client, "lurah", first, decision="discard", reason=" ")) == (400, "request_invalid")
    assert problem(await post(client, "lurah", first, decision="discard", reason="x" * 201)) == (400, "request_invalid")
    done = (await post(client, "lurah", first, decision="discard", reason=" Bukan RT kita ")).json()
    assert (done["outcome"], done["code"], done["reason"]) == ("rejected", "discarded", "Bukan RT kita")
    assert problem(await post(client, "lurah", first, decision="release")) == (409, "decided_already")
    told = (await exchange(client, ask=[str(foreign.mutation_id), unread["mutation_id"]]))["told"]
    assert [(one["outcome"], one.get("reason")) for one in told] == [
        ("rejected", "Bukan RT kita"),
        ("quarantined", None),
    ]
    for digest in ("00", "nothing"):
        nothing = f"/api/quarantine/{foreign.mutation_id}/{digest}/decision"
        assert problem(await post(client, "admin", nothing, decision="release")) == (404, "not_found")


async def test_T3_a_person_says_once_whether_two_reports_are_of_one(client: Client, tmp_path: Path) -> None:
    passport = Groups(document=Document(DocumentKind.passport, "PA12345", "AUS"))
    here, there = (structs.replace(report(rt, clock.now()), changes=passport) for rt in (RTS[0], RTS[2]))
    await exchange(client, here, there)
    db = open_database(Settings(var=tmp_path).url)
    await db.write(twins.look, clock.now())
    await db.close()
    [finding] = await get(client, "neighbour", "/api/findings")
    assert finding["evidence"] == ["document"]
    seen = {side["record_id"]: side["report"] is not None for side in finding["sides"]}
    assert seen == {str(here.record_id): False, str(there.record_id): True}
    path = "/api/findings/{}/{}/decision".format(*(side["record_id"] for side in finding["sides"]))
    assert problem(await post(client, "lurah", path, decision="perhaps")) == (400, "request_invalid")
    assert (await post(client, "lurah", path, decision="different")).status_code == 204
    assert problem(await post(client, "admin", path, decision="same")) == (409, "decided_already")
    assert await get(client, "admin", "/api/findings") == []


async def test_M21_T3_the_immigration_office_decides_on_none_of_it(client: Client) -> None:
    for path in ("/api/quarantine", "/api/findings"):
        answer = await client.get(path, headers={"Cookie": "ronda=immigration"})
        assert problem(answer) == (403, "forbidden")
    for path in (f"/api/quarantine/{UUID(int=1)}/00", f"/api/findings/{UUID(int=1)}/{UUID(int=2)}"):
        decision = {"decision": "release" if "quarantine" in path else "same"}
        assert problem(await post(client, "immigration", f"{path}/decision", **decision)) == (403, "forbidden")

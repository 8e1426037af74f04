"""Officers' phones over HTTP: the list, a revocation, a lost phone and the one that replaces it (SPEC D1, D2, D4)."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from server import clock
from server.demo.keys import load_or_create
from server.store.devices import add_code, enrol
from server.store.engine import Database
from sync.errors import Code, Refused
from sync.protocol.exchange import FileNil, SaveReport
from sync.protocol.records import Groups, Identity
from tests.support import city
from tests.support.ronda import Ronda

Answer = dict[str, Any]


class Desk(httpx.Client):
    """A user of the console."""

    def __init__(self, ronda: Ronda, username: str) -> None:
        super().__init__(base_url=ronda.origin)
        password = load_or_create(ronda.folder / "var" / "secrets").password(username)
        assert self.post("/api/session", json={"username": username, "password": password}).status_code == 200

    def officer(self, name: str) -> Answer:
        """What the list says of an officer."""
        [found] = [it for it in self.get("/api/devices").json() if it["officer"] == name]
        return dict(found)

    def new_code(self, name: str) -> Answer:
        answer = self.post(f"/api/officers/{self.officer(name)['officer_id']}/enrolment-code")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


class Phone:
    """A phone that enrols by a code and asks in the newest protocol."""

    def __init__(self, ronda: Ronda, code: str) -> None:
        self.http = httpx.Client(base_url=ronda.origin)
        self.device_id, secret = str(clock.new_id()), clock.new_secret()
        self.enrolment = {"code": code, "device_id": self.device_id, "secret": secret, "device_name": "HP Contoh"}
        self.enrolled = self.enrol()
        self.http.headers["Authorization"] = f"Bearer {secret}"

    def enrol(self, **changes: str) -> httpx.Response:
        return self.http.post("/api/enrol", json=self.enrolment | changes)

    @property
    def rt(self) -> UUID:
        return UUID(self.enrolled.json()["scope"]["areas"][0]["area_id"])

    def send(self, *mutations: object, **fields: object) -> httpx.Response:
        built = [msgspec.to_builtins(mutation) for mutation in mutations]
        body = {"protocol": 3, "now": clock.now(), "mutations": built} | fields
        return self.http.post("/api/exchange", json=body)

    def records(self) -> set[str]:
        """All that a phone without a cursor is told."""
        found, cursor, more = set(), "", True
        while more:
            answer = self.send(cursor=cursor).json()
            found |= {change["record_id"] for change in answer["changes"]}
            cursor, more = answer["cursor"], answer["more"]
        return found


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def report(rt: UUID) -> SaveReport:
    new = clock.new_id()
    return SaveReport(new, new, rt, clock.now(), Groups(identity=Identity("Maria Contoh")))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ronda(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ronda]:
    settings = {} if request.param == "sqlite" else {"RONDA_DATABASE_URL": request.getfixturevalue("fresh_postgresql")}
    with Ronda(tmp_path_factory.mktemp("devices"), **settings) as ronda:
        ronda.run("seed")
        ronda.start_server()
        yield ronda


@pytest.fixture
def lurah(ronda: Ronda) -> Desk:
    return Desk(ronda, "lurah")


def test_D4_a_lost_phone_is_replaced_without_losing_what_was_acknowledged(ronda: Ronda, lurah: Desk) -> None:
    lost = Phone(ronda, lurah.new_code("Budi Contoh")["code"])
    first, filed = report(lost.rt), FileNil(clock.new_id(), clock.new_id(), lost.rt, clock.now())
    taken = lost.send(first, filed).json()
    assert [outcome["outcome"] for outcome in taken["outcomes"]] == ["applied", "applied"]
    known = lost.records()
    assert {str(first.record_id), str(filed.record_id)} <= known

    assert lurah.post(f"/api/devices/{lost.device_id}/revocation").json()["standing"] == "revoked"
    new = Phone(ronda, lurah.new_code("Budi Contoh")["code"])
    assert new.records() == known
    told = new.send(ask=[str(first.mutation_id)]).json()["told"]
    assert [outcome["outcome"] for outcome in told] == ["applied"]
    escrow = lost.send(report(lost.rt)).json()
    assert escrow["outcomes"][0]["code"] == "device_revoked"
    assert (escrow["standing"]["state"], escrow["changes"]) == ("revoked", [])
    lost.send(wiped=True)
    assert code_of(lost.send()) == (401, "unauthorized")
    assert new.records() == known


def test_D2_the_list_tells_what_a_phone_said_at_its_last_contact_and_what_became_of_it(
    ronda: Ronda, lurah: Desk
) -> None:
    phone = Phone(ronda, lurah.new_code("Sri Contoh")["code"])
    phone.send(unsent=7, app="0.3.1")

    def seen() -> tuple[int, str, str]:
        [it] = [it for it in lurah.officer("Sri Contoh")["phones"] if it["device_id"] == phone.device_id]
        return it["unsent"], it["app"], it["standing"]

    assert seen() == (7, "0.3.1", "trusted")
    for _ in range(2):
        assert lurah.post(f"/api/devices/{phone.device_id}/revocation").status_code == 200
    assert seen()[2] == "revoked"
    phone.send(wiped=True)
    assert seen()[2] == "wiped"
    [area] = lurah.officer("Sri Contoh")["areas"]
    assert (area["rt"], area["rw"], area["kelurahan"], area["kecamatan"]) == (
        "002", "001", "Cengkareng Barat", "Cengkareng"
    )  # fmt: skip
    assert [(area["rt"], area["rw"]) for area in lurah.officer("Wati Contoh")["areas"]] == [("", "002")]


def test_M19_a_code_of_the_console_enrols_one_phone_and_says_why_it_enrols_no_other(ronda: Ronda, lurah: Desk) -> None:
    made = lurah.new_code("Wati Contoh")
    assert made["link"] == f"{ronda.origin}/petugas/#kode={made['code']}"
    assert made["qr"].startswith("data:image/svg+xml")
    assert 0 < made["expires_at"] - clock.now() <= 10 * 60_000
    phone = Phone(ronda, made["code"])
    assert phone.enrolled.status_code == phone.enrol().status_code == 200
    assert code_of(Phone(ronda, made["code"]).enrolled) == (403, "code_used")
    assert code_of(Phone(ronda, "AAAAA-AAAAA").enrolled) == (403, "code_invalid")
    lurah.post(f"/api/devices/{phone.device_id}/revocation")
    assert code_of(phone.enrol()) == (403, "device_revoked")


def test_D1_nobody_reaches_a_phone_or_an_officer_of_another_area(ronda: Ronda, lurah: Desk) -> None:
    ronda.run("users", "add", "lain", "Lurah Lain", "--role", "lurah", "--area", "31.73.01.1002")
    password = ronda.run("users", "password", "lain").strip()
    other = httpx.Client(base_url=ronda.origin)
    assert other.post("/api/session", json={"username": "lain", "password": password}).status_code == 200
    assert other.get("/api/devices").json() == []
    budi = lurah.officer("Budi Contoh")
    for path in (f"officers/{budi['officer_id']}/enrolment-code", f"devices/{clock.new_id()}/revocation"):
        assert code_of(other.post(f"/api/{path}")) == (404, "not_found")
    [phone, *_] = budi["phones"]
    assert code_of(other.post(f"/api/devices/{phone['device_id']}/revocation")) == (404, "not_found")
    counter = Desk(ronda, "imigrasi")
    assert code_of(counter.get("/api/devices")) == (403, "forbidden")
    assert httpx.post(f"{ronda.origin}/api/devices/{phone['device_id']}/revocation").status_code == 401


@pytest.mark.anyio
async def test_M19_a_code_that_has_expired_enrols_nobody(database: Database) -> None:
    await database.write(city.build)
    await database.write(add_code, b"code", city.OFFICER, 1000)
    phone = {"device_id": UUID(int=77), "name": "HP", "secret_hash": b"secret"}
    with pytest.raises(Refused) as refused:
        await database.write(enrol, b"code", phone, 1000)
    assert refused.value.code == Code.code_expired
    assert (await database.write(enrol, b"code", phone, 999)).officer_id == city.OFFICER


@pytest.mark.anyio
async def test_M19_the_same_phone_twice_at_once_is_enrolled_once(database: Database) -> None:
    """A network that repeats a request may bring it to two servers at the same time."""
    await database.write(city.build)
    for turn in range(5):
        code_hash = b"code %d" % turn
        await database.write(add_code, code_hash, city.OFFICER, 1000)
        phone = {"device_id": UUID(int=77 + turn), "name": "HP", "secret_hash": b"secret %d" % turn}
        both = await asyncio.gather(*(database.write(enrol, code_hash, phone, 999) for _ in range(2)))
        assert [one.device_id for one in both] == [phone["device_id"]] * 2

"""Passports over HTTP: what applicants and the counter may ask of a running server (SPEC P1, P2, P4, N5, N6)."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from server import clock
from server.secrets import hashed, new_link_token
from server.store.applications import Booking, book
from server.store.engine import open_database
from server.store.people import add_person, open_session
from server.workdays import today
from sync.protocol.console import ConsoleRole
from sync.protocol.passports import Service
from tests.support import city
from tests.support.receiver import Receiver
from tests.support.ronda import Ronda

BROWSER = Receiver()
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc:def"
SUBSCRIPTION = {"endpoint": ENDPOINT, "p256dh": BROWSER.p256dh, "auth": BROWSER.auth, "locale": "id"}
UNKNOWN = UUID(int=0)
NUMBERS = count(1)


@pytest.fixture(scope="module")
def ronda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ronda]:
    with Ronda(tmp_path_factory.mktemp("ronda")) as installation:
        asyncio.run(in_database(installation, city.build, sign_in_all))
        installation.start_server()
        yield installation


async def in_database(ronda: Ronda, *works: Callable[[Connection], None]) -> None:
    db = open_database(f"sqlite:///{ronda.folder / 'var' / 'ronda.db'}")
    for work in works:
        await db.write(work)
    await db.close()


def sign_in_all(conn: Connection) -> None:
    """A person at a desk for each role, who has signed in."""
    now = clock.now()
    for role in ConsoleRole:
        user_id = clock.new_id()
        person = {"user_id": user_id, "username": role.value, "name": role.value, "role": role.value}
        add_person(conn, person | {"area_id": city.area_id("31.73"), "password_hash": ""})
        open_session(conn, hashed(f"session of {role}"), user_id, now, now + 3_600_000)


@pytest.fixture
def applicant(ronda: Ronda) -> Iterator[httpx.Client]:
    """A browser that has opened the link of a new application."""
    token, present = new_link_token(), today("Asia/Jakarta")
    number = f"{next(NUMBERS):016}"
    booking = Booking(clock.new_id(), number, "Contoh Pemohon", Service.regular, present.day, hashed(token))
    asyncio.run(in_database(ronda, lambda conn: book(conn, booking, present)))
    with httpx.Client(base_url=ronda.origin, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def at_desk(ronda: Ronda, role: ConsoleRole) -> httpx.Client:
    return httpx.Client(base_url=ronda.origin, cookies={"ronda": f"session of {role}"})


@pytest.fixture
def counter(ronda: Ronda) -> Iterator[httpx.Client]:
    with at_desk(ronda, ConsoleRole.immigration) as client:
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def events_of(applicant: httpx.Client) -> str:
    return f"/api/applications/{applicant.get('/api/application').json()['application_id']}/events"


def test_P4_the_link_opens_the_application(applicant: httpx.Client) -> None:
    answer = applicant.get("/api/application")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    view = answer.json()
    assert [step["state"] for step in view["timeline"]] == ["booked"]
    assert len(view["push_key"]) == 87
    assert "name" not in view


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer guess"}, {"Authorization": "Basic YTpi"}])
def test_P4_without_the_secret_nothing_is_opened(ronda: Ronda, header: dict[str, str]) -> None:
    with httpx.Client(base_url=ronda.origin, headers=header) as stranger:
        assert refusal(stranger.get("/api/application")) == (401, "unauthorized")
        assert refusal(stranger.put("/api/application/subscription", json=SUBSCRIPTION)) == (401, "unauthorized")
        off = stranger.post("/api/application/unsubscription", json={"endpoint": ENDPOINT})
        assert refusal(off) == (401, "unauthorized")


def test_N6_a_browser_subscribes_again_and_again_and_unsubscribes(applicant: httpx.Client) -> None:
    for _ in range(2):
        assert applicant.put("/api/application/subscription", json=SUBSCRIPTION).status_code == 204
    for _ in range(2):
        off = applicant.post("/api/application/unsubscription", json={"endpoint": ENDPOINT})
        assert off.status_code == 204


@pytest.mark.parametrize(
    "wrong",
    [{"endpoint": "https://evil.test/push"}, {"endpoint": "http://fcm.googleapis.com/"}, {"p256dh": "x"}, {"auth": ""}],
)
def test_N5_a_subscription_that_cannot_be_used_is_refused(applicant: httpx.Client, wrong: dict[str, str]) -> None:
    answer = applicant.put("/api/application/subscription", json=SUBSCRIPTION | wrong)
    assert refusal(answer) == (422, "endpoint_refused")
    assert "evil" not in answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"endpoint":1}', b'{"endpoint":"' + b"x" * 2000 + b'"}'])
def test_N5_what_is_no_subscription_is_refused(applicant: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = applicant.put("/api/application/subscription", content=body, headers=headers)
    assert refusal(answer)[0] in {400, 415}


def test_P1_the_counter_moves_an_application_and_its_applicant_sees_it(
    applicant: httpx.Client, counter: httpx.Client
) -> None:
    events = events_of(applicant)
    for event in ("attend", "pay", "process", "finish"):
        answer = counter.post(events, json={"event": event})
        assert answer.status_code == 200
    assert answer.json()["allowed"] == ["collect", "expire"]
    assert applicant.get("/api/application").json()["state"] == "ready"
    assert answer.json() in counter.get("/api/applications").json()


def test_P1_P2_an_event_that_is_not_possible_is_refused_with_its_reason(
    applicant: httpx.Client, counter: httpx.Client
) -> None:
    events = events_of(applicant)
    assert refusal(counter.post(events, json={"event": "finish"})) == (409, "event_not_allowed")
    counter.post(events, json={"event": "attend"})
    assert refusal(counter.post(events, json={"event": "process"})) == (409, "payment_missing")
    assert applicant.get("/api/application").json()["state"] == "attended"


def test_P1_the_reason_of_the_counter_is_read_by_the_applicant(applicant: httpx.Client, counter: httpx.Client) -> None:
    events = events_of(applicant)
    counter.post(events, json={"event": "attend"})
    counter.post(events, json={"event": "hold", "reason": "Akta kelahiran belum lengkap"})
    assert applicant.get("/api/application").json()["timeline"][-1]["reason"] == "Akta kelahiran belum lengkap"


@pytest.mark.parametrize(
    "body", [{"event": "fly"}, {}, {"event": "pay", "reason": "a\u202eb"}, {"event": "pay", "x": 1}]
)
def test_P1_what_is_no_event_is_refused(applicant: httpx.Client, counter: httpx.Client, body: dict[str, str]) -> None:
    assert refusal(counter.post(events_of(applicant), json=body)) == (400, "request_invalid")


def test_an_application_that_does_not_exist_is_not_found(counter: httpx.Client) -> None:
    answer = counter.post(f"/api/applications/{UNKNOWN}/events", json={"event": "pay"})
    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("role", [ConsoleRole.lurah, ConsoleRole.camat])
def test_passports_are_not_for_the_kelurahan(ronda: Ronda, role: ConsoleRole) -> None:
    with at_desk(ronda, role) as desk:
        assert refusal(desk.get("/api/applications")) == (403, "forbidden")
        event = desk.post(f"/api/applications/{UNKNOWN}/events", json={"event": "pay"})
        assert refusal(event) == (403, "forbidden")


def test_passports_are_not_for_strangers(ronda: Ronda) -> None:
    with httpx.Client(base_url=ronda.origin) as stranger:
        assert refusal(stranger.get("/api/applications")) == (401, "unauthorized")


def test_P4_no_log_holds_the_secret_or_the_person(ronda: Ronda, applicant: httpx.Client) -> None:
    view = applicant.get("/api/application").json()
    applicant.get("/api/application/nothing")
    token = applicant.headers["Authorization"].removeprefix("Bearer ")
    log = ronda.log("serve")
    assert not any(secret in log for secret in (token, view["number"], "Contoh"))

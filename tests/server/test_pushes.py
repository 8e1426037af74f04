"""The worker's step: claim, send, record, against a push service by HTTPS, on both databases (SPEC N2-N5)."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
import structlog
import trustme
from sqlalchemy import select
from sqlmodel import col

from server import clock
from server.pushes import run_pushes
from server.secrets import hashed
from server.settings import Settings
from server.store.applications import Booking, book, move
from server.store.engine import Database
from server.store.notifications import subscribe
from server.tables.passports import Push
from server.webpush.sender import Sender
from server.workdays import today
from sync.notifications import PushState
from sync.protocol.passports import Event, Locale, Service, SubscriptionRequest
from tests.support.push_service import Answer, PushService, hang, reset, status
from tests.support.receiver import Receiver

pytestmark = pytest.mark.anyio

NUMBER, NAME, LINK = "3173000000000001", "Contoh Pemohon", "secret of the link"
BROWSER = Receiver()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def service(authority: trustme.CA) -> Iterator[PushService]:
    with PushService(authority) as running:
        yield running


@pytest.fixture
def settings(service: PushService, tmp_path: Path) -> Settings:
    service.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return Settings(var=tmp_path, push_hosts=service.host, ca_file=str(tmp_path / "ca.pem"), push_seconds=1)


@pytest.fixture
async def sender(settings: Settings) -> AsyncIterator[Sender]:
    async with Sender(settings) as ready:
        yield ready


async def announce(db: Database, service: PushService, *tokens: str) -> None:
    """An application that is ready, and a browser for each token that is to be told."""
    application_id, present = clock.new_id(), today("Asia/Jakarta")
    booking = Booking(application_id, NUMBER, NAME, Service.regular, date(2027, 1, 15), hashed(LINK))
    await db.write(book, booking, present)
    for token in tokens:
        request = SubscriptionRequest(service.endpoint(token), BROWSER.p256dh, BROWSER.auth, Locale.en)
        await db.write(subscribe, hashed(LINK), request, service.origin, clock.new_id(), clock.now())
    for event in (Event.attend, Event.pay, Event.process, Event.finish):
        await db.write(move, application_id, event, "", present, clock.new_id)


async def states(db: Database) -> list[str]:
    return await db.read(lambda conn: sorted(conn.execute(select(col(Push.state))).scalars()))


async def test_N3_a_due_push_is_sent_once_and_says_nothing_of_the_person(
    database: Database, service: PushService, sender: Sender, settings: Settings
) -> None:
    service.answers.append(status(201))
    await announce(database, service, "one")
    assert await run_pushes(database, sender, settings) == 1
    assert await run_pushes(database, sender, settings) == 0
    [push] = service.received
    payload = BROWSER.read(push.body).decode()
    assert json.loads(payload)["notification"]["title"] == "Passport ready"
    assert not any(secret in payload for secret in (NUMBER, NAME, LINK))
    assert 0 < int(push.headers["TTL"]) <= 28 * 24 * 3600
    assert await states(database) == [PushState.accepted]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (status(410), PushState.gone),
        (status(404), PushState.gone),
        (status(413), PushState.failed),
        (status(400), PushState.failed),
        (status(429, Retry_After="60"), PushState.waiting),
        (status(403), PushState.waiting),
        (status(500), PushState.waiting),
        (status(307, Location="https://localhost/"), PushState.waiting),
        (hang, PushState.waiting),
        (reset, PushState.waiting),
    ],
)
async def test_N4_what_the_push_service_answers_is_recorded(
    database: Database, service: PushService, sender: Sender, settings: Settings, answer: Answer, state: PushState
) -> None:
    service.answers.append(answer)
    await announce(database, service, "one")
    assert await run_pushes(database, sender, settings) == 1
    assert await states(database) == [state]
    assert await run_pushes(database, sender, settings) == 0


async def test_N4_a_push_that_fails_delays_no_other(
    database: Database, service: PushService, sender: Sender, settings: Settings
) -> None:
    service.answers += [hang, status(413), status(201), status(410)]
    await announce(database, service, "one", "two", "three", "four")
    assert await run_pushes(database, sender, settings) == 4
    assert await states(database) == sorted([PushState.waiting, PushState.failed, PushState.accepted, PushState.gone])


async def test_N5_an_endpoint_that_is_no_longer_allowed_is_given_up(
    database: Database, service: PushService, settings: Settings
) -> None:
    await announce(database, service, "one")
    stricter = Settings(var=settings.var, push_hosts="push.example.org")
    async with Sender(stricter) as sender:
        await run_pushes(database, sender, stricter)
    assert service.received == []
    assert await states(database) == [PushState.failed]


@pytest.mark.parametrize(("answer", "event"), [(status(403), "push_refused"), (status(413), "push_failed")])
async def test_N4_an_operator_is_told_without_a_word_about_the_person(
    database: Database, service: PushService, sender: Sender, settings: Settings, answer: Answer, event: str
) -> None:
    service.answers.append(answer)
    await announce(database, service, "token-of-the-endpoint")
    with structlog.testing.capture_logs() as logs:
        await run_pushes(database, sender, settings)
    assert [(line["event"], line["log_level"]) for line in logs] == [(event, "error")]
    assert UUID(logs[0]["push"])
    assert not any(secret in str(logs) for secret in (NUMBER, NAME, LINK, "token-of-the-endpoint"))

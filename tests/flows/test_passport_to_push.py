"""Flow 2: an applicant follows a passport, turns notifications on, and is told by a real browser when it is ready."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from tests.support.firefox import Firefox
from tests.support.push_service import PushService, Received
from tests.support.ronda import Ronda
from tests.support.waiting import wait_for

NUMBER = "3173000000000001"
NAME = "Contoh Pemohon"
WORDS = ["Paspor siap diambil", "Paspor dapat diambil di kantor imigrasi. Ketuk untuk melihatnya."]
SHOWN = "(await (await navigator.serviceWorker.ready).getNotifications()).map(it => [it.title, it.body])"


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with PushService(trustme.CA()) as service:
        yield service


@pytest.fixture
def ronda(tmp_path: Path, push_service: PushService) -> Iterator[Ronda]:
    authority = tmp_path / "authority.pem"
    push_service.authority.cert_pem.write_to_path(str(authority))
    settings = {"RONDA_PUSH_HOSTS": push_service.host, "RONDA_CA_FILE": str(authority), "RONDA_PUSH_SECONDS": "1"}
    with Ronda(tmp_path, **settings) as installation:
        installation.start_server()
        yield installation


@pytest.fixture
def firefox(push_service: PushService, ronda: Ronda) -> Iterator[Firefox]:
    with Firefox(push_service.websocket) as browser:
        browser.allow_notifications(ronda.origin)
        yield browser


def open_link(firefox: Firefox, ronda: Ronda) -> None:
    """The applicant opens the secret link of a passport in process."""
    link = ronda.run("application", "new", NUMBER, NAME).strip()
    for event in ("attend", "pay", "process"):
        ronda.run("application", "event", NUMBER, event)
    firefox.open(link)
    wait_for(lambda: "Paspor sedang dibuat" in heading(firefox))


def follow(firefox: Firefox, ronda: Ronda) -> None:
    """The applicant turns notifications on with a click, and closes the app."""
    open_link(firefox, ronda)
    firefox.click("button", "Aktifkan pemberitahuan")
    wait_for(lambda: firefox.has("button", "Matikan pemberitahuan"))
    firefox.leave()


def heading(firefox: Firefox) -> str:
    text: str = firefox.run("document.querySelector('h1')?.textContent ?? ''")
    return text


def test_N1_an_applicant_is_told_by_the_browser_and_a_click_opens_the_application(
    firefox: Firefox, ronda: Ronda, push_service: PushService
) -> None:
    """Also N3: what the browser shows came encrypted and bears neither name nor number."""
    follow(firefox, ronda)
    ronda.start_worker()
    assert push_service.received == []

    ronda.run("application", "event", NUMBER, "finish")
    [alert] = wait_for(firefox.alerts)
    wait_for(lambda: firefox.read_alert(alert) == WORDS)
    wait_for(lambda: push_service.acknowledged)
    assert [code for _, code in push_service.acknowledged] == [100]
    assert push_service.refused == []
    [push] = push_service.received
    assert not any(secret in f"{push.headers}".encode() + push.body for secret in (NUMBER.encode(), NAME.encode()))

    firefox.click_alert(alert)
    wait_for(lambda: firefox.go_to(f"{ronda.origin}/paspor/"))
    wait_for(lambda: "Siap diambil" in heading(firefox))
    assert firefox.run(SHOWN) == []


def test_N2_a_worker_killed_between_sending_and_recording_lets_the_phone_show_one(
    firefox: Firefox, ronda: Ronda, push_service: PushService
) -> None:
    """One worker dies, so the push service gets the push twice, and never again; Topic and tag make one of both."""
    follow(firefox, ronda)
    worker = ronda.start_worker()

    async def deliver_then_kill(_: web.Request) -> web.StreamResponse:
        answer = await push_service.deliver(push_service.received[-1])
        os.kill(worker.pid, signal.SIGKILL)
        return answer

    push_service.answers.append(deliver_then_kill)
    ronda.run("application", "event", NUMBER, "finish")
    assert worker.wait(30) == -signal.SIGKILL
    wait_for(lambda: push_service.acknowledged)

    ronda.start_worker()
    wait_for(lambda: "push_accepted" in ronda.log("worker"))
    wait_for(lambda: len(push_service.acknowledged) == 2)
    first, second = push_service.received
    assert topic(first) == topic(second)
    assert first.body != second.body
    firefox.open(f"{ronda.origin}/paspor/")
    assert firefox.run(SHOWN) == [WORDS]
    assert len(firefox.alerts()) == 1


def test_N1_who_asks_to_be_told_on_a_page_that_is_out_of_date_sees_at_once_that_it_is_ready(
    firefox: Firefox, ronda: Ronda
) -> None:
    """Invariant 18: the notification was written before this browser was known, so the page tells."""
    open_link(firefox, ronda)
    ronda.run("application", "event", NUMBER, "finish")
    assert "Paspor sedang dibuat" in heading(firefox)
    firefox.click("button", "Aktifkan pemberitahuan")
    wait_for(lambda: "Siap diambil" in heading(firefox))


def topic(push: Received) -> str:
    return push.headers["Topic"]

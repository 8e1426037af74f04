"""The applicant's app: one application by its secret link, also without a signal, and the push that it is ready."""

import json
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sync.notifications import Kind, payload
from sync.protocol.passports import Locale
from tests.pwa.conftest import City
from tests.support.screens import PHONE, await_worker, errors_of, violations
from tests.support.waiting import wait_for

BOOKED, PROCESSING, READY, ON_HOLD = (f"{number:016}" for number in (101, 103, 104, 105))
STATES = {
    BOOKED: "Terdaftar",
    PROCESSING: "Paspor sedang dibuat",
    READY: "Siap diambil",
    ON_HOLD: "Ditunda",
}
SHOWN = """navigator.serviceWorker.ready
    .then((registration) => registration.getNotifications())
    .then((shown) => shown.map(({ title, body }) => ({ title, body })))"""


def opened(page: Page, city: City, number: str) -> Page:
    page.goto(city.link(number))
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES[number])
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("number", STATES)
def test_each_state_can_be_read_by_everybody(browser: Browser, city: City, number: str, scheme: str) -> None:
    page = browser.new_context(viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light").new_page()
    errors = errors_of(page)
    opened(page, city, number)
    assert violations(page) == []
    assert errors == []
    page.context.close()


def test_P4_the_secret_leaves_the_address_bar_and_opens_the_application_again(page: Page, city: City) -> None:
    opened(page, city, BOOKED)
    assert page.url == f"{city.origin}/paspor/"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES[BOOKED])


def test_a_reason_is_told(page: Page, city: City) -> None:
    expect(opened(page, city, ON_HOLD).get_by_text("Mohon bawa kutipan akta kelahiran asli.")).to_be_visible()


def test_the_timeline_is_there_without_a_signal_and_says_how_old_it_is(page: Page, city: City) -> None:
    opened(page, city, PROCESSING)
    await_worker(page)
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES[PROCESSING])
    expect(page.get_by_text("Ini keadaan terakhir yang diketahui")).to_be_visible()
    assert violations(page) == []


def test_a_wrong_link_is_said_to_be_wrong_and_does_not_displace_the_right_one(page: Page, city: City) -> None:
    opened(page, city, PROCESSING)
    page.goto(f"{city.origin}/paspor/#t={'x' * 22}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tautan tidak berlaku")
    assert violations(page) == []
    page.get_by_role("button", name="Kembali ke permohonan Anda").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES[PROCESSING])


def test_a_link_can_be_pasted_where_it_cannot_be_opened(page: Page, city: City) -> None:
    errors = errors_of(page)
    page.goto(f"{city.origin}/paspor/")
    assert violations(page) == []
    page.get_by_label("Tautan Anda").fill("https://ronda.example/")
    page.get_by_role("button", name="Buka permohonan").click()
    expect(page.get_by_text("Ini bukan tautan permohonan.")).to_be_visible()
    page.get_by_label("Tautan Anda").fill(city.link(BOOKED))
    page.get_by_role("button", name="Buka permohonan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(STATES[BOOKED])
    assert errors == []


def test_english_is_kept_and_told_to_screen_readers(page: Page, city: City) -> None:
    opened(page, city, PROCESSING).get_by_role("button", name="English").click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passport is being made")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_who_denies_notifications_is_told_how_to_allow_them(installable: BrowserContext, city: City) -> None:
    page = opened(installable.new_page(), city, PROCESSING)
    enable = page.get_by_role("button", name="Aktifkan pemberitahuan")
    expect(enable).to_be_visible()
    denied = {"permission": {"name": "notifications"}, "setting": "denied", "origin": city.origin}
    installable.new_cdp_session(page).send("Browser.setPermission", denied)
    enable.click()
    expect(page.get_by_text("Pemberitahuan diblokir")).to_be_visible()
    assert violations(page) == []


def test_the_app_can_be_installed(installable: BrowserContext, city: City) -> None:
    page = installable.new_page()
    page.goto(f"{city.origin}/paspor/")
    await_worker(page)
    devtools = installable.new_cdp_session(page)
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_N3_a_push_is_shown_by_the_service_worker(installable: BrowserContext, city: City) -> None:
    installable.grant_permissions(["notifications"], origin=city.origin)
    page = installable.new_page()
    await_worker(opened(page, city, PROCESSING))
    registrations: list[str] = []
    devtools = installable.new_cdp_session(page)
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(it["registrationId"] for it in event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    wait_for(lambda: page.title() and registrations)
    message = payload(Kind.ready, UUID(int=1), Locale.id, city.origin).decode()
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": city.origin, "registrationId": registrations[0], "data": message},
    )
    shown = wait_for(lambda: page.evaluate(SHOWN))
    words = json.loads(message)["notification"]
    assert shown == [{"title": words["title"], "body": words["body"]}]

"""The officer's app on a phone's screen: every view readable by everybody, installable, and never sending twice."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.pwa.conftest import City
from tests.support.phone import capture, enrol, outcomes, send_now
from tests.support.screens import PHONE, errors_of, violations
from tests.support.waiting import wait_for

RT_HEAD = "Budi"
RW_HEAD = "Wati"


def link(city: City, officer: str) -> str:
    return city.run("enrol", officer, "--no-qr").strip().partition(": ")[2]


@pytest.fixture(params=["light", "dark"])
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, color_scheme=request.param, locale="id-ID")
    yield context.new_page()
    context.close()


def test_each_view_can_be_read_by_everybody(screen: Page, city: City) -> None:
    errors = errors_of(screen)
    address = link(city, RT_HEAD)
    screen.goto(address)
    expect(screen.get_by_role("heading", level=1)).to_have_text("Daftarkan HP ini")
    assert violations(screen) == []
    enrol(screen, address)
    assert violations(screen) == []
    screen.get_by_role("button", name="Laporkan orang asing").click()
    screen.get_by_role("button", name="Simpan laporan").click()
    expect(screen.get_by_role("alert")).to_contain_text("Tulis namanya.")
    assert violations(screen) == []
    screen.goto(f"{city.origin}/petugas/#/")
    capture(screen, "Tidak dapat menunjukkan dokumen", full_name="Maria Contoh", reason="Hilang")
    assert violations(screen) == []
    screen.get_by_role("link", name="Maria Contoh").first.click()
    expect(screen.get_by_role("heading", level=1)).to_have_text("Maria Contoh")
    assert violations(screen) == []
    for path, heading in [("laporan", "Laporan saya"), ("tidak-diterima", "Data yang tidak diterima")]:
        screen.goto(f"{city.origin}/petugas/#/{path}")
        expect(screen.get_by_role("heading", level=1)).to_have_text(heading)
        assert violations(screen) == []
    assert errors == []


def test_an_RW_head_files_a_nil_for_all_RTs_not_heard_of(screen: Page, city: City) -> None:
    enrol(screen, link(city, RW_HEAD))
    nil = screen.get_by_role("button", name="Nihil untuk")
    if nil.is_visible():
        nil.click()
        assert violations(screen) == []
        screen.get_by_role("button", name="Laporkan nihil untuk").click()
    expect(nil).to_have_count(0)
    send_now(screen)
    screen.get_by_text("Lihat per RT").click()
    expect(screen.get_by_text("Sudah lapor: nihil").first).to_be_visible()
    assert violations(screen) == []


def test_the_app_can_be_installed(installable: BrowserContext, city: City) -> None:
    page = installable.pages[0]
    page.goto(f"{city.origin}/petugas/")
    wait_for(lambda: page.evaluate("navigator.serviceWorker.ready.then(() => true)"))
    devtools = installable.new_cdp_session(page)
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_what_is_being_typed_is_found_again_without_a_signal(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    page.context.set_offline(True)
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.locator("[name=full_name]").fill("  Setengah Contoh")
    page.locator("[name=nationality]").fill("Atlan")
    expect(page.get_by_text("Tersimpan sebagai draf")).to_be_visible()
    page.reload()
    expect(page.locator("[name=full_name]")).to_have_value("  Setengah Contoh")
    expect(page.locator("[name=nationality]")).to_have_value("Atlan")
    page.goto(f"{city.origin}/petugas/#/")
    expect(page.get_by_role("link", name="Setengah Contoh")).to_be_visible()


def test_M5_two_tabs_send_once(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    other = page.context.new_page()
    other.goto(f"{city.origin}/petugas/")
    page.context.set_offline(True)
    for number, tab in enumerate((page, other)):
        capture(tab, "Tidak dapat menunjukkan dokumen", full_name=f"Tab Contoh {number}", reason="Hilang")
    page.context.set_offline(False)
    for tab in (page, other):
        send_now(tab)
    assert outcomes(page) == [["report", "acknowledged", "applied"]] * 2


def test_M2_what_was_not_accepted_is_told_and_can_be_reported_again(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    refuse = {"outcome": "quarantined", "code": "area_out_of_scope", "version": 0}

    def refused(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        outcomes = [{**outcome, **refuse} for outcome in body["outcomes"]]
        route.fulfill(response=answer, json={**body, "outcomes": outcomes, "changes": []})

    page.route("**/api/exchange", refused)
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Ditolak Contoh", reason="Hilang")
    page.get_by_role("link", name="1 data tidak diterima").click()
    expect(page.get_by_text("RT ini bukan wilayah Anda ketika data ditulis.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Laporkan ulang").click()
    expect(page.locator("[name=full_name]")).to_have_value("Ditolak Contoh")

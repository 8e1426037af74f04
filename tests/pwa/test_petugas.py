"""The officer's app on a phone's screen: every view readable by everybody, installable, and never sending twice."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.pwa.conftest import City
from tests.support.phone import capture, enrol, outcomes, send_now
from tests.support.screens import PHONE, errors_of, violations
from tests.support.waiting import wait_for

RT_HEAD = "Budi"
RW_HEAD = "Wati"

# The phone believes that it reports for an RT which is not its officer's.
OTHER_AREA = """() => new Promise((resolve) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onsuccess = () => {
        const store = opening.result.transaction("meta", "readwrite").objectStore("meta");
        const reading = store.get("phone");
        reading.onsuccess = () => {
            reading.result.scope.areas[0].area_id = "0190b5a0-0000-7000-8000-000000000009";
            store.put(reading.result).onsuccess = () => (opening.result.close(), resolve());
        };
    };
})"""

FULL_DISK = """(writes) => {
    for (const write of writes)
        IDBObjectStore.prototype[write] = () => { throw new DOMException("full", "QuotaExceededError"); };
}"""


def link(city: City, officer: str) -> str:
    return city.run("enrol", officer, "--no-qr").strip().partition(": ")[2]


def is_target(link: Locator) -> bool:
    """Whether a thumb hits it: 48 px at least."""
    expect(link).to_be_visible()
    box = link.bounding_box()
    return box is not None and box["height"] >= 48


def readable_in_all_lights(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []


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


def test_an_RW_head_files_a_nil_for_all_RTs_not_heard_of(page: Page, city: City) -> None:
    enrol(page, link(city, RW_HEAD))
    nil = page.get_by_role("button", name="Nihil untuk")
    nil.click()
    readable_in_all_lights(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Laporkan nihil untuk").click()
    expect(nil).to_have_count(0)
    page.get_by_text("Lihat per RT").click()
    expect(page.locator("li .status.wait", has_text="Tersimpan di HP, menunggu dikirim").first).to_be_visible()
    expect(page.get_by_text("Sudah lapor: nihil")).to_have_count(0)
    readable_in_all_lights(page)
    page.context.set_offline(False)
    send_now(page)
    expect(page.locator("li .status.done", has_text="Sudah lapor: nihil").first).to_be_visible()
    readable_in_all_lights(page)


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
    assert is_target(page.get_by_role("link", name="Setengah Contoh"))


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


def test_M12_what_was_not_accepted_is_told_and_can_be_reported_again(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    page.evaluate(OTHER_AREA)
    page.reload()
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Ditolak Contoh", reason="Hilang")
    send_now(page)
    page.get_by_role("link", name="Ditolak Contoh").click()
    assert is_target(page.get_by_role("link", name="Lihat mengapa tidak diterima"))
    page.get_by_role("link", name="Kembali").click()
    refused = page.get_by_role("link", name="1 data tidak diterima")
    assert is_target(refused)
    refused.click()
    expect(page.get_by_text("RT ini bukan wilayah Anda ketika data ditulis.")).to_be_visible()
    assert outcomes(page) == [["report", "quarantined", "quarantined"]]
    assert violations(page) == []
    page.get_by_role("button", name="Laporkan ulang").click()
    expect(page.locator("[name=full_name]")).to_have_value("Ditolak Contoh")


def test_M4_what_cannot_be_written_is_not_taken_for_saved(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    page.evaluate(FULL_DISK, ["add"])
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.get_by_label("Paspor", exact=True).check()
    page.locator("[name=full_name]").fill("Penuh Contoh")
    page.locator("[name=number]").fill("X1")
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("alert")).to_contain_text("Belum tersimpan.")
    expect(page.locator("[name=full_name]")).to_have_value("Penuh Contoh")
    assert outcomes(page) == []


def test_a_draft_that_cannot_be_written_or_deleted_is_not_taken_for_kept_or_gone(page: Page, city: City) -> None:
    errors = errors_of(page)
    enrol(page, link(city, RT_HEAD))
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.locator("[name=full_name]").fill("Draf Contoh")
    kept = page.get_by_text("Tersimpan sebagai draf")
    expect(kept).to_be_visible()
    page.evaluate(FULL_DISK, ["put", "delete"])
    page.locator("[name=full_name]").fill("Draf Contoh Panjang")
    expect(page.get_by_text("Belum tersimpan.")).to_be_visible()
    expect(kept).to_have_count(0)
    page.get_by_role("link", name="Kembali").click()
    page.get_by_role("button", name="Hapus draf").click()
    page.get_by_role("button", name="Ya, hapus draf").click()
    expect(page.get_by_text("Belum tersimpan.")).to_be_visible()
    expect(page.get_by_role("link", name="Draf Contoh", exact=True)).to_be_visible()
    assert errors == []


def test_M19_enrolling_can_be_tried_again_when_the_phone_could_not_write_it(page: Page, city: City) -> None:
    page.goto(link(city, RT_HEAD))
    page.evaluate(FULL_DISK, ["put", "add"])
    action = page.get_by_role("button", name="Daftarkan HP ini")
    action.click()
    expect(page.get_by_text("Belum tersimpan.")).to_be_visible()
    expect(action).to_be_enabled()


def test_M5_the_browser_sends_by_itself_when_the_app_is_closed(browser: Browser, page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    page.context.set_offline(True)
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Tertutup Contoh", reason="Hilang")
    elsewhere = page.context.new_page()
    page.close()
    page.context.set_offline(False)
    find_a_signal(elsewhere, city)
    another = browser.new_context(viewport=PHONE)
    enrol(another.new_page(), link(city, RT_HEAD))
    another.pages[0].goto(f"{city.origin}/petugas/#/laporan")
    expect(another.pages[0].get_by_role("link", name="Tertutup Contoh")).to_be_visible()
    another.close()


def find_a_signal(page: Page, city: City) -> None:
    """Let the browser do the Background Sync now that it would do at its leisure, and wait for its end (SPEC W7)."""
    devtools = page.context.new_cdp_session(page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(it["registrationId"] for it in event["registrations"] if not it["isDeleted"]),
    )
    devtools.send("ServiceWorker.enable")

    def registrations() -> list[str]:
        page.wait_for_timeout(50)
        return found

    wait_for(registrations)
    sync = {"origin": city.origin, "registrationId": found[0], "tag": "exchange", "lastChance": False}
    with page.context.expect_event("response", lambda answer: answer.url.endswith("/api/exchange"), timeout=90_000):
        devtools.send("ServiceWorker.dispatchSyncEvent", sync)

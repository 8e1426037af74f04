"""What the officer's app answers to a tap: what is saved, what is not, and what must be mended first."""

from playwright.sync_api import Page, expect

from tests.pwa.conftest import City
from tests.support.phone import capture, enrol, outcomes, send_now
from tests.support.screens import violations
from tests.support.waiting import wait_for

OFFICER = "Budi"

# The time of the next window has come: all that this phone knows was captured in an earlier one.
IN_AN_EARLIER_WINDOW = """() => new Promise((resolve) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onsuccess = () => {
        const records = opening.result.transaction("records", "readwrite").objectStore("records");
        const reading = records.getAll();
        const earlier = { window: "2020-01-01/pagi", heard: "" };
        reading.onsuccess = () => reading.result.forEach((row) => records.put({ ...row, ...earlier }));
        records.transaction.oncomplete = () => (opening.result.close(), resolve());
    };
})"""

SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"


def link(city: City) -> str:
    return city.run("enrol", OFFICER, "--no-qr").strip().partition(": ")[2]


def test_W6_one_tap_says_no_change_where_foreigners_stay_on(page: Page, city: City) -> None:
    enrol(page, link(city))
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Menginap Contoh", reason="Hilang")
    send_now(page)
    wait_for(lambda: outcomes(page) == [["report", "acknowledged", "applied"]])
    page.evaluate(IN_AN_EARLIER_WINDOW)
    page.reload()
    page.get_by_role("button", name="orang asing masih menginap").click()
    expect(page.get_by_text("Laporan untuk jadwal ini tersimpan di HP.")).to_be_visible()
    expect(page.get_by_text("Sudah lapor: tidak ada perubahan")).to_be_visible()
    assert violations(page) == []


def test_what_was_saved_is_told_on_the_page_that_follows_and_no_longer(page: Page, city: City) -> None:
    enrol(page, link(city))
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Disimpan Contoh", reason="Hilang")
    told = page.get_by_role("status").filter(has_text="tersimpan di HP.")
    expect(told).to_have_text("Laporan Disimpan Contoh tersimpan di HP.")
    page.get_by_role("link", name="Disimpan Contoh").click()
    expect(told).to_have_count(0)
    page.get_by_role("button", name="Lapor pergi").click()
    page.get_by_role("button", name="Simpan lapor pergi").click()
    expect(told).to_have_text("Lapor pergi Disimpan Contoh tersimpan di HP.")
    page.get_by_text("Hapus laporan ini").click()
    page.get_by_role("button", name="Ya, hapus").click()
    expect(told).to_have_text("Penghapusan laporan Disimpan Contoh tersimpan di HP.")


def test_what_must_be_mended_is_in_sight_and_has_the_focus(page: Page, city: City) -> None:
    enrol(page, link(city))
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.get_by_label("Paspor", exact=True).check()
    for name, value in {"full_name": "Tahun Contoh", "number": "X1", "birth_year": "90"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.locator("[name=birth_year]")).to_be_focused()
    expect(page.locator("fieldset").get_by_text("Tulis tahun dengan 4 angka")).to_be_in_viewport(ratio=1)
    page.locator("[name=birth_year]").fill("1990")
    page.locator("[name=departure]").fill("2099-01-01")
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.locator("[name=departure]")).to_be_focused()
    expect(page.locator("form").get_by_text("Paling jauh besok.")).to_be_in_viewport(ratio=1)


def test_drafts_that_wait_are_told_beside_what_was_sent(page: Page, city: City) -> None:
    enrol(page, link(city))
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Diubah Contoh", reason="Hilang")
    page.get_by_role("link", name="Diubah Contoh").click()
    page.get_by_role("button", name="Ubah laporan").click()
    page.locator("[name=note]").fill("kamar 2")
    expect(page.get_by_text("Tersimpan sebagai draf")).to_be_visible()
    page.get_by_role("link", name="Kembali").click()
    expect(page.get_by_role("link", name="Perubahan belum disimpan")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Kembali").click()
    page.get_by_role("link", name="1 draf belum disimpan").click()
    expect(page.locator("[name=note]")).to_have_value("kamar 2")


def test_M19_a_link_leads_an_enrolled_phone_to_its_reports(page: Page, city: City) -> None:
    address = link(city)
    enrol(page, address)
    page.goto("about:blank")
    page.goto(address)
    reports = page.get_by_role("heading", name="Laporan saya")
    expect(reports).to_be_visible()
    page.goto(link(city))
    page.get_by_role("button", name="Buka laporan saya").click()
    expect(reports).to_be_visible()


def test_large_letters_need_no_scrolling_sideways(page: Page, city: City) -> None:
    enrol(page, link(city))
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.get_by_label("Paspor", exact=True).check()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(SIDEWAYS) == 0
    page.locator("[name=full_name]").scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="Simpan laporan")).not_to_be_in_viewport()

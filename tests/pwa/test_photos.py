"""Photos on the officer's phone: taken without a signal, kept through a restart, sent once, seen by another phone."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, expect

from tests.pwa.conftest import City
from tests.pwa.test_petugas import link, readable_in_all_lights
from tests.support.phone import Phone, enrol
from tests.support.pictures import PLACE, picture, shown, with_gps
from tests.support.screens import PHONE, errors_of
from tests.support.waiting import wait_for

RT_HEAD = "Budi"
RW_HEAD = "Wati"

PHOTOS = """() => new Promise((resolve) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onsuccess = () => {
        const rows = opening.result.transaction("photos").objectStore("photos").getAll();
        rows.onsuccess = () => {
            opening.result.close();
            const view = (row) => ({...row, bytes: Array.from(new Uint8Array(row.bytes))});
            resolve(rows.result.map(view));
        };
    };
})"""


def photos(page: Page) -> list[dict[str, Any]]:
    """The photos that a phone holds, with their bytes."""
    found: list[dict[str, Any]] = page.evaluate(PHOTOS)
    return [row | {"bytes": bytes(row["bytes"])} for row in found]


def begin(page: Page, name: str) -> None:
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.locator("[name=full_name]").fill(name)
    area = page.locator("[name=area]")
    if area.count():
        area.select_option(index=1)
    page.get_by_label("Tidak dapat menunjukkan dokumen", exact=True).check()
    page.locator("[name=reason]").select_option(label="Hilang")


def take(page: Page, content: bytes, name: str = "IMG_0001.jpg") -> None:
    file: Any = {"name": name, "mimeType": "image/jpeg", "buffer": content}
    camera = page.get_by_label("Ambil foto dokumen")
    expect(camera).to_be_enabled()
    camera.set_input_files(files=[file])


def save(page: Page) -> None:
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("heading", name="Laporan saya")).to_be_visible()


def test_F1_F2_a_photo_taken_without_a_signal_arrives_once_and_another_phone_sees_it(
    playwright: Playwright, browser: Browser, city: City, tmp_path: Path
) -> None:
    with Phone(playwright, tmp_path) as phone:
        enrol(phone.page, link(city, RW_HEAD))
        phone.page.context.set_offline(True)
        begin(phone.page, "Foto Contoh")
        take(phone.page, with_gps(2400, 1800))
        expect(phone.page.get_by_role("img", name="Foto 1")).to_be_visible()
        save(phone.page)
        expect(phone.page.get_by_text("1 foto menunggu dikirim")).to_be_visible()
        [kept] = photos(phone.page)
        assert PLACE.encode() not in kept["bytes"]
        image = shown(kept["bytes"])
        assert not image.getexif()
        assert (image.format, image.size) == ("WEBP", (1200, 1600))

        phone.kill()
        phone.start()
        phone.page.goto(f"{city.origin}/petugas/")
        expect(phone.page.get_by_text("Semua sudah terkirim")).to_be_visible(timeout=20_000)
        wait_for(lambda: [row["state"] for row in photos(phone.page)] == ["sent"])
        phone.page.get_by_role("link", name="Foto Contoh").click()
        expect(phone.page.locator(".status.done", has_text="Terkirim").last).to_be_visible()

    context = browser.new_context(viewport=PHONE, locale="id-ID")
    other = context.new_page()
    enrol(other, link(city, RW_HEAD))
    other.get_by_role("link", name="Foto Contoh").click()
    other.get_by_role("button", name="Tampilkan foto 1").click()
    expect(other.get_by_role("img", name="Foto 1")).to_be_visible()
    [fetched] = photos(other)
    assert (fetched["sha256"], fetched["state"]) == (kept["sha256"], "shown")
    assert shown(fetched["bytes"]).size == (1200, 1600)
    context.close()


def test_F1_a_photo_stays_with_the_draft_and_can_be_taken_back(page: Page, city: City) -> None:
    errors = errors_of(page)
    enrol(page, link(city, RT_HEAD))
    begin(page, "Draf Contoh")
    take(page, picture(seed=20))
    take(page, picture(seed=30))
    expect(page.get_by_role("img")).to_have_count(2)
    page.reload()
    expect(page.get_by_role("img")).to_have_count(2)
    page.get_by_role("button", name="Perbesar foto 1").click()
    readable_in_all_lights(page)
    page.get_by_role("button", name="Hapus foto 1").click()
    expect(page.get_by_role("img")).to_have_count(1)
    save(page)
    expect(page.get_by_text("Semua sudah terkirim")).to_be_visible()
    wait_for(lambda: [row["state"] for row in photos(page)] == ["sent"])
    page.get_by_role("link", name="Draf Contoh").click()
    expect(page.get_by_role("img", name="Foto 1")).to_be_visible()
    readable_in_all_lights(page)
    assert errors == []


def test_F3_what_is_no_picture_is_told_at_once(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    begin(page, "Bukan Foto Contoh")
    take(page, b"%PDF-1.7", "../../paspor.pdf")
    expect(page.get_by_role("alert")).to_contain_text("bukan foto")
    assert photos(page) == []
    take(page, picture(seed=40))
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("img")).to_have_count(1)


REFUSED = '{"type":"about:blank","title":"","status":422,"code":"photo_unreadable","detail":""}'


def test_F3_a_refused_photo_says_why_and_stays(page: Page, city: City) -> None:
    enrol(page, link(city, RT_HEAD))
    page.context.route(
        "**/api/photos/*",
        lambda route: (
            route.fulfill(status=422, content_type="application/problem+json", body=REFUSED)
            if route.request.method == "PUT"
            else route.continue_()
        ),
    )
    begin(page, "Ditolak Contoh")
    take(page, picture(seed=50))
    save(page)
    page.get_by_role("link", name="1 foto tidak diterima").click()
    expect(page.get_by_text("Server tidak dapat membacanya.")).to_be_visible()
    readable_in_all_lights(page)
    page.get_by_role("button", name="Sudah saya baca").click()
    expect(page.get_by_role("img", name="Foto 1")).to_be_visible()
    page.goto(f"{city.origin}/petugas/#/")
    expect(page.get_by_text("Semua sudah terkirim")).to_be_visible()
    expect(page.get_by_text("1 foto tidak diterima")).to_have_count(0)

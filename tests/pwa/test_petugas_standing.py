"""What others decide of an officer's phone and data: revoked, decided, hidden, reported already (SPEC D1-D3, M14)."""

from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, Page, Playwright, expect

from tests.pwa.conftest import City
from tests.support.phone import capture, enrol, outcomes, send_now
from tests.support.screens import PHONE, violations
from tests.support.waiting import wait_for

OFFICER = "Budi"

# What the phone knows of itself, and how a test changes it.
ROW = """(change) => new Promise((resolve) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onsuccess = () => {
        const store = opening.result.transaction("meta", "readwrite").objectStore("meta");
        const reading = store.get("phone");
        reading.onsuccess = () => {
            const row = { ...reading.result, ...change };
            store.put(row).onsuccess = () => (opening.result.close(), resolve(row));
        };
    };
})"""

# How many rows each store has that could hold something of a person.
LEFT = """() => new Promise((resolve) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onsuccess = () => {
        const names = [...opening.result.objectStoreNames].filter((name) => name !== "meta");
        const all = opening.result.transaction(names);
        const counts = names.map((name) => all.objectStore(name).count());
        all.oncomplete = () => (opening.result.close(), resolve(counts.map((count) => count.result)));
    };
})"""


def link(city: City) -> str:
    return city.run("enrol", OFFICER, "--no-qr").strip().partition(": ")[2]


def readable_in_all_lights(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []


def row(page: Page, **change: Any) -> Any:
    return page.evaluate(ROW, change)


def without_papers(page: Page, name: str) -> None:
    capture(page, "Tidak dapat menunjukkan dokumen", full_name=name, reason="Hilang")


def test_D1_D2_a_revoked_phone_hands_in_what_it_has_and_keeps_nothing(page: Page, city: City) -> None:
    enrol(page, link(city))
    page.context.set_offline(True)
    without_papers(page, "Titipan Contoh")
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.locator("[name=full_name]").fill("Setengah Contoh")
    expect(page.get_by_text("Tersimpan sebagai draf")).to_be_visible()
    city.run("devices", "revoke", row(page)["device_id"])
    page.context.set_offline(False)
    page.goto(f"{city.origin}/petugas/#/")
    row(page, not_before=0)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("HP ini tidak lagi terdaftar")
    expect(page.get_by_text("sudah diserahkan ke kelurahan")).to_be_visible(timeout=20_000)
    wait_for(lambda: row(page)["leaving"] == "heard")
    assert set(page.evaluate(LEFT)) == {0}
    readable_in_all_lights(page)
    page.get_by_role("button", name="Daftarkan HP ini").click()
    expect(page.get_by_label("Kode pendaftaran")).to_be_visible()
    enrol(page, link(city))
    expect(page.get_by_role("link", name="Titipan Contoh")).to_have_count(0)


def test_M14_what_was_decided_is_told_at_the_report_until_it_was_read(
    playwright: Playwright, browser: Browser, page: Page, city: City
) -> None:
    enrol(page, link(city))
    without_papers(page, "Beda Contoh")
    send_now(page)
    other = browser.new_context(viewport=PHONE, locale="id-ID").new_page()
    enrol(other, link(city))
    edit(other, "Beda Contoh", "Beda Satu")
    send_now(other)
    page.context.set_offline(True)
    edit(page, "Beda Contoh", "Beda Dua")
    page.context.set_offline(False)
    send_now(page)
    expect(page.get_by_text("Data berbeda")).to_be_visible()
    keep_the_servers(playwright, city, "Beda Dua")
    wait_for(lambda: fetched(page))
    page.get_by_role("link", name="Kelurahan sudah memutuskan").click()
    expect(page.get_by_role("heading", name="Keputusan kelurahan")).to_be_visible()
    expect(page.locator("section", has_text="Tidak dipakai dari yang Anda tulis")).to_contain_text("Beda Dua")
    readable_in_all_lights(page)
    page.get_by_role("button", name="Sudah saya baca").click()
    expect(page.get_by_role("heading", name="Keputusan kelurahan")).to_have_count(0)
    other.context.close()


def edit(page: Page, name: str, becomes: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Ubah laporan").click()
    page.locator("[name=full_name]").fill(becomes)
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(becomes)
    page.get_by_role("link", name="Kembali").click()


def fetched(page: Page) -> bool:
    """The phone has asked the server, as it does by itself, and knows of a decision."""
    row(page, exchanged_at=0)
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(200)
    return page.get_by_role("link", name="Kelurahan sudah memutuskan").count() > 0


def keep_the_servers(playwright: Playwright, city: City, wrote: str) -> None:
    """Decide, as the lurah, that the phone's values do not stand in the report whose name it would have changed."""
    desk = playwright.request.new_context(base_url=city.origin, extra_http_headers={"Origin": city.origin})
    desk.post("/api/session", data={"username": "lurah", "password": city.keys.password("lurah")})
    [conflict] = [it for it in desk.get("/api/conflicts").json() if it["phone"]["identity"]["full_name"] == wrote]
    decision = {
        "kind": "resolve",
        "mutation_id": str(uuid4()),
        "record_id": conflict["record_id"],
        "area_id": conflict["area"]["area_id"],
        "captured_at": conflict["opened_at"],
        "seen_version": conflict["server_version"],
        "conflict_ids": [conflict["conflict_id"]],
        "changes": {"identity": conflict["server"]["identity"]},
    }
    assert desk.post("/api/resolutions", data=decision).json()["outcome"] == "applied"
    desk.dispose()


def test_D3_when_the_lease_ends_the_list_is_hidden_and_comes_back_with_a_signal(page: Page, city: City) -> None:
    enrol(page, link(city))
    without_papers(page, "Sewa Contoh")
    send_now(page)
    page.context.set_offline(True)
    row(page, lease_until=1)
    page.reload()
    expect(page.get_by_text("Daftar laporan disembunyikan")).to_be_visible()
    expect(page.get_by_role("link", name="Sewa Contoh")).to_have_count(0)
    expect(page.get_by_text("Belum ada laporan")).to_be_hidden()
    readable_in_all_lights(page)
    page.goto(f"{city.origin}/petugas/#/laporan")
    expect(page.get_by_text("Daftar laporan disembunyikan")).to_be_visible()
    expect(page.get_by_text("Belum ada laporan")).to_be_hidden()
    page.get_by_role("link", name="Kembali").click()
    without_papers(page, "Tetap Contoh")
    expect(page.get_by_role("link", name="Tetap Contoh")).to_be_visible()
    page.context.set_offline(False)
    send_now(page)
    expect(page.get_by_role("link", name="Sewa Contoh")).to_be_visible()
    expect(page.get_by_text("Daftar laporan disembunyikan")).to_have_count(0)


def test_who_was_perhaps_reported_already_is_offered_and_nothing_is_held_back(page: Page, city: City) -> None:
    enrol(page, link(city))
    for name in ("Ganda Contoh", "CONTOH Ganda"):
        page.get_by_role("button", name="Laporkan orang asing").click()
        page.get_by_label("Paspor", exact=True).check()
        page.locator("[name=full_name]").fill(name)
        page.locator("[name=number]").fill("zz 998877")
        page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("heading", name="Orang ini mungkin sudah dilaporkan")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Ganda Contoh")).to_be_visible()
    readable_in_all_lights(page)
    page.get_by_role("button", name="Tetap laporkan").click()
    expect(page.get_by_role("link", name="CONTOH Ganda")).to_be_visible()
    send_now(page)
    assert outcomes(page) == [["report", "acknowledged", "applied"]] * 2

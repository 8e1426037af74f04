"""The officers' phones at the desk: a code for a new one, and a revocation that says what happens (SPEC D1, D4)."""

import os

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pwa.conftest import City
from tests.pwa.test_kantor import go_to, sign_in
from tests.support.phone import enrol
from tests.support.screens import DESK, PHONE, errors_of, violations


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_D1_D4_a_lurah_makes_a_code_for_a_phone_and_revokes_it(browser: Browser, city: City, scheme: str) -> None:
    desk = browser.new_context(viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light", locale="id-ID")
    page = desk.new_page()
    errors = errors_of(page)
    sign_in(page, city, "lurah")
    go_to(page, "HP petugas")
    page.get_by_label("Cari nama petugas").fill("sri")
    officer = page.get_by_role("article")
    expect(officer).to_have_count(1)
    expect(officer.get_by_text("RT 002/RW 001, Cengkareng Barat, Cengkareng")).to_be_visible()
    officer.get_by_role("button", name="Kode untuk HP baru").click()
    expect(officer.get_by_alt_text("Kode QR untuk HP baru Sri Contoh")).to_be_visible()
    assert page.evaluate("document.querySelector('figure img').naturalWidth") > 100
    assert violations(page) == []
    code = officer.locator("figcaption p").first.inner_text()

    phone = browser.new_context(viewport=PHONE, locale="id-ID")
    enrol(phone.new_page(), f"{city.origin}/petugas/#kode={code}")
    page.reload()
    page.get_by_label("Cari nama petugas").fill("sri")
    officer.get_by_role("button", name="Cabut HP ini").first.click()
    expect(officer.get_by_text("menyerahkan dulu data yang belum terkirim")).to_be_visible()
    assert violations(page) == []
    if shots := os.environ.get("SCOPE_SHOTS"):
        page.screenshot(path=f"{shots}/phones-{scheme}.png", full_page=True)
    officer.get_by_role("button", name="Batal").click()
    expect(officer.get_by_text("Aktif")).to_have_count(1)
    officer.get_by_role("button", name="Cabut HP ini").first.click()
    officer.get_by_role("button", name="Ya, cabut HP ini").click()
    expect(officer.get_by_text("HP sudah dicabut.")).to_be_visible()
    expect(officer.get_by_text("Dicabut, menunggu HP menyerahkan data").first).to_be_visible()
    expect(officer.get_by_text("Aktif")).to_have_count(0)
    assert violations(page) == []
    assert errors == []
    phone.close()
    desk.close()


def test_D4_who_has_no_officers_of_that_name_is_told_so(browser: Browser, city: City) -> None:
    context = browser.new_context(viewport=DESK, locale="id-ID")
    page: Page = context.new_page()
    sign_in(page, city, "admin")
    go_to(page, "HP petugas")
    expect(page.get_by_role("article")).to_have_count(3)
    page.get_by_label("Cari nama petugas").fill("tidak ada")
    expect(page.get_by_text("Tidak ada petugas yang cocok.")).to_be_visible()
    assert violations(page) == []
    context.close()

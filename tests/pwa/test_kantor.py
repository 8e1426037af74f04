"""The console: sign-in, the day's windows, batches, differing data, the counter."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pwa.conftest import City
from tests.support.screens import DESK, PHONE, errors_of, violations

ATTENDED = "0000000000000102"
DECISIONS = ["Data berbeda", "Data yang ditahan", "Data ganda", "HP petugas"]
VIEWS = ["Hari ini", "Berkas laporan", *DECISIONS, "Loket paspor"]


@pytest.fixture(params=["phone, light", "phone, dark", "desk, light", "desk, dark"])
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    size, scheme = request.param.split(", ")
    context = browser.new_context(viewport=PHONE if size == "phone" else DESK, color_scheme=scheme)
    yield context.new_page()
    context.close()


def sign_in(page: Page, city: City, username: str) -> Page:
    page.goto(f"{city.origin}/kantor/")
    page.get_by_label("Nama pengguna").fill(username)
    page.get_by_label("Kata sandi").fill(city.keys.password(username))
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hari ini")
    return page


def go_to(page: Page, view: str) -> None:
    page.get_by_role("link", name=view).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(view)
    expect(page.get_by_text("Memuat…")).to_have_count(0)


def test_each_view_can_be_read_by_everybody(screen: Page, city: City) -> None:
    errors = errors_of(screen)
    screen.goto(f"{city.origin}/kantor/")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Masuk")
    assert violations(screen) == []
    sign_in(screen, city, "admin")
    for view in VIEWS:
        go_to(screen, view)
        assert violations(screen) == [], view
    assert errors == []


def test_a_wrong_password_is_refused_in_plain_words(page: Page, city: City) -> None:
    page.goto(f"{city.origin}/kantor/")
    page.get_by_label("Nama pengguna").fill("admin")
    page.get_by_label("Kata sandi").fill("bukan ini")
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("alert")).to_contain_text("Nama pengguna atau kata sandi salah.")
    assert violations(page) == []


def test_a_session_outlasts_a_reload_and_ends_with_the_sign_out(page: Page, city: City) -> None:
    sign_in(page, city, "lurah").reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hari ini")
    page.get_by_role("button", name="Keluar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Masuk")


def test_a_session_that_the_server_ended_leads_back_to_the_sign_in(page: Page, city: City) -> None:
    sign_in(page, city, "admin").context.clear_cookies()
    page.get_by_role("link", name="Berkas laporan").click()
    expect(page.get_by_text("Sesi Anda sudah berakhir.")).to_be_visible()


def test_the_day_has_its_three_windows_with_all_RTs_of_the_area(page: Page, city: City) -> None:
    sign_in(page, city, "admin")
    for name in ("Pagi", "Siang", "Malam"):
        expect(page.get_by_role("heading", name=name).first).to_be_visible()
    windows = page.get_by_role("heading", level=2)
    expect(page.get_by_text("dari 6.403 RT sudah lapor")).to_have_count(windows.count())


def test_a_lurah_has_nothing_of_the_whole_city(page: Page, city: City) -> None:
    sign_in(page, city, "lurah")
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["Hari ini", *DECISIONS])
    page.goto(f"{city.origin}/kantor/#/loket")
    expect(page.get_by_role("heading", level=1)).to_have_text("Halaman tidak ditemukan")


def test_P2_the_counter_takes_an_application_over_its_payment_to_its_processing(page: Page, city: City) -> None:
    sign_in(page, city, "imigrasi")
    go_to(page, "Loket paspor")
    page.get_by_label("Cari nomor permohonan atau nama").fill(ATTENDED[-4:])
    for event in ("Catat pembayaran", "Mulai proses"):
        page.get_by_role("button", name=event).click()
        page.get_by_role("button", name=f"Ya, {event.lower()}").click()
        expect(page.get_by_role("button", name=event)).to_have_count(0)
    expect(page.get_by_text("Diproses")).to_be_visible()
    page.get_by_role("button", name="Tolak").click()
    page.get_by_role("button", name="Ya, tolak").click()
    expect(page.get_by_text("Tulis alasannya.")).to_be_visible()
    assert violations(page) == []

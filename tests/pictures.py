"""Takes the two pictures of README.md, of the real apps and the demo's city: `.venv/bin/python -m tests.pictures`."""

import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from server.demo.keys import load_or_create
from tests.browsers import chromium
from tests.support.phone import capture, enrol, send_now
from tests.support.receivers import SmtpReceiver
from tests.support.ronda import ROOT, Ronda
from tests.support.screens import CHROMIUM_ARGS, PHONE
from tests.support.waiting import wait_for

PICTURES: Final = ROOT / "pwa" / "pictures"
DESK: Final[Any] = {"width": 1240, "height": 560}


def main() -> None:
    """Fill a city, seal one of its windows, and take both pictures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SmtpReceiver() as smtp,
        Ronda(Path(folder), RONDA_DESTINATIONS=mailboxes(), RONDA_SMTP_URL=smtp.url) as ronda,
        sync_playwright() as playwright,
    ):
        ronda.run("seed")
        ronda.start_server()
        ronda.start_worker()
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        report_for_a_whole_rw(browser, ronda)
        officer = report_persons(browser, ronda)
        ronda.run("seal", "--now")
        wait_for(lambda: len(smtp.mails) == 2)
        officer.reload()
        officer.get_by_text("Dalam berkas").nth(1).wait_for()
        leave_one_waiting(officer)
        officer.screenshot(path=PICTURES / "petugas.png", full_page=True)
        office(browser, ronda).screenshot(path=PICTURES / "kantor.png")


def mailboxes() -> str:
    return "kota=mailto:kota@ronda.example imigrasi=mailto:imigrasi@ronda.example"


def a_phone(browser: Browser, ronda: Ronda, officer: str) -> Page:
    page = browser.new_context(viewport=PHONE, device_scale_factor=1.5, locale="id-ID").new_page()
    enrol(page, ronda.run("enrol", officer, "--no-qr").strip().partition(": ")[2])
    return page


def report_for_a_whole_rw(browser: Browser, ronda: Ronda) -> None:
    page = a_phone(browser, ronda, "Wati")
    page.get_by_role("button", name="Nihil untuk").click()
    page.get_by_role("button", name="Laporkan nihil untuk").click()
    send_now(page)


def report_persons(browser: Browser, ronda: Ronda) -> Page:
    page = a_phone(browser, ronda, "Budi")
    capture(page, "Paspor", full_name="Amina Contoh", nationality="Filipina", number="P1234567A")
    capture(page, "Kartu UNHCR", full_name="Rahim Contoh", nationality="Myanmar (Burma)", number="747-19C00001")
    send_now(page)
    return page


def leave_one_waiting(page: Page) -> None:
    page.context.set_offline(True)
    capture(page, "Tidak dapat menunjukkan dokumen", full_name="Suharti Contoh", reason="Hilang")


def office(browser: Browser, ronda: Ronda) -> Page:
    page = browser.new_context(viewport=DESK, locale="id-ID").new_page()
    page.goto(f"{ronda.origin}/kantor/")
    page.get_by_label("Nama pengguna").fill("lurah")
    page.get_by_label("Kata sandi").fill(load_or_create(ronda.folder / "var" / "secrets").password("lurah"))
    page.get_by_role("button", name="Masuk").click()
    page.get_by_text("RT sudah lapor").first.wait_for()
    return page


if __name__ == "__main__":
    main()

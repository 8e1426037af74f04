"""An officer's phone: a real Chromium at 360x640 with a profile on disk, whose process can be killed and started again.

with Phone(playwright, folder) as phone:
    phone.page        its only tab
    phone.kill()      kill -9, as a phone does to an app; nothing is told to the browser
    phone.start()     the same profile again
"""

import os
import signal
import subprocess
from pathlib import Path
from typing import Self

from playwright.sync_api import Page, Playwright, expect

from tests.browsers import chromium
from tests.support.screens import CHROMIUM_ARGS, PHONE
from tests.support.waiting import wait_for

# What an outbox answers for each mutation, read as any page of this origin may.
OUTCOMES = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const rows = opening.result.transaction("outbox").objectStore("outbox").getAll();
        rows.onsuccess = () => {
            opening.result.close();
            resolve(rows.result.map(({status, body, outcome}) => [JSON.parse(body).kind, status, outcome?.outcome]));
        };
    };
})"""


class Phone:
    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._chromium = playwright.chromium
        self._profile = folder / "profile"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        port_file = self._profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        size = f"--window-size={PHONE['width']},{PHONE['height']}"
        flags = [*CHROMIUM_ARGS, "--headless", size, "--remote-debugging-port=0", f"--user-data-dir={self._profile}"]
        self._process = subprocess.Popen(
            [chromium(), *flags, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        port = wait_for(lambda: port_file.exists() and port_file.read_text().partition("\n")[0], 60)
        self._browser = self._chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        self.page: Page = self._browser.contexts[0].pages[0]
        self.page.set_viewport_size(PHONE)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._browser.close()


def outcomes(page: Page) -> list[list[str]]:
    """Of each mutation its kind, its status and the server's outcome; one that was sent twice was `replayed`."""
    found: list[list[str]] = page.evaluate(OUTCOMES)
    return found


def enrol(page: Page, link: str) -> None:
    """Open an officer's link and become that officer's phone, able to work without a signal."""
    page.goto(link)
    page.get_by_role("button", name="Daftarkan HP ini").click()
    expect(page.get_by_role("heading", name="Laporan saya")).to_be_visible()
    expect(page.get_by_text("Semua sudah terkirim")).to_be_visible()
    wait_for(lambda: page.evaluate("navigator.serviceWorker.ready.then(() => caches.keys())"))


def capture(page: Page, document: str, **fields: str) -> None:
    """Fill in a report and save it. `fields` are by the form's names; choices by their words."""
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.get_by_label(document, exact=True).check()
    for name, value in fields.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("heading", name="Laporan saya")).to_be_visible()


def send_now(page: Page) -> None:
    """Send on the button, unless the phone has already sent by itself; then the tap lands on the green words."""
    sent = page.get_by_text("Semua sudah terkirim")
    page.get_by_role("button", name="Kirim sekarang").or_(sent).first.click()
    expect(sent).to_be_visible(timeout=20_000)

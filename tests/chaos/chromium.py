"""An officer with a real phone: Chromium, whose whole process group is killed while reports are being captured.

What the officer was told is saved must be there after the restart, and arrive once. It runs in a thread of its own.
"""

import threading
from pathlib import Path
from random import Random
from typing import Final

from playwright.sync_api import Error, Page, expect, sync_playwright

from tests.support.phone import Phone, capture, outcomes, send_now
from tests.support.screens import await_worker
from tests.support.waiting import wait_for

PATIENCE: Final = 30_000
STEP: Final = 8_000
ENROLMENT: Final = 120
SENT: Final = "acknowledged"

# All that the outbox holds, as one text; it keeps for a month what was acknowledged.
BODIES: Final = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("ronda-petugas");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const rows = opening.result.transaction("outbox").objectStore("outbox").getAll();
        rows.onsuccess = () => {
            opening.result.close();
            resolve(rows.result.map(({body}) => body).join("\\n"));
        };
    };
})"""


class RealPhone(threading.Thread):
    """`saved` are the names that the officer was told are saved; `fault` is what ended it before its time."""

    def __init__(self, origin: str, code: str, folder: Path, most: int, random: Random) -> None:
        super().__init__(name="chromium", daemon=True)
        self._origin, self._code, self._folder, self._most, self._random = origin, code, folder, most, random
        self.calm = threading.Event()
        self.saved: list[str] = []
        self.kills = 0
        self.fault = ""
        self._closed = False

    def close(self) -> None:
        """End it, wherever it is; it does no more than the step that it is in."""
        self._closed = True
        self.calm.set()
        self.join(60)

    def run(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with sync_playwright() as playwright, Phone(playwright, self._folder) as phone:
                self._enrol(phone)
                while not self.calm.is_set() and self.kills < self._most:
                    self._capture_and_die(phone)
                self.calm.wait()
                if not self._closed:
                    self._send_all(phone)
        except Exception as error:
            self.fault = f"{type(error).__name__}: {str(error)[:300]}"

    def _enrol(self, phone: Phone) -> None:
        """The servers are being killed meanwhile, so it may take several attempts."""
        phone.page.set_default_timeout(STEP)
        wait_for(lambda: self._is_enrolled(phone.page), ENROLMENT)

    def _is_enrolled(self, page: Page) -> bool:
        button = page.get_by_role("button", name="Daftarkan HP ini")
        home = page.get_by_role("heading", name="Laporan saya")
        try:
            page.goto("about:blank")
            page.goto(f"{self._origin}/petugas/#kode={self._code}")
            expect(button.or_(home).first).to_be_visible()
            if button.is_visible():
                button.click()
            expect(home).to_be_visible()
            await_worker(page)
        except (Error, AssertionError):
            return False
        return True

    def _capture_and_die(self, phone: Phone) -> None:
        name = f"Contoh {self._random.getrandbits(48):012x}"
        if self._random.random() < 0.6:
            capture(phone.page, "Kartu UNHCR", full_name=name, nationality="Yaman", number=name[-8:])
            self.saved.append(name)
        else:
            _begin(phone.page, name, saving=self._random.random() < 0.5)
        phone.kill()
        self.kills += 1
        phone.start()
        self._see(phone.page)

    def _see(self, page: Page) -> None:
        """The app opens, whatever the network does, and holds all that it said was saved."""
        page.goto(f"{self._origin}/petugas/")
        expect(page.get_by_role("heading", name="Laporan saya")).to_be_visible(timeout=PATIENCE)
        kept = page.evaluate(BODIES)
        for name in self.saved:
            assert name in kept, f"{name} was saved and is gone"

    def _send_all(self, phone: Phone) -> None:
        self._see(phone.page)
        send_now(phone.page)
        wait_for(lambda: all(status == SENT for _, status, _ in outcomes(phone.page)), 60)


def _begin(page: Page, name: str, *, saving: bool) -> None:
    """Type a report, and perhaps tap on save, without waiting for what the app says."""
    page.get_by_role("button", name="Laporkan orang asing").click()
    page.get_by_label("Kartu UNHCR", exact=True).check()
    page.locator("[name=full_name]").fill(name)
    if saving:
        page.locator("[name=nationality]").fill("Yaman")
        page.locator("[name=number]").fill(name[-8:])
        page.get_by_role("button", name="Simpan laporan").click(no_wait_after=True)

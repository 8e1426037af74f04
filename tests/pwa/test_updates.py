"""The service workers: what is there without a signal, and how a new version comes."""

from pathlib import Path
from shutil import copytree

from playwright.sync_api import Page, expect

from tests.support.ronda import ROOT, Ronda
from tests.support.screens import await_worker


def test_a_new_version_is_offered_and_waits_for_the_person(page: Page, tmp_path: Path) -> None:
    apps = Path(copytree(ROOT / "pwa/dist", tmp_path / "dist"))
    with Ronda(tmp_path, RONDA_PWA=str(apps)) as ronda:
        ronda.start_server()
        page.goto(f"{ronda.origin}/paspor/")
        await_worker(page)
        _release(apps / "paspor")
        page.reload()
        expect(page.get_by_text("Versi baru tersedia.")).to_be_visible()
        expect(page.locator("meta[name=release]")).to_have_count(0)
        page.get_by_role("button", name="Perbarui sekarang").click()
        expect(page.locator("meta[name=release]")).to_have_count(1)
        expect(page.get_by_text("Versi baru tersedia.")).to_have_count(0)


def _release(app: Path) -> None:
    """A new page, and a worker that names another version, as a build would write them."""
    index, worker = app / "index.html", app / "sw.js"
    index.write_text(index.read_text().replace("<head>", '<head><meta name="release" content="next">'))
    worker.write_text(worker.read_text().replace("version:`", "version:`next-"))

"""The main job from end to end: a phone without a signal, one exchange, a sealed batch at both destinations."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any, Final

import pytest
from playwright.sync_api import APIRequestContext, Page, Playwright, expect

from server.demo.keys import load_or_create
from server.transports.webhook import webhook_secret
from tests.support.phone import Phone, capture, enrol, outcomes, send_now
from tests.support.receivers import HttpsReceiver, SmtpReceiver
from tests.support.ronda import Ronda
from tests.support.sealed import attachment, expect_table, kinds, verified
from tests.support.waiting import wait_for

OFFICER: Final = "Budi"

# What is typed, by the form's names, and what the table is to say, by its heads.
PASSPORT: Final = {
    "full_name": "José Contoh-O’Brien",
    "nationality": "Filipina",
    "sex": "Laki-laki",
    "birth_day": "9",
    "birth_month": "3",
    "birth_year": "1990",
    "number": "P1234567A",
    "issuing_state": "Filipina",
    "expiry": "2030-01-31",
    "address": "Jl. Kenanga III No. 5, RT 001",
    "lodging": "Kos",
    "owner": "Bu Contoh",
    "owner_phone": "+62 812 0000 0001",
    "permit_kind": "ITAS – izin tinggal terbatas",
    "permit_number": "2C11AB0001",
    "note": "Kamar 2\nDatang bersama istri",
}
UNHCR: Final = {"full_name": "Rahim Contoh", "nationality": "Myanmar (Burma)", "number": "747-19C00001"}
ONE_NAME: Final = {"full_name": "Suharti", "birth_year": "1985", "reason": "Hilang"}
ARABIC: Final = {"full_name": "عبد الله", "nationality": "Yaman", "number": "Y0000001", "purpose": "=1+1"}
LATE: Final = {"full_name": "Terlambat Contoh", "number": "L0000001"}

IN_TABLE: Final = [
    {
        "Nama lengkap": "José Contoh-O’Brien",
        "Kewarganegaraan": "PHL",
        "Jenis kelamin": "Laki-laki",
        "Tanggal lahir": "1990-03-09",
        "Jenis dokumen": "Paspor",
        "Nomor dokumen": "P1234567A",
        "Negara penerbit": "PHL",
        "Dokumen berlaku sampai": "2030-01-31",
        "Alamat": "Jl. Kenanga III No. 5, RT 001",
        "Jenis tempat menginap": "Kos",
        "Pemilik atau pengelola": "Bu Contoh",
        "Telepon pemilik": "'+62 812 0000 0001",
        "Jenis izin tinggal": "ITAS",
        "Nomor izin tinggal": "2C11AB0001",
        "Catatan": "Kamar 2\nDatang bersama istri",
    },
    {"Nama lengkap": "Rahim Contoh", "Jenis dokumen": "Kartu UNHCR", "Nomor dokumen": "747-19C00001"},
    {"Nama lengkap": "Suharti", "Tanggal lahir": "1985", "Alasan tanpa dokumen": "Hilang"},
    {"Nama lengkap": "عبد الله", "Kewarganegaraan": "YEM", "Keperluan": "'=1+1"},
]


def calm_windows() -> str:
    """Three windows of which none closes within the hour, so that no test runs over a close."""
    hour = (datetime.now(UTC).hour + 7) % 24
    closes = next(c for c in ((10, 15, 20), (12, 17, 22), (8, 13, 18)) if all(not 0 <= at - hour <= 1 for at in c))
    return ",".join(f"{name}={at:02}:00" for name, at in zip(("pagi", "siang", "malam"), closes, strict=True))


@pytest.fixture
def smtp() -> Iterator[SmtpReceiver]:
    with SmtpReceiver() as receiver:
        yield receiver


@pytest.fixture
def https(tmp_path: Path) -> Iterator[HttpsReceiver]:
    with HttpsReceiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def ronda(tmp_path: Path, smtp: SmtpReceiver, https: HttpsReceiver) -> Iterator[Ronda]:
    settings = {
        "RONDA_WINDOWS": calm_windows(),
        "RONDA_DESTINATIONS": f"kota=mailto:laporan@kota.example imigrasi={https.url}",
        "RONDA_SMTP_URL": smtp.url,
        "RONDA_CA_FILE": https.ca_file,
    }
    with Ronda(tmp_path, **settings) as ronda:
        ronda.run("seed")
        yield ronda


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[Phone]:
    with Phone(playwright, tmp_path) as phone:
        yield phone


def link(ronda: Ronda) -> str:
    return ronda.run("enrol", OFFICER, "--no-qr").strip().partition(": ")[2]


def shared_secret(ronda: Ronda) -> str:
    """What the operator gave the immigration office."""
    return webhook_secret(ronda.folder / "var" / "secrets", "imigrasi")


def report_offline(page: Page) -> None:
    """A nil first, then four persons who came; the page has no server to speak to."""
    page.get_by_role("button", name="Nihil – tidak ada orang asing").click()
    expect(page.get_by_text("Tersimpan di HP, menunggu dikirim", exact=True)).to_be_visible()
    capture(page, "Paspor", **PASSPORT)
    capture(page, "Kartu UNHCR", **UNHCR)
    capture(page, "Tidak dapat menunjukkan dokumen", **ONE_NAME)
    capture(page, "Paspor", **ARABIC)


def expect_all_waiting(page: Page) -> None:
    expect(page.get_by_text("5 data tersimpan di HP, menunggu dikirim")).to_be_visible()
    for person in (PASSPORT, UNHCR, ONE_NAME, ARABIC):
        expect(page.get_by_role("link", name=person["full_name"], exact=True)).to_be_visible()


def test_B10_what_a_phone_without_signal_captured_reaches_both_destinations(
    phone: Phone, ronda: Ronda, smtp: SmtpReceiver, https: HttpsReceiver
) -> None:
    server = ronda.start_server()
    enrol(phone.page, link(ronda))
    server.terminate()
    server.wait()

    phone.page.context.set_offline(True)
    report_offline(phone.page)
    expect_all_waiting(phone.page)
    phone.kill()
    phone.start()
    phone.page.context.set_offline(True)
    phone.page.goto(f"{ronda.origin}/petugas/")
    expect_all_waiting(phone.page)

    server = ronda.start_server()
    phone.page.context.set_offline(False)
    send_now(phone.page)
    sent = [[kind, "acknowledged", "applied"] for kind in ("nil", "report", "report", "report", "report")]
    assert outcomes(phone.page) == sent

    # Captured before the close, sent after the seal: the server is away in between.
    server.terminate()
    server.wait()
    capture(phone.page, "Paspor", **LATE)
    ronda.run("seal", "--now")
    ronda.start_worker()
    server = ronda.start_server()
    main = verified(shared_secret(ronda), wait_for(lambda: https.requests)[0])
    assert kinds(main) == ["nil", "report", "report", "report", "report"]
    mail = wait_for(lambda: smtp.mails)[0]
    assert attachment(mail, "json") == https.requests[0].body
    expect_table(mail, IN_TABLE)

    send_now(phone.page)
    expect(phone.page.get_by_text("Dalam berkas")).to_have_count(4)
    ronda.run("seal")
    supplement = verified(shared_secret(ronda), wait_for(lambda: https.requests[1:])[0])
    assert (supplement["header"]["part"], supplement["header"]["parent"]) == (1, main["hash"])
    assert [entry["entry"]["report"]["identity"]["full_name"] for entry in supplement["entries"]] == [LATE["full_name"]]
    expect_table(wait_for(lambda: smtp.mails[1:])[0], [{"Nama lengkap": LATE["full_name"], "Bagian": "Susulan 1"}])
    assert [len(smtp.mails), len(https.requests)] == [2, 2]


def test_M17_a_server_restored_from_a_backup_gets_again_what_it_lost(
    phone: Phone, ronda: Ronda, tmp_path: Path
) -> None:
    var, backup = ronda.folder / "var", tmp_path / "backup"
    server = ronda.start_server()
    enrol(phone.page, link(ronda))
    server.terminate()
    server.wait()
    copytree(var, backup)

    server = ronda.start_server()
    capture(phone.page, "Kartu UNHCR", **UNHCR)
    send_now(phone.page)
    assert reports_in(var) == 1
    server.terminate()
    server.wait()
    rmtree(var)
    copytree(backup, var)
    ronda.run("restored")
    assert reports_in(var) == 0

    ronda.start_server()
    phone.page.reload()
    wait_for(lambda: reports_in(var) == 1)
    expect(phone.page.get_by_role("link", name="Rahim Contoh")).to_be_visible()
    expect(phone.page.get_by_text("Semua sudah terkirim")).to_be_visible()


def reports_in(var: Path) -> int:
    with closing(sqlite3.connect(f"file:{var / 'ronda.db'}?mode=ro", uri=True)) as db:
        return int(db.execute("select count(*) from records").fetchone()[0])


def edit_name(page: Page, name: str, new: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name="Ubah laporan").click()
    page.locator("[name=full_name]").fill(new)
    page.get_by_role("button", name="Simpan laporan").click()
    expect(page.get_by_role("heading", name=new)).to_be_visible()


def test_M14_data_that_differ_are_settled_by_a_person_and_reach_the_phone(
    playwright: Playwright, phone: Phone, ronda: Ronda, tmp_path: Path
) -> None:
    ronda.start_server()
    enrol(phone.page, link(ronda))
    capture(phone.page, "Kartu UNHCR", **UNHCR)
    send_now(phone.page)
    with Phone(playwright, tmp_path / "second") as second:
        enrol(second.page, link(ronda))
        phone.page.context.set_offline(True)
        edit_name(phone.page, "Rahim Contoh", "Rahim Contoh Satu")
        edit_name(second.page, "Rahim Contoh", "Rahim Contoh Dua")
        second.page.goto(f"{ronda.origin}/petugas/#/")
        send_now(second.page)
    phone.page.context.set_offline(False)
    phone.page.goto(f"{ronda.origin}/petugas/#/")
    send_now(phone.page)
    expect(phone.page.get_by_text("Data berbeda")).to_be_visible()
    expect(phone.page.get_by_role("link", name="Rahim Contoh Dua")).to_be_visible()

    console = playwright.request.new_context(base_url=ronda.origin, extra_http_headers={"Origin": ronda.origin})
    assert resolve(console, ronda)["outcome"] == "applied"
    phone.page.reload()
    expect(phone.page.get_by_role("link", name="Rahim Contoh Satu")).to_be_visible()
    expect(phone.page.get_by_text("Data berbeda")).to_have_count(0)


def resolve(console: APIRequestContext, ronda: Ronda) -> Any:
    """Choose the phone's values of the only conflict, as the lurah, by the API."""
    password = load_or_create(ronda.folder / "var" / "secrets").password("lurah")
    console.post("/api/session", data={"username": "lurah", "password": password})
    [conflict] = console.get("/api/conflicts").json()
    decision = {
        "kind": "resolve",
        "mutation_id": "0190b5a0-0000-7000-8000-000000000001",
        "record_id": conflict["record_id"],
        "area_id": conflict["area"]["area_id"],
        "captured_at": conflict["opened_at"],
        "seen_version": conflict["server_version"],
        "conflict_ids": [conflict["conflict_id"]],
        "changes": conflict["phone"],
    }
    return console.post("/api/resolutions", data=decision).json()

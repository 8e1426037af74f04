"""The console on data that differ and on what was sealed, in a city of its own: sealing changes it for everybody."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import APIRequestContext, Page, Playwright, expect

from server import clock
from tests.pwa.conftest import City
from tests.pwa.test_kantor import go_to, sign_in
from tests.support.screens import violations

SECRET = "s" * 43
IDENTITY = {"full_name": "Ana Contoh", "sex": "F", "birth_date": "1990", "birth_place": "", "nationality": "AUS"}
ELSEWHERE = IDENTITY | {"birth_date": "1992"}
ON_THE_PHONE = IDENTITY | {"birth_date": "1991"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with City(tmp_path_factory.mktemp("city")) as city:
        city.run("seed")
        city.start_server()
        yield city


@pytest.fixture
def phone(playwright: Playwright, city: City) -> Iterator[APIRequestContext]:
    """A phone of an RT head, as far as the server can see."""
    headers = {"Origin": city.origin, "Authorization": f"Bearer {SECRET}"}
    phone = playwright.request.new_context(base_url=city.origin, extra_http_headers=headers)
    yield phone
    phone.dispose()


def differing(phone: APIRequestContext, city: City) -> None:
    """A report, and an edit of it by a phone that knew another value."""
    code = city.keys.code("Budi Contoh", 0)
    enrolment = {"code": code, "device_id": str(uuid4()), "secret": SECRET, "device_name": "HP"}
    [area] = phone.post("/api/enrol", data=enrolment).json()["scope"]["areas"]
    record_id = str(uuid4())
    for base, identity in (({}, IDENTITY), ({"identity": ELSEWHERE}, ON_THE_PHONE)):
        save(phone, record_id, UUID(area["area_id"]), base, {"identity": identity})


def save(phone: APIRequestContext, record_id: str, area_id: UUID, base: Any, changes: Any) -> None:
    mutation = {
        "kind": "report",
        "mutation_id": str(uuid4()),
        "record_id": record_id,
        "area_id": str(area_id),
        "captured_at": clock.now(),
        "base": base,
        "changes": changes,
    }
    request = {"protocol": 1, "now": clock.now(), "cursor": "", "mutations": [mutation]}
    assert phone.post("/api/exchange", data=request).ok


def test_M14_what_a_lurah_chooses_is_what_is_sealed_and_downloaded(
    page: Page, phone: APIRequestContext, city: City, tmp_path: Path
) -> None:
    differing(phone, city)
    sign_in(page, city, "lurah")
    go_to(page, "Data berbeda")
    expect(page.get_by_text("RT 001/RW 001, ")).to_be_visible()
    page.get_by_role("button", name="Simpan pilihan").click()
    expect(page.get_by_text("Pilih salah satu untuk setiap data.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Di HP petugas").check()
    page.get_by_role("button", name="Simpan pilihan").click()
    expect(page.get_by_text("Pilihan tersimpan.")).to_be_visible()
    expect(page.get_by_text("Tidak ada data berbeda.")).to_be_visible()

    city.run("seal", "--now")
    page.get_by_role("button", name="Keluar").click()
    sign_in(page, city, "admin")
    go_to(page, "Berkas laporan")
    page.get_by_text("Sidik berkas (SHA-256)").click()
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Tabel (CSV)").click()
    download.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").open(encoding="utf-8-sig")))
    assert [row["Tanggal lahir"] for row in rows if row["Nama lengkap"] == "Ana Contoh"] == ["1990", "1991"]

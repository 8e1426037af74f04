"""The console on data that were held back and on persons reported twice, in a city of its own."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import APIRequestContext, Browser, Page, Playwright, expect

from server import clock
from tests.pwa.conftest import City
from tests.pwa.test_kantor import go_to, sign_in
from tests.support.screens import DESK, PHONE, violations
from tests.support.waiting import wait_for

ANA = {"full_name": "Ana Contoh", "sex": "F", "birth_date": "1990-02-03", "birth_place": "", "nationality": "AUS"}
PASSPORT = {"kind": "passport", "number": "PA 12345", "issuing_state": "AUS", "expiry": "", "reason": ""}
STAY = {"address": "Jalan Contoh 5", "lodging": "boarding_house", "arrival": "2026-11-01"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """With a worker, which finds who is reported twice and lets edits follow."""
    with City(tmp_path_factory.mktemp("city")) as city:
        city.run("seed")
        city.start_server()
        city.start_worker()
        yield city


class Officer:
    """A phone of an RT head, as far as the server can see."""

    def __init__(self, playwright: Playwright, city: City, name: str) -> None:
        secret = clock.new_secret()
        headers = {"Origin": city.origin, "Authorization": f"Bearer {secret}"}
        self.http: APIRequestContext = playwright.request.new_context(base_url=city.origin, extra_http_headers=headers)
        code = city.run("enrol", name, "--no-qr").split("kode=")[1].strip()
        enrolment = {"code": code, "device_id": str(uuid4()), "secret": secret, "device_name": "HP Uji"}
        [self.area, *_] = self.http.post("/api/enrol", data=enrolment).json()["scope"]["areas"]

    def report(self, **more: Any) -> dict[str, Any]:
        ids = {"mutation_id": str(uuid4()), "record_id": str(uuid4()), "area_id": self.area["area_id"]}
        changes = {"identity": ANA, "document": PASSPORT, "stay": STAY}
        return {"kind": "report", "captured_at": clock.now(), "base": {}, "changes": changes} | ids | more

    def exchange(self, *mutations: dict[str, Any], ask: tuple[str, ...] = ()) -> Any:
        request = {"protocol": 3, "now": clock.now(), "cursor": "", "mutations": mutations, "ask": ask}
        answer = self.http.post("/api/exchange", data=request)
        assert answer.ok, answer.text()
        return answer.json()

    def told(self, mutation: dict[str, Any]) -> Any:
        [outcome] = self.exchange(ask=(mutation["mutation_id"],))["told"]
        return outcome


@pytest.fixture(scope="module")
def budi(playwright: Playwright, city: City) -> Iterator[Officer]:
    officer = Officer(playwright, city, "Budi Contoh")
    yield officer
    officer.http.dispose()


@pytest.fixture(scope="module")
def sri(playwright: Playwright, city: City) -> Iterator[Officer]:
    officer = Officer(playwright, city, "Sri Contoh")
    yield officer
    officer.http.dispose()


@pytest.fixture(params=["phone, light", "phone, dark", "desk, light", "desk, dark"])
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    size, scheme = request.param.split(", ")
    context = browser.new_context(viewport=PHONE if size == "phone" else DESK, color_scheme=scheme)
    yield context.new_page()
    context.close()


def await_some(page: Page, city: City, resource: str) -> None:
    """Until the worker has found what is to be shown."""
    wait_for(lambda: page.request.get(f"{city.origin}/api/{resource}").json())


def test_M21_M27_a_lurah_accepts_a_report_with_its_edit_or_rejects_with_a_reason(
    page: Page, city: City, budi: Officer, sri: Officer
) -> None:
    """The officer wrote about the RT of a neighbour: the kelurahan knows which of it is right."""
    begun = budi.report(area_id=sri.area["area_id"])
    unread = budi.report(kind="dance")
    edited = budi.report(area_id=sri.area["area_id"], record_id=begun["record_id"], changes={"note": "Pindah kamar"})
    budi.exchange(begun, unread)
    sri.exchange(edited)
    sign_in(page, city, "lurah")
    go_to(page, "Data yang ditahan")
    first, second, third = page.get_by_role("article").all()
    expect(third.get_by_text("Putuskan dulu data sebelumnya")).to_be_visible()
    expect(first.get_by_role("heading", name="Ana Contoh")).to_be_visible()
    expect(first.get_by_text("RT ini di luar wilayah yang berhak.")).to_be_visible()
    second.get_by_text("Lihat data asli").click()
    expect(second.get_by_text("dance")).to_be_visible()
    assert violations(page) == []

    second.get_by_role("button", name="Terima data").click()
    second.get_by_role("button", name="Ya, terima data").click()
    expect(second.get_by_role("alert")).to_contain_text("Belum dapat diterima: server belum dapat membaca")
    second.get_by_role("button", name="Tolak data").click()
    second.get_by_role("button", name="Ya, tolak data").click()
    expect(second.get_by_text("Tulis alasannya.")).to_be_visible()
    assert violations(page) == []
    second.get_by_label("Alasan").fill("Coba dari aplikasi baru")
    second.get_by_role("button", name="Ya, tolak data").click()
    expect(page.get_by_text("Data ditolak.")).to_be_visible()
    assert budi.told(unread)["reason"] == "Coba dari aplikasi baru"

    page.get_by_role("button", name="Terima data").click()
    page.get_by_role("button", name="Ya, terima data").click()
    expect(page.get_by_text("Data diterima.")).to_be_visible()
    assert budi.told(begun)["outcome"] == "applied"
    wait_for(lambda: sri.told(edited)["outcome"] == "applied")
    page.reload()
    expect(page.get_by_text("Tidak ada data yang ditahan.")).to_be_visible()


def test_T3_a_lurah_says_whether_two_reports_are_of_one_person(
    page: Page, city: City, budi: Officer, sri: Officer
) -> None:
    budi.exchange(budi.report())
    sri.exchange(sri.report(changes={"identity": ANA | {"full_name": "contoh, ana"}, "document": PASSPORT}))
    sign_in(page, city, "lurah")
    await_some(page, city, "findings")
    go_to(page, "Data ganda")
    pair = page.get_by_role("article").first
    expect(pair.get_by_text("nomor dokumen dan negara penerbit")).to_be_visible()
    assert violations(page) == []
    pair.get_by_role("button", name="Orang berbeda").click()
    expect(pair.get_by_text("tidak ditanyakan lagi")).to_be_visible()
    assert violations(page) == []
    pair.get_by_role("button", name="Ya, orang berbeda").click()
    expect(page.get_by_text("Tercatat sebagai orang berbeda.")).to_be_visible()


def test_what_waits_can_be_read_by_everybody(screen: Page, city: City, budi: Officer, sri: Officer) -> None:
    wrong = budi.report(changes={"identity": {"full_name": "Ana\u202eContoh " + "panjang" * 20}})
    budi.exchange(wrong, budi.report())
    sri.exchange(sri.report())
    sign_in(screen, city, "lurah")
    for view, resource in (("Data yang ditahan", "quarantine"), ("Data ganda", "findings")):
        await_some(screen, city, resource)
        go_to(screen, view)
        expect(screen.get_by_role("article").first).to_be_visible()
        assert violations(screen) == [], view
        assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth"), view

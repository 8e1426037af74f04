"""Each bad input gets its stable answer, leaves nothing behind, and the next good exchange is answered as ever."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import Connection, func, select
from sqlmodel import col

from server import clock
from server.demo.keys import load_or_create
from server.store.engine import open_database
from server.tables.people import Device
from server.tables.reports import Quarantined, Receipt, Version
from tests.server import bad_inputs
from tests.server.bad_inputs import Bytes, Mutation, Oddity, Request
from tests.support.caller import Phone, problem
from tests.support.ronda import Ronda

Counts = tuple[int, ...]


def of(table: tuple[Request | Mutation | Oddity | Bytes, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", table, ids=lambda row: row.name)


def _count(conn: Connection) -> Counts:
    keys = (Receipt.mutation_id, Version.record_id, Quarantined.mutation_id, Device.device_id)
    return tuple(conn.execute(select(func.count(col(key)))).scalar_one() for key in keys)


@pytest.fixture
def stored(ronda: Ronda) -> Callable[[], Counts]:
    """How many receipts, versions, quarantined mutations and phones the database holds."""

    async def count() -> Counts:
        db = open_database(ronda.database_url)
        try:
            return await db.read(_count)
        finally:
            await db.close()

    return lambda: asyncio.run(count())


def assert_well(phone: Phone) -> None:
    """A good exchange is answered as ever."""
    assert [outcome["outcome"] for outcome in phone.exchange(phone.nil())] == ["applied"]


@of(bad_inputs.REQUESTS)
def test_M1_M20_a_bad_request_is_refused_whole(phone: Phone, stored: Callable[[], Counts], row: Request) -> None:
    before = stored()
    answer = phone.http.post(row.path, content=row.body, headers=phone.authorized | row.headers)
    assert problem(answer) == (row.status, row.code)
    assert stored() == before
    assert_well(phone)


@pytest.mark.parametrize("folder", ["assets", "kantor"])
def test_no_path_leads_out_of_the_built_apps(phone: Phone, folder: str) -> None:
    for out in ("%2e%2e/%2e%2e/package.json", "..%2f..%2fpackage.json"):
        answer = phone.http.get(f"/{folder}/{out}")
        assert "ronda-pwa" not in answer.text


@of(bad_inputs.MUTATIONS)
def test_M2_M30_a_bad_mutation_is_set_aside_and_delays_no_other(
    phone: Phone, stored: Callable[[], Counts], row: Mutation
) -> None:
    made = row.make(phone)
    receipts, versions, quarantined, phones = stored()
    first, bad, last = phone.exchange(phone.nil(), made, phone.nil())
    assert (first["outcome"], last["outcome"]) == ("applied", "applied")
    assert (bad["outcome"], bad["code"], bad["version"]) == (row.outcome, row.code, 0)
    kept = 3 if row.outcome == "quarantined" else 2
    assert stored() == (receipts + kept, versions + 2, quarantined + 1, phones)


@of(bad_inputs.MUTATIONS)
def test_M5_a_bad_mutation_that_comes_again_is_kept_once(
    phone: Phone, stored: Callable[[], Counts], row: Mutation
) -> None:
    made = row.make(phone)
    [first] = phone.exchange(made)
    before = stored()
    [again] = phone.exchange(made)
    assert again["mutation_id"] == first["mutation_id"]
    assert (again["outcome"], again["code"]) == ("replayed" if row.outcome == "quarantined" else "rejected", row.code)
    assert stored() == before


@of(bad_inputs.ODDITIES)
def test_M3_M31_what_looks_bad_and_reads_well_is_taken_as_it_is(phone: Phone, row: Oddity) -> None:
    report = phone.report(**row.groups)
    assert [outcome["outcome"] for outcome in phone.exchange(report)] == ["applied"]
    kept = phone.known()[report["record_id"]]["report"]
    for group, values in row.groups.items():
        assert kept[group] == (kept[group] | values if isinstance(values, dict) else values)


def test_B9_M31_the_table_tells_the_oddities_and_lets_no_spreadsheet_calculate(ronda: Ronda, phone: Phone) -> None:
    sent = {row.name: phone.report(**row.groups) for row in bad_inputs.ODDITIES}
    phone.exchange(*sent.values())
    ronda.run("seal", "--now")
    rows = {row["ID laporan"]: row for row in table(ronda)}
    for oddity in bad_inputs.ODDITIES:
        row = rows[sent[oddity.name]["record_id"]]
        assert len(list(filter(None, row["Tanda"].split(", ")))) == len(oddity.flags)
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())
    assert rows[sent["a formula"]["record_id"]]["Nama lengkap"].startswith("'=cmd")
    assert rows[sent["markup"]["record_id"]]["Nama lengkap"] == "<script>alert(1)</script>"


@contextmanager
def desk(ronda: Ronda) -> Iterator[httpx.Client]:
    """The console, with the admin signed in."""
    password = load_or_create(ronda.folder / "var" / "secrets").password("admin")
    with httpx.Client(base_url=ronda.origin) as console:
        console.post("/api/session", json={"username": "admin", "password": password})
        yield console


def table(ronda: Ronda) -> list[dict[str, str]]:
    """The rows of the batch sealed last."""
    with desk(ronda) as console:
        newest = console.get("/api/batches").json()[0]["batch_id"]
        text = console.get(f"/api/batches/{newest}/table.csv").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", bad_inputs.CURSORS)
def test_M17_a_cursor_that_cannot_be_starts_the_phone_over(phone: Phone, name: str) -> None:
    assert_well(phone)
    cursor = phone.send(phone.request()).json()["cursor"]
    answer = phone.send(phone.request() | {"cursor": bad_inputs.CURSORS[name](cursor)}).json()
    assert answer["resync"]
    assert answer["changes"]
    assert_well(phone)


@of(bad_inputs.BYTES)
def test_M1_what_is_hardly_http_is_answered_and_hurts_nobody(
    phone: Phone, stored: Callable[[], Counts], row: Bytes
) -> None:
    before = stored()
    assert phone.send_raw(row.make(phone)).startswith(row.answer)
    assert stored() == before
    assert_well(phone)


def test_M1_a_truncated_body_is_nobodys_fault(ronda: Ronda, phone: Phone, stored: Callable[[], Counts]) -> None:
    before = stored()
    for _ in range(3):
        phone.send_raw(bad_inputs.truncated(phone), and_hang_up=True)
    assert_well(phone)
    receipts, versions, *rest = before
    assert stored() == (receipts + 1, versions + 1, *rest)
    assert "unexpected" not in ronda.log("serve")


def test_M1_a_body_that_lies_about_its_length_is_bounded(phone: Phone) -> None:
    endless = (b" " * 1024 for _ in range(400))
    assert problem(phone.http.post("/api/exchange", content=endless, headers=phone.authorized)) == (
        413,
        "body_too_large",
    )
    assert_well(phone)


def test_M5_another_phones_mutation_does_nothing_for_this_one(ronda: Ronda, phone: Phone) -> None:
    other = Phone(ronda, "Sri Contoh")
    theirs = other.nil()
    other.exchange(theirs)
    taken = phone.exchange(phone.nil() | {"mutation_id": theirs["mutation_id"]})
    assert [(outcome["outcome"], outcome["code"]) for outcome in taken] == [("rejected", "mutation_id_reused")]
    edited = phone.exchange(phone.nil() | {"record_id": theirs["record_id"]})
    assert [(outcome["outcome"], outcome["code"]) for outcome in edited] == [("quarantined", "area_fixed")]
    assert theirs["record_id"] not in phone.known()


def test_M19_a_used_code_and_another_phones_id_enrol_nobody(
    ronda: Ronda, phone: Phone, stored: Callable[[], Counts]
) -> None:
    device, secret = {"device_id": str(clock.new_id())}, {"secret": clock.new_secret()}
    code = {"code": ronda.run("enrol", "Sri Contoh", "--no-qr").split("kode=")[1].strip()}
    before = stored()
    for change, why in (
        (device, "code_used"),
        (secret, "code_used"),
        (device | secret, "code_used"),
        (code, "code_invalid"),
        (code | secret, "code_invalid"),
    ):
        assert problem(phone.http.post("/api/enrol", json=phone.enrolment | change)) == (403, why)
    assert stored() == before
    assert_well(phone)


def test_D1_D2_a_revoked_phone_is_told_nothing_and_what_it_brings_is_kept_for_a_person(
    ronda: Ronda, phone: Phone, stored: Callable[[], Counts]
) -> None:
    lost = Phone(ronda, "Sri Contoh")
    with desk(ronda) as console:
        assert console.post(f"/api/devices/{lost.enrolment['device_id']}/revocation").status_code == 200
    receipts, versions, quarantined, phones = stored()
    answer = lost.send(lost.request(lost.nil())).json()
    assert [(it["outcome"], it["code"]) for it in answer["outcomes"]] == [("quarantined", "device_revoked")]
    assert answer["changes"] == []
    assert stored() == (receipts + 1, versions, quarantined + 1, phones)
    assert_well(phone)


def test_M14_a_decision_that_cannot_be_read_is_refused_as_often_as_it_comes(ronda: Ronda, phone: Phone) -> None:
    unreadable = phone.nil() | {"kind": "resolve", "colour": "red"}
    with desk(ronda) as console:
        for _ in range(2):
            assert problem(console.post("/api/resolutions", json=unreadable)) == (400, "mutation_unreadable")


def test_no_bad_input_is_a_fault_of_the_server(ronda: Ronda, phone: Phone) -> None:
    for row in bad_inputs.REQUESTS:
        phone.http.post(row.path, content=row.body, headers=phone.authorized | row.headers)
    phone.exchange(*(row.make(phone) for row in bad_inputs.MUTATIONS))
    assert "unexpected" not in ronda.log("serve")
    assert "exchange_failed" not in ronda.log("serve")

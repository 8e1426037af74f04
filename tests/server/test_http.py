"""What the server answers over HTTP to good and to bad requests: a problem with a stable code, never a 500."""

import gzip
import json
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from server import clock
from server.demo.keys import load_or_create
from tests.support.caller import JSON, Phone, problem
from tests.support.ronda import Ronda


def test_a_nil_is_acknowledged_and_comes_back(phone: Phone) -> None:
    nil = phone.nil()
    answer = phone.send(phone.request(nil)).json()
    assert [outcome["outcome"] for outcome in answer["outcomes"]] == ["applied"]
    assert nil["record_id"] in {change["record_id"] for change in answer["changes"]}


def test_M1_gzip_is_read(phone: Phone) -> None:
    packed = gzip.compress(json.dumps(phone.request(phone.nil())).encode())
    assert phone.send(packed, **{"Content-Encoding": "gzip"}).json()["outcomes"][0]["outcome"] == "applied"


def test_M19_an_enrolment_whose_answer_was_lost_may_be_asked_again(phone: Phone) -> None:
    again = phone.http.post("/api/enrol", json=phone.enrolment)
    assert again.json()["scope"] == phone.scope


def test_M19_a_code_may_be_typed_in_small_letters(ronda: Ronda, phone: Phone) -> None:
    code = ronda.run("enrol", "Sri Contoh", "--no-qr").split("kode=")[1].strip()
    typed = f" {code.lower().replace('-', ' ')}"
    asked = {"code": typed, "device_id": str(clock.new_id()), "secret": clock.new_secret(), "device_name": "HP"}
    assert phone.http.post("/api/enrol", json=asked).status_code == 200


@pytest.fixture
def console(ronda: Ronda) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ronda.origin, headers=JSON) as client:
        yield client


def sign_in(ronda: Ronda, console: httpx.Client, username: str) -> httpx.Response:
    password = load_or_create(ronda.folder / "var" / "secrets").password(username)
    return console.post("/api/session", json={"username": username, "password": password})


def test_a_console_user_signs_in_and_out(ronda: Ronda, console: httpx.Client) -> None:
    assert problem(console.get("/api/session")) == (401, "unauthorized")
    signed = sign_in(ronda, console, "lurah")
    assert signed.json()["role"] == "lurah"
    assert {"HttpOnly", "SameSite=strict"} <= set(signed.headers["set-cookie"].split("; "))
    assert console.get("/api/session").json() == signed.json()
    token = console.cookies["ronda"]
    assert console.delete("/api/session").status_code == 204
    console.cookies.set("ronda", token)
    assert problem(console.get("/api/session")) == (401, "unauthorized")


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(console: httpx.Client) -> None:
    answers = [
        console.post("/api/session", json={"username": name, "password": "guess"}) for name in ("lurah", "nobody")
    ]
    assert answers[0].json() == answers[1].json()
    assert problem(answers[0]) == (401, "credentials_invalid")


@pytest.mark.parametrize("path", ["today", "batches", "conflicts", "quarantine", "findings", "applications", "session"])
def test_the_console_is_closed_to_strangers(console: httpx.Client, path: str) -> None:
    assert problem(console.get(f"/api/{path}")) == (401, "unauthorized")


def test_M14_the_console_resolves_a_conflict_once(ronda: Ronda, phone: Phone, console: httpx.Client) -> None:
    begun = phone.nil() | {"kind": "report", "changes": {"note": "first"}}
    edits = [
        phone.nil()
        | {"kind": "report", "record_id": begun["record_id"], "changes": {"note": note}, "base": {"note": "first"}}
        for note in ("second", "third")
    ]
    outcomes = phone.send(phone.request(begun, *edits)).json()["outcomes"]
    assert outcomes[2]["outcome"] == "conflicted"
    sign_in(ronda, console, "lurah")
    [conflict] = [one for one in console.get("/api/conflicts").json() if one["record_id"] == begun["record_id"]]
    assert (conflict["base"], conflict["phone"]) == ({"note": "first"}, {"note": "third"})
    decision = phone.nil() | {
        "kind": "resolve",
        "record_id": begun["record_id"],
        "seen_version": conflict["server_version"],
        "conflict_ids": [conflict["conflict_id"]],
        "changes": {"note": "third"},
    }
    assert console.post("/api/resolutions", json=decision).json()["outcome"] == "applied"
    assert console.post("/api/resolutions", json=decision).json()["outcome"] == "replayed"
    late = decision | {"mutation_id": str(clock.new_id())}
    assert problem(console.post("/api/resolutions", json=late)) == (409, "resolution_stale")
    for other in ({"kind": "nil"}, {"kind": "remove"}):
        plain = {name: late[name] for name in ("mutation_id", "record_id", "area_id", "captured_at")}
        sent = console.post("/api/resolutions", json=plain | {"mutation_id": str(clock.new_id())} | other)
        assert problem(sent) == (400, "resolution_not_allowed")
    foreign = late | {"area_id": str(UUID(int=404))}
    assert problem(console.post("/api/resolutions", json=foreign)) == (404, "not_found")
    changes = phone.send(phone.request()).json()["changes"]
    [after] = [change for change in changes if change["record_id"] == begun["record_id"]]
    assert (after["report"]["note"], after["conflicts"]) == ("third", 0)


def test_the_immigration_office_decides_on_no_report(ronda: Ronda, console: httpx.Client) -> None:
    sign_in(ronda, console, "imigrasi")
    assert problem(console.get("/api/conflicts")) == (403, "forbidden")
    assert problem(console.get("/api/quarantine")) == (403, "forbidden")
    assert problem(console.post("/api/resolutions", json={})) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/api/nothing", "/nothing", "/petugas/../../pyproject.toml", "/schema"])
def test_what_does_not_exist_is_not_found(console: httpx.Client, path: str) -> None:
    assert problem(console.get(path)) == (404, "not_found")


def test_every_answer_carries_the_headers_that_bind_the_browser(console: httpx.Client) -> None:
    for path in ("/health", "/petugas/", "/api/session"):
        headers = console.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_no_personal_data_is_in_the_log(ronda: Ronda, phone: Phone) -> None:
    report = phone.nil() | {"kind": "report", "changes": {"identity": {"full_name": "Rahasia Sekali"}}}
    phone.send(phone.request(report))
    phone.send(json.dumps(phone.request(report))[:-1].encode())
    assert "Rahasia" not in ronda.log("serve")
    assert phone.secret not in ronda.log("serve")

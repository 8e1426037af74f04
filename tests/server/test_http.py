"""What the server answers over HTTP to good and to bad requests: a problem with a stable code, never a 500."""

import gzip
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from server import clock
from server.demo.keys import load_or_create
from sync.protocol.exchange import FileNil
from tests.support.ronda import Ronda

SECRET = "s" * 43
JSON = {"Content-Type": "application/json"}


class Phone:
    """An enrolled phone, which sends what a test likes."""

    def __init__(self, ronda: Ronda, officer: str) -> None:
        self.http = httpx.Client(base_url=ronda.origin, headers=JSON)
        self.secret = clock.new_secret()
        code = ronda.run("enrol", officer, "--no-qr").split("kode=")[1].strip()
        self.enrolment = {"code": code, "device_id": str(clock.new_id()), "secret": self.secret, "device_name": "HP"}
        enrolled = self.http.post("/api/enrol", json=self.enrolment)
        assert enrolled.status_code == 200, enrolled.text
        self.scope = enrolled.json()["scope"]
        self.rt = UUID(self.scope["areas"][0]["area_id"])

    def send(self, body: bytes | dict[str, Any], **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(
            "/api/exchange", content=content, headers={"Authorization": f"Bearer {self.secret}"} | headers
        )

    def nil(self, area: UUID | None = None) -> dict[str, Any]:
        made: dict[str, Any] = msgspec.to_builtins(
            FileNil(clock.new_id(), clock.new_id(), area or self.rt, clock.now())
        )
        return made

    def request(self, *mutations: Any) -> dict[str, Any]:
        return {"protocol": 1, "now": clock.now(), "mutations": list(mutations)}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ronda(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ronda]:
    """A server in a process of its own, with the demo's city, on each database."""
    settings = {} if request.param == "sqlite" else {"RONDA_DATABASE_URL": request.getfixturevalue("fresh_postgresql")}
    with Ronda(tmp_path_factory.mktemp("http"), **settings) as ronda:
        ronda.run("seed")
        ronda.start_server()
        yield ronda


@pytest.fixture(scope="module")
def phone(ronda: Ronda) -> Phone:
    return Phone(ronda, "Budi Contoh")


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


def test_a_nil_is_acknowledged_and_comes_back(phone: Phone) -> None:
    nil = phone.nil()
    answer = phone.send(phone.request(nil)).json()
    assert [outcome["outcome"] for outcome in answer["outcomes"]] == ["applied"]
    assert nil["record_id"] in {change["record_id"] for change in answer["changes"]}


def test_M1_gzip_is_read(phone: Phone) -> None:
    packed = gzip.compress(json.dumps(phone.request(phone.nil())).encode())
    assert phone.send(packed, **{"Content-Encoding": "gzip"}).json()["outcomes"][0]["outcome"] == "applied"


DEEP = b'{"protocol":1,"now":1,"mutations":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
BAD: dict[str, tuple[bytes, dict[str, str], tuple[int, str]]] = {
    "invalid UTF-8": (b'{"protocol":1,"now":1,"cursor":"\xff"}', {}, (400, "body_not_utf8")),
    "not JSON": (b"{", {}, (400, "body_not_json")),
    "empty": (b"", {}, (400, "body_not_json")),
    "50,000 deep": (DEEP, {}, (400, "body_too_deep")),
    "text/plain": (b"{}", {"Content-Type": "text/plain"}, (415, "content_type_unsupported")),
    "a form": (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, (415, "content_type_unsupported")),
    "unknown field": (b'{"protocol":1,"now":1,"colour":"red"}', {}, (400, "request_invalid")),
    "missing field": (b'{"protocol":1}', {}, (400, "request_invalid")),
    "wrong type": (b'{"protocol":1,"now":"soon"}', {}, (400, "request_invalid")),
    "a newer protocol": (b'{"protocol":4,"now":1}', {}, (426, "protocol_unsupported")),
    "oversize": (b" " * 300_000, {}, (413, "body_too_large")),
    "201 mutations": (
        b'{"protocol":1,"now":1,"mutations":[' + b",".join([b"{}"] * 201) + b"]}",
        {},
        (400, "request_invalid"),
    ),
    "a gzip bomb": (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, (413, "body_too_large")),
    "no gzip": (b"{}", {"Content-Encoding": "gzip"}, (400, "body_not_gzip")),
    "half a gzip": (gzip.compress(b'{"protocol":1}')[:-4], {"Content-Encoding": "gzip"}, (400, "body_not_gzip")),
    "brotli": (b"{}", {"Content-Encoding": "br"}, (415, "content_type_unsupported")),
    "another site": (b"{}", {"Origin": "https://example.org"}, (403, "origin_refused")),
    "a cross-site fetch": (b"{}", {"Sec-Fetch-Site": "cross-site"}, (403, "origin_refused")),
    "no secret": (b"{}", {"Authorization": ""}, (401, "unauthorized")),
    "another secret": (b'{"protocol":1,"now":1}', {"Authorization": "Bearer x"}, (401, "unauthorized")),
}


@pytest.mark.parametrize("case", BAD)
def test_M1_M20_a_bad_request_is_a_problem_with_a_stable_code(phone: Phone, case: str) -> None:
    content, headers, expected = BAD[case]
    assert problem(phone.send(content, **headers)) == expected


def test_M1_a_body_that_lies_about_its_length_is_bounded(phone: Phone) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(400):
            yield b" " * 1024

    response = phone.http.post(
        "/api/exchange", content=endless(), headers={"Authorization": f"Bearer {phone.secret}"} | JSON
    )
    assert problem(response) == (413, "body_too_large")


BAD_MUTATIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown kind": ({"kind": "dance"}, "quarantined", "mutation_unreadable"),
    "unknown field": ({"colour": "red"}, "quarantined", "mutation_unreadable"),
    "wrong type": ({"captured_at": "noon"}, "quarantined", "mutation_unreadable"),
    "2^63": ({"captured_at": 2**63}, "quarantined", "mutation_unreadable"),
    "a foreign area": ({"area_id": str(UUID(int=404))}, "quarantined", "area_out_of_scope"),
    "no id": ({"mutation_id": None}, "quarantined", "mutation_unreadable"),
}


@pytest.mark.parametrize("case", BAD_MUTATIONS)
def test_M2_a_bad_mutation_delays_no_other(phone: Phone, case: str) -> None:
    change, kind, code = BAD_MUTATIONS[case]
    answer = phone.send(phone.request(phone.nil(), phone.nil() | change, phone.nil())).json()
    before, bad, after = answer["outcomes"]
    assert (before["outcome"], after["outcome"]) == ("applied", "applied")
    assert (bad["outcome"], bad["code"]) == (kind, code)


@pytest.mark.parametrize("name", ['"\\ud800"', '"A\\u0000"', "NaN", "1e999"])
def test_M2_what_only_some_call_json_delays_no_other(phone: Phone, name: str) -> None:
    bad = phone.nil() | {"kind": "report", "changes": {"identity": {"full_name": "?"}}}
    body = json.dumps(phone.request(bad, phone.nil())).replace('"?"', name)
    outcomes = phone.send(body.encode()).json()["outcomes"]
    assert [outcome["outcome"] for outcome in outcomes] == ["quarantined", "applied"]
    assert outcomes[0]["mutation_id"] == bad["mutation_id"]


def test_M5_a_replay_with_another_body_is_rejected(phone: Phone) -> None:
    nil = phone.nil()
    phone.send(phone.request(nil))
    answer = phone.send(phone.request(nil | {"captured_at": 1}, phone.nil())).json()
    assert [outcome["outcome"] for outcome in answer["outcomes"]] == ["rejected", "applied"]
    assert answer["outcomes"][0]["code"] == "mutation_id_reused"


def test_M19_a_code_works_once_and_a_lost_answer_costs_nothing(ronda: Ronda, phone: Phone) -> None:
    again = phone.http.post("/api/enrol", json=phone.enrolment)
    assert again.json()["scope"] == phone.scope
    for change in ({"device_id": str(clock.new_id())}, {"secret": SECRET}, {"code": "WRONG-CODES"}):
        assert problem(phone.http.post("/api/enrol", json=phone.enrolment | change)) == (403, "code_invalid")
    other_code = ronda.run("enrol", "Sri Contoh", "--no-qr").split("kode=")[1].strip()
    taken = phone.enrolment | {"code": other_code}
    assert problem(phone.http.post("/api/enrol", json=taken)) == (403, "code_invalid")


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


@pytest.mark.parametrize("path", ["today", "batches", "conflicts", "applications", "session"])
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

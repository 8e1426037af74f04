"""An enrolled phone without a browser: over real HTTP it sends what a test likes, also what no phone would send."""

import json
import socket
from typing import Any
from uuid import UUID

import httpx
import msgspec

from server import clock
from sync.protocol.exchange import FileNil
from tests.support.ronda import Ronda

JSON = {"Content-Type": "application/json"}


class Phone:
    """An enrolled phone, which sends what a test likes."""

    def __init__(self, ronda: Ronda, officer: str) -> None:
        self.http = httpx.Client(base_url=ronda.origin, headers=JSON)
        self.port = ronda.port
        self.secret = clock.new_secret()
        code = ronda.run("enrol", officer, "--no-qr").split("kode=")[1].strip()
        self.enrolment = {"code": code, "device_id": str(clock.new_id()), "secret": self.secret, "device_name": "HP"}
        enrolled = self.http.post("/api/enrol", json=self.enrolment)
        assert enrolled.status_code == 200, enrolled.text
        self.scope = enrolled.json()["scope"]
        self.rt = UUID(self.scope["areas"][0]["area_id"])

    def send(self, body: bytes | dict[str, Any], **headers: str) -> httpx.Response:
        """The answer of /api/exchange."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post("/api/exchange", content=content, headers=self.authorized | headers)

    @property
    def authorized(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def known(self) -> dict[str, dict[str, Any]]:
        """All records that the phone may see, by id, as a phone hears of them that has seen none."""
        found: dict[str, dict[str, Any]] = {}
        cursor, more = "", True
        while more:
            answer = self.send(self.request() | {"cursor": cursor}).json()
            found |= {change["record_id"]: change for change in answer["changes"]}
            cursor, more = answer["cursor"], answer["more"]
        return found

    def exchange(self, *mutations: Any) -> list[dict[str, Any]]:
        """The outcomes of some mutations; one given as text is sent as it is."""
        texts = [one if isinstance(one, str) else json.dumps(one) for one in mutations]
        body = f'{{"protocol":1,"now":{clock.now()},"mutations":[{",".join(texts)}]}}'
        answer = self.send(body.encode("utf-8", "surrogatepass"))
        assert answer.status_code == 200, answer.text
        outcomes: list[dict[str, Any]] = answer.json()["outcomes"]
        return outcomes

    def send_raw(self, sent: bytes, *, and_hang_up: bool = False) -> bytes:
        """What the server answers to some bytes, on a connection of their own: once, or nothing."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(sent)
            if and_hang_up:
                return b""
            head = b""
            while b"\r\n\r\n" not in head and (some := connection.recv(65536)):
                head += some
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            body = head.partition(b"\r\n\r\n")[2]
            while len(body) < length and (some := connection.recv(65536)):
                head, body = head + some, body + some
            return head

    def nil(self, area: UUID | None = None) -> dict[str, Any]:
        made: dict[str, Any] = msgspec.to_builtins(
            FileNil(clock.new_id(), clock.new_id(), area or self.rt, clock.now())
        )
        return made

    def report(self, **groups: Any) -> dict[str, Any]:
        """A report begun with some groups."""
        return self.nil() | {"kind": "report", "changes": groups}

    def request(self, *mutations: Any) -> dict[str, Any]:
        return {"protocol": 1, "now": clock.now(), "mutations": list(mutations)}


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that must be a problem."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]

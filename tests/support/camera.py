"""A phone that brings photos over HTTP as a test likes."""

from typing import Any, Final

import httpx

from tests.support.caller import Phone
from tests.support.pictures import digest
from tests.support.ronda import Ronda

CHUNK: Final = 64 * 1024
OCTETS: Final = "application/octet-stream"


class Camera:
    """A phone that takes photos."""

    def __init__(self, ronda: Ronda, officer: str) -> None:
        self.phone = Phone(ronda, officer)
        self.http = httpx.Client(
            base_url=ronda.origin, headers={"Authorization": f"Bearer {self.phone.secret}"}, timeout=60
        )

    def put(self, name: str, content: bytes, start: int, length: int, **headers: str) -> httpx.Response:
        extent = {"Upload-Offset": str(start), "Upload-Length": str(length), "Content-Type": OCTETS}
        return self.http.put(f"/api/photos/{name}", content=content, headers=extent | headers)

    def bring(self, content: bytes, name: str = "", size: int = CHUNK) -> httpx.Response:
        """Send a photo chunk by chunk; the last answer, or the first that refuses."""
        name = name or digest(content)
        for start in range(0, len(content), size):
            answer = self.put(name, content[start : start + size], start, len(content))
            if answer.is_error:
                break
        return answer

    def progress(self, name: str) -> tuple[str, str]:
        headers = self.http.head(f"/api/photos/{name}").headers
        return headers["upload-offset"], headers["upload-complete"]

    def get(self, name: str) -> httpx.Response:
        return self.http.get(f"/api/photos/{name}")

    def report(self, *names: str) -> dict[str, Any]:
        """File a report that names photos; its outcome."""
        mutation = self.phone.nil() | {"kind": "report", "changes": {"note": "card", "photos": list(names)}}
        outcome: dict[str, Any] = self.phone.send(self.phone.request(mutation)).json()["outcomes"][0]
        return outcome

    def named(self, content: bytes) -> bytes:
        """Bring a photo that a report names; what the server shows of it."""
        assert self.bring(content).headers["upload-complete"] == "?1"
        self.report(digest(content))
        return self.get(digest(content)).content

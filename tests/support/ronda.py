"""The real `ronda` in processes of its own, with an empty database of its own.

with Ronda(folder, RONDA_PUSH_HOSTS="localhost:1234") as ronda:
    ronda.run("application", "list")     one command, its output
    server = ronda.start_server()        a process, to be stopped or killed as a test likes
    worker = ronda.start_worker()
"""

import os
import socket
import subprocess
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Final, Self
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.waiting import wait_for

ROOT: Final = Path(__file__).parent.parent.parent
COMMAND: Final = [sys.executable, "-c", "from server.cli import main; main()"]

Process = subprocess.Popen[bytes]


class Ronda:
    """One installation; `settings` are variables of the environment beside those that make it a stranger to others."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        others = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        own = {"RONDA_VAR": str(folder / "var"), "RONDA_ORIGIN": self.origin, "RONDA_PWA": str(ROOT / "pwa" / "dist")}
        self._environment = others | own | settings
        self.database_url = settings.get("RONDA_DATABASE_URL", f"sqlite:///{folder / 'var' / 'ronda.db'}")
        self._processes: list[Process] = []

    def __enter__(self) -> Self:
        self.run("migrate")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def run(self, *arguments: str) -> str:
        """What a command prints; fails with what it complains about."""
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_server(self) -> Process:
        """A server that answers at /health."""
        server = self._start("serve", "--port", str(self.port))
        wait_for(lambda: server.poll() is not None or self._is_healthy())
        assert server.poll() is None, self.log("serve")
        return server

    def start_worker(self) -> Process:
        return self._start("worker")

    def log(self, command: str) -> str:
        """What the processes of a command have written."""
        return (self.folder / f"{command}.log").read_text()

    def _start(self, command: str, *arguments: str) -> Process:
        with (self.folder / f"{command}.log").open("ab") as log:
            process = subprocess.Popen(
                [*COMMAND, command, *arguments], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        self._processes.append(process)
        return process

    def _is_healthy(self) -> bool:
        try:
            with urlopen(f"{self.origin}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, HTTPException, OSError):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

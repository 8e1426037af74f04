"""The same documents through PouchDB and express-pouchdb, for scale: 10,000 of them, batches of 100, 8 clients.

Goals: three times its documents for a second of the server's CPU in sending, five times in pulling. Semantics differ,
and `NOTE` says how. It needs npm and a registry once: versions are pinned, and lie in a folder outside of the project.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final, Self
from uuid import UUID

import msgspec

from tests.bench import machine
from tests.bench.bodies import FULL
from tests.bench.city import phones
from tests.bench.house import DATABASES, House, Load, Served, answers, postgres
from tests.bench.load import Slice
from tests.bench.rows import Row, at_least, told
from tests.support.ronda import free_port
from tests.support.waiting import wait_for

PACKAGES: Final = ("express-pouchdb@4.2.0", "pouchdb@9.0.0", "express@4.21.2")
SCRIPTS: Final = Path(__file__).parent / "pouch"
CLIENTS: Final = 8
DOCUMENTS: Final = 10_000
BATCH: Final = 100
PULLS: Final = 3
SENDING: Final = 3.0
PULLING: Final = 5.0
NOTE: Final = """\
peer: PouchDB merges nothing: of two edits of a document one wins whole and the other waits as a revision for a person;
it keeps no receipt of a mutation, no window and no scope, and answers before the disk has the document. Ronda merges
by group, stores record, version, receipt and feed in one transaction, and answers after its fsync. PouchDB's client
checks what the server lacks before it sends; Ronda's sends. Each client has a database of its own there, an RT here."""


def measure(short: bool) -> Iterator[Row]:
    if not shutil.which("npm"):
        return
    documents = 1_600 if short else DOCUMENTS
    sent, pulled = _pouchdb(documents)
    yield told("peer.pouchdb.sent", sent, "documents for a second of server CPU")
    yield told("peer.pouchdb.pulled", pulled, "documents for a second of server CPU")
    with postgres() as database:
        for name in DATABASES:
            own = database if name == "postgresql" else None
            with TemporaryDirectory(prefix="ronda-bench-") as folder, House(Path(folder), own) as house:
                yield from _rows(name, house.serve(), documents, sent, pulled)


def _rows(name: str, server: Served, documents: int, pouch_sent: float, pouch_pulled: float) -> Iterator[Row]:
    """What ours does; PostgreSQL's CPU counts with the server's, as LevelDB's is its server's."""
    batches, rest = divmod(documents // CLIENTS, BATCH)
    orders = [Slice(0, BATCH, CLIENTS)] * batches + [Slice(0, rest, CLIENTS)] * bool(rest)
    with Load(server, CLIENTS, "zstd") as load:
        load.slice(Slice(0, 0, CLIENTS))
        spent = [load.slice(order) for order in orders]
        sent = documents / sum(part.server + part.database for part in spent)
        pulls = [load.slice(Slice(0, 0, CLIENTS, whole=True)) for _ in range(PULLS)]
    assert all(pull.told.records == documents for pull in pulls), "a pull missed records"
    pulled = documents * PULLS / sum(pull.server + pull.database for pull in pulls)
    yield told(f"peer.{name}.sent", sent, "documents for a second of server CPU")
    yield told(f"peer.{name}.pulled", pulled, "documents for a second of server CPU")
    yield at_least(f"peer.{name}.sending", sent / pouch_sent, "times PouchDB's", SENDING)
    yield at_least(f"peer.{name}.pulling", pulled / pouch_pulled, "times PouchDB's", PULLING)


def _pouchdb(documents: int) -> tuple[float, float]:
    """Documents sent and pulled for a second of its server's CPU."""
    modules = _installed()
    with TemporaryDirectory(prefix="ronda-bench-") as folder:
        file = Path(folder) / "documents.json"
        file.write_text(json.dumps([_document(number) for number in range(documents)]))
        with (
            _pouch_server(modules, Path(folder)) as server,
            Clients(modules, Path(folder), server.port, file) as clients,
        ):
            sent = _spent(server, clients, "send", documents)
            pulled = sum(_spent(server, clients, "pull", documents) for _ in range(PULLS))
    return documents / sent, documents * PULLS / pulled


def _installed() -> Path:
    """The packages, outside of the project; installed once."""
    folder = Path(gettempdir()) / f"ronda-bench-{'-'.join(PACKAGES).replace('@', '-')}"
    done = folder / "installed"
    if not done.exists():
        folder.mkdir(exist_ok=True)
        options = ["--prefix", str(folder), "--silent", "--no-audit", "--no-fund"]
        subprocess.run(["npm", "install", *options, *PACKAGES], check=True, stdout=subprocess.DEVNULL)
        done.touch()
    return folder / "node_modules"


def _document(number: int) -> dict[str, object]:
    """What a mutation of ours holds, as a document."""
    area_id = phones()[number % CLIENTS].area_id
    own = UUID(int=0x0190 << 112 | 0x7 << 76 | (number * 2654435761) % 2**32)
    head = {"_id": str(own), "kind": "report", "area_id": str(area_id)}
    body: dict[str, object] = msgspec.to_builtins(FULL)
    return head | {"captured_at": 1_767_580_000_000 + number} | body


@contextmanager
def _pouch_server(modules: Path, folder: Path) -> Iterator[Served]:
    port = free_port()
    (folder / "server").mkdir()
    process = _node(modules, "server.cjs", str(folder / "server"), str(port))
    try:
        wait_for(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/"))
        machine.pin(process.pid, machine.server_core())
        yield Served(process.pid, port)
    finally:
        process.kill()
        process.wait()


def _node(modules: Path, script: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["node", str(SCRIPTS / script), *arguments],
        env=os.environ | {"NODE_PATH": str(modules)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


class Clients:
    """PouchDB's clients, in a process of their own."""

    def __init__(self, modules: Path, folder: Path, port: int, documents: Path) -> None:
        (folder / "clients").mkdir()
        self._process = _node(modules, "clients.cjs", str(folder / "clients"), str(port), str(documents), str(CLIENTS))
        machine.pin(self._process.pid, machine.other_core())

    def __enter__(self) -> Self:
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def do(self, order: str) -> int:
        """Run `send` or `pull` on all clients; the number of documents that were written."""
        assert self._process.stdin
        self._process.stdin.write(order.encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


def _spent(server: Served, clients: Clients, order: str, documents: int) -> float:
    before = server.cpu()
    done = clients.do(order)
    assert done == documents, f"PouchDB did {done} of {documents}"
    return server.cpu() - before

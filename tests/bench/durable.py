"""Whether an answer leaves only after what it acknowledges is on the disk: seen from outside, by strace.

Phones ask one after another. Between the arrival of a request and the departure of its answer a process of the server
or of its database must have finished an fsync of something, or the answer counts as early. The settings are read
back too, as a database tells them.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, text

from tests.bench import machine
from tests.bench.house import House, Load, Served
from tests.bench.load import Slice
from tests.bench.rows import Row, exactly, told
from tests.support.waiting import wait_for

PHONES: Final = 50
_CALLS: Final = "trace=read,recvfrom,write,writev,sendto,sendmsg,fsync,fdatasync"
_REQUEST: Final = "POST /api/exchange"
_ANSWER: Final = "HTTP/1.1 200"
_SYNCED: Final = re.compile(r"\b(fdatasync|fsync)(\(.*\)| resumed>.*\)) += 0$")


def durable(name: str, house: House, server: Served) -> Iterator[Row]:
    """Rows of a house whose server runs. Without strace only the settings are told."""
    if name == "sqlite":
        # Read from a connection of the engine that the server opens.
        level = house.in_database(_synchronous)
        yield exactly("exchange.sqlite.synchronous", level, "PRAGMA synchronous, 2 is FULL", 2)
    elif house.postgres:
        for setting in ("synchronous_commit", "fsync"):
            is_on = house.postgres.setting(setting) == "on"
            yield exactly(f"exchange.postgresql.{setting}", is_on, "1 is on", 1)
    if shutil.which("strace"):
        answers, early = _watch(house, server)
        yield told(f"exchange.{name}.watched", answers, "answers under strace")
        yield exactly(f"exchange.{name}.early", early, "answers before an fsync", 0)


def _synchronous(conn: Connection) -> int:
    return int(conn.execute(text("pragma synchronous")).scalar_one())


def _watch(house: House, server: Served) -> tuple[int, int]:
    """How many answers were seen, and how many of them left before an fsync."""
    pids = [server.pid]
    if house.postgres:
        pids += [house.postgres.pid, *machine.children(house.postgres.pid)]
    with TemporaryDirectory(prefix="ronda-bench-") as folder:
        trace = Path(folder) / "trace"
        command = ["strace", "-f", "-qq", "-s", "20", "-e", _CALLS, "-o", str(trace)]
        watcher = subprocess.Popen([*command, *(word for pid in pids for word in ("-p", str(pid)))])
        try:
            wait_for(lambda: all(_is_watched(pid) for pid in pids))
            with Load(server, PHONES) as load:
                load.slice(Slice(0, 1, 1))
        finally:
            watcher.terminate()
            watcher.wait()
        return early_answers(trace.read_text(errors="replace").splitlines())


def _is_watched(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def early_answers(trace: Iterable[str]) -> tuple[int, int]:
    """Of the lines of one strace over all processes: the answers, and those with no finished fsync before them."""
    answers = early = 0
    synced = True
    for line in trace:
        if _REQUEST in line:
            synced = False
        elif _SYNCED.search(line):
            synced = True
        elif _ANSWER in line:
            answers += 1
            early += not synced
    return answers, early

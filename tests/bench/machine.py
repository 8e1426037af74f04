"""The machine: which core does what, what a process has spent, and the conditions that a run is printed with.

Linux only: figures come from /proc. On one core everything shares it, and the head says so.
"""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pysqlite3

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_LIBRARIES: Final = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "sqlalchemy", "asyncpg")


def cores() -> list[int]:
    """The cores that this run may use."""
    return sorted(os.sched_getaffinity(0))


def server_core() -> int:
    """The server has this one for itself."""
    return cores()[0]


def other_core() -> int:
    """The load generator and PostgreSQL share this one."""
    return cores()[-1]


def pin(pid: int, *allowed: int) -> None:
    """Keep all threads of a process on some cores; those to come inherit it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), set(allowed))


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has spent, in user and kernel mode, all threads."""
    return sum(_stat(pid)[11:13]) / _TICKS


def cpu_with_children(pid: int) -> float:
    """The same, with that of its children, of those too that have ended: PostgreSQL with all its backends."""
    own = sum(_stat(pid)[11:15])
    return (own + sum(sum(_stat(child)[11:13]) for child in children(pid))) / _TICKS


def children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                if _stat(int(path.name))[1] == pid:
                    found.append(int(path.name))
            except FileNotFoundError:
                continue  # It ended while we looked.
    return found


def _stat(pid: int) -> list[int]:
    """The numbers of /proc/PID/stat from the third field on; the state, a letter, counts as 0."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return [int(word) if word.lstrip("-").isdigit() else 0 for word in text.rpartition(")")[2].split()]


def conditions(postgresql: str) -> dict[str, str]:
    """What the figures depend on. `postgresql` is the version that the server itself tells."""
    return {
        "cores": str(len(cores())),
        "processor": _processor(),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "sqlite": f"{pysqlite3.sqlite_version} (the standard library's {sqlite3.sqlite_version} is not used)",
        "postgresql": postgresql,
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")

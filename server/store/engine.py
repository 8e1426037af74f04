"""One interface to both databases: `await db.read(fn, ...)` and `await db.write(fn, ...)`, one transaction each.

SQLite has one writer thread, so that a write never waits for a lock that another write of this process holds.
PostgreSQL is spoken to through asyncpg; the synchronous functions of the store run by `run_sync`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine, bindparam, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import col

from server.tables.areas import Feed
from sync.errors import Busy, Code

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Connection, P], T]

# SQLite 3.7.0 to 3.51.2 may corrupt a database in WAL mode when a checkpoint meets a reset.
_FIRST_SOUND_SQLITE: Final = (3, 51, 3)
_READERS: Final = 4
# Classes of SQLSTATE: no connection, no room, and a server that stops, starts or recovers. asyncpg's other errors of
# these kinds reach us without a type of their own.
_AWAY: Final = ("08", "53", "57P")


class Database(ABC):
    """A pool of connections and the rules of its transactions.

    A database that is not there raises `sync.errors.Busy`; its other errors are SQLAlchemy's.
    """

    @abstractmethod
    async def read(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a transaction that writes nothing and sees one state of the database."""

    @abstractmethod
    async def write(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a transaction; when this returns, what it wrote is durable."""

    @abstractmethod
    async def close(self) -> None:
        """Wait for what runs, then let all connections go."""


class SqliteDatabase(Database):
    def __init__(self, path: Path) -> None:
        self._engine = sqlite_engine(path)
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-reader")

    async def read(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._readers, "BEGIN", work, *args, **kwargs)

    async def write(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._writer, "BEGIN IMMEDIATE", work, *args, **kwargs)

    async def _run(
        self, pool: ThreadPoolExecutor, begin: str, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def transaction() -> T:
            with self._engine.connect().execution_options(begin=begin) as conn, conn.begin():
                return work(conn, *args, **kwargs)

        with _busy_when_away():
            return await asyncio.get_running_loop().run_in_executor(pool, transaction)

    async def close(self) -> None:
        for pool in (self._writer, self._readers):
            await asyncio.to_thread(pool.shutdown)
        self._engine.dispose()


class PostgresDatabase(Database):
    def __init__(self, url: str, pool_size: int = 8) -> None:
        self._engine: AsyncEngine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True)

    async def read(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        with _busy_when_away():
            async with self._engine.connect() as conn:
                # One snapshot for all statements, as SQLite has it.
                await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                return await conn.run_sync(work, *args, **kwargs)

    async def write(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        with _busy_when_away():
            async with self._engine.begin() as conn:
                return await conn.run_sync(work, *args, **kwargs)

    async def close(self) -> None:
        await self._engine.dispose()


@contextmanager
def _busy_when_away() -> Iterator[None]:
    try:
        yield
    except (PoolTimeout, OSError) as error:
        raise Busy(Code.busy) from error
    except DBAPIError as error:
        if _is_away(error):
            raise Busy(Code.busy) from error
        raise


def _is_away(error: DBAPIError) -> bool:
    """Whether the database could not work, rather than would not: a fault of ours must not look like an outage."""
    if str(getattr(error.orig, "sqlstate", None)).startswith(_AWAY):
        return True
    wrong = getattr(error.orig, "sqlite_errorcode", None) == sqlite.SQLITE_ERROR
    return not wrong and (error.connection_invalidated or isinstance(error, OperationalError | InterfaceError))


def open_database(url: str) -> Database:
    """A database by its URL: `sqlite:///path` or `postgresql://…`. Raises RuntimeError on an affected SQLite."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///")))
    return PostgresDatabase(async_url(url))


def async_url(url: str) -> str:
    """The URL of PostgreSQL as SQLAlchemy names it for asyncpg."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


def sqlite_engine(path: Path) -> Engine:
    """An engine that writes durably (WAL, synchronous=FULL) and begins its transactions itself."""
    if sqlite.sqlite_version_info < _FIRST_SOUND_SQLITE:
        raise RuntimeError(f"SQLite {sqlite.sqlite_version} may corrupt a WAL database; 3.51.3 or newer is needed")
    engine = create_engine(f"sqlite:///{path}", module=sqlite, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(conn: Connection) -> None:
    conn.exec_driver_sql(conn.get_execution_options().get("begin", "BEGIN IMMEDIATE"))


_LOCK: Final = (
    select(col(Feed.feed_id), col(Feed.seq))
    .where(col(Feed.feed_id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Feed.feed_id))
    .with_for_update()
)


def lock_feeds(conn: Connection, feed_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Lock feeds in the order of their ids and read their counters after the lock (SPEC M16)."""
    rows = conn.execute(_LOCK, {"ids": list(set(feed_ids))})
    return {row.feed_id: row.seq for row in rows}


def lock_window(conn: Connection, window: str, *, shared: bool) -> None:
    """Hold the window until the transaction ends: writers share it, the sealer has it alone (SPEC B5).

    SQLite has one writer at a time anyway.
    """
    if conn.dialect.name == "postgresql":
        lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        conn.execute(text(f"select {lock}(hashtextextended(:window, 0))"), {"window": window})

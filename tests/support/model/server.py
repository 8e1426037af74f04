"""The server of the model: its real store functions and queue on a real database, which can be set back and can fail.

`Server.serve` is the one way in. It takes requests as bytes and gives answers as JSON, as the route does.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

import msgspec
import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, insert, text
from sqlmodel import SQLModel

from server.routes.phones import decode_exchange
from server.store.answers import Terms
from server.store.engine import Database, Work, open_database, sqlite_engine
from server.store.exchange import Job
from server.store.schema import begin_epoch, migrate
from server.store.writer import ExchangeWriter
from sync.errors import Busy, Code
from sync.intake import read
from tests.support.model import city
from tests.support.model.phone import Json, Request

P = ParamSpec("P")
T = TypeVar("T")

FIRST_EPOCH: Final = "epoch 1"
TERMS: Final = Terms(city.SCHEDULE, 7 * city.DAY)


class Faulty(Database):
    """A database that can be away, and whose connection can break around the next commit or in the next read."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.away = False
        self.breaks = ""

    async def read(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        if self.away or self._breaks("in the read"):
            raise Busy(Code.busy)
        return await self._inner.read(work, *args, **kwargs)

    async def write(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        if self.away or self._breaks("before the commit"):
            raise Busy(Code.busy)
        done = await self._inner.write(work, *args, **kwargs)
        if self._breaks("after the commit"):
            raise Busy(Code.busy)
        return done

    def _breaks(self, when: str) -> bool:
        now = self.breaks == when
        self.breaks = "" if now else self.breaks
        return now

    async def close(self) -> None:
        await self._inner.close()


class Server(ABC):
    """One life after another of one database."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.db = Faulty(inner)
        self.epoch = FIRST_EPOCH
        self._runner = asyncio.Runner()
        self._writer = ExchangeWriter(self.db, TERMS)
        self._salts = 0

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Look at the database, whatever its troubles."""
        return self._runner.run(self._inner.read(work, *args, **kwargs))

    def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._runner.run(self.db.write(work, *args, **kwargs))

    def serve(self, requests: Sequence[Request], now: int) -> list[Json | None]:
        """The answers to requests that arrive together; None where the phone was told to come again."""
        return self._runner.run(self._serve(requests, now))

    async def _serve(self, requests: Sequence[Request], now: int) -> list[Json | None]:
        jobs = [self._job(request, now) for request in requests]
        answers = await asyncio.gather(*map(self._writer.submit, jobs), return_exceptions=True)
        return [_json(answer) for answer in answers]

    def _job(self, request: Request, now: int) -> Job:
        asked = decode_exchange(request.body.encode())
        incoming = tuple(read(bytes(raw)) for raw in asked.mutations)
        salts = tuple(self.new_salt() for _ in incoming)
        return Job(
            secret_hash=city.secret(request.phone),
            phone_now=asked.now,
            now=now,
            cursor=asked.cursor,
            incoming=incoming,
            salts=salts,
            check=asked.check,
            version=asked.protocol,
        )

    def new_salt(self) -> bytes:
        self._salts += 1
        return self._salts.to_bytes(16)

    @abstractmethod
    def snapshot(self) -> Any:
        """A backup."""

    @abstractmethod
    def _put_back(self, backup: Any) -> None: ...

    def restore(self, backup: Any, epoch: str) -> None:
        """Begin a new life from a backup, as an operator does."""
        self._put_back(backup)
        self.write(begin_epoch, epoch)
        self.epoch = epoch
        self._writer = ExchangeWriter(self.db, TERMS)

    def close(self) -> None:
        self._runner.run(self.db.close())
        self._runner.close()


def _json(answer: object) -> Json | None:
    if isinstance(answer, Busy):
        return None
    if isinstance(answer, BaseException):
        raise answer
    found: Json = msgspec.json.decode(msgspec.json.encode(answer))
    return found


class _Inline(Database):
    """SQLite in memory, without threads: what is awaited is done at once."""

    def __init__(self) -> None:
        self.engine = sqlite_engine(Path(":memory:"))

    async def read(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        with self.engine.connect().execution_options(begin="BEGIN") as conn, conn.begin():
            return work(conn, *args, **kwargs)

    async def write(self, work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
        with self.engine.begin() as conn:
            return work(conn, *args, **kwargs)

    async def close(self) -> None:
        self.engine.dispose()


class SqliteServer(Server):
    _template: ClassVar[Any] = None

    def __init__(self) -> None:
        self._inline = _Inline()
        super().__init__(self._inline)
        if SqliteServer._template is None:
            self.write(migrate, FIRST_EPOCH)
            self.write(city.build)
            SqliteServer._template = self.snapshot()
        self._put_back(SqliteServer._template)

    def snapshot(self) -> Any:
        copy = sqlite.connect(":memory:")
        self._raw().backup(copy)
        return copy

    def _put_back(self, backup: Any) -> None:
        backup.backup(self._raw())

    def _raw(self) -> Any:
        return self._inline.engine.raw_connection().driver_connection


class PostgresServer(Server):
    """`url` names a database that is at the newest schema; each world begins with it as it was at first."""

    _templates: ClassVar[dict[str, Any]] = {}

    def __init__(self, url: str) -> None:
        super().__init__(open_database(url))
        # What a run that was cut short left behind.
        self.write(lift)
        if url not in PostgresServer._templates:
            self.write(begin_epoch, FIRST_EPOCH)
            self.write(city.build)
            PostgresServer._templates[url] = self.snapshot()
        self._put_back(PostgresServer._templates[url])

    def snapshot(self) -> Any:
        return self.read(_rows)

    def _put_back(self, backup: Any) -> None:
        self.write(_fill, backup)


def _rows(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    tables = SQLModel.metadata.sorted_tables
    return {table.name: [dict(row) for row in conn.execute(table.select()).mappings()] for table in tables}


def _fill(conn: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    tables = SQLModel.metadata.sorted_tables
    # A backup is put back below the triggers that guard sealed batches.
    conn.execute(text("set local session_replication_role = replica"))
    conn.execute(text(f"truncate {', '.join(table.name for table in tables)}"))
    for table in tables:
        if found := rows.get(table.name):
            conn.execute(insert(table), found)


def curse(conn: Connection, record_id: UUID) -> None:
    """The database refuses new versions of one record, as a fault of ours would make it."""
    if conn.dialect.name == "sqlite":
        fault = f"new.record_id = '{record_id.hex}' begin select raise(abort, 'fault'); end"
        conn.execute(text(f"create trigger curse before insert on versions when {fault}"))
    else:
        check = f"check (record_id <> '{record_id}') not valid"
        conn.execute(text(f"alter table versions add constraint curse {check}"))


def lift(conn: Connection) -> None:
    sqlite_ = conn.dialect.name == "sqlite"
    conn.execute(text("drop trigger curse" if sqlite_ else "alter table versions drop constraint if exists curse"))

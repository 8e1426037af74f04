"""The schema of both databases is what the tables say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from server.store.engine import Database
from server.store.schema import begin_epoch, migrate

pytestmark = pytest.mark.anyio


async def test_the_migrations_make_what_the_tables_describe(database: Database) -> None:
    def differences(conn: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(conn), SQLModel.metadata))

    assert await database.write(differences) == []


async def test_M17_migrating_again_keeps_the_epoch_and_a_restore_begins_another(database: Database) -> None:
    def epoch(conn: Connection) -> str:
        return str(conn.execute(text("select value from meta where key = 'epoch'")).scalar_one())

    before = await database.read(epoch)
    await database.write(migrate, "another")
    assert await database.read(epoch) == before
    await database.write(begin_epoch, "after the restore")
    assert await database.read(epoch) == "after the restore"

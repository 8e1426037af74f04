"""The schema is made by the migrations alone, and a database knows which life it lives (SPEC M17)."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, delete, insert, select
from sqlmodel import col

from server.tables.areas import Meta

_SCRIPTS: Final = Path(__file__).parent.parent / "migrations"


def migrate(conn: Connection, epoch: str) -> None:
    """Bring the schema to the newest version; a new database begins the given epoch."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    if conn.execute(select(col(Meta.value)).where(col(Meta.key) == "epoch")).first() is None:
        begin_epoch(conn, epoch)


def begin_epoch(conn: Connection, epoch: str) -> None:
    """Begin a new life, as after a restore: each phone starts over and sends again what the backup does not hold."""
    conn.execute(delete(Meta).where(col(Meta.key) == "epoch"))
    conn.execute(insert(Meta).values(key="epoch", value=epoch))

"""`ronda migrate`, `ronda restored`: the life of the database."""

import rich_click as click

from server import clock
from server.cli.context import in_database, settings
from server.secrets import private_folder
from server.store.schema import begin_epoch
from server.store.schema import migrate as migrate_schema


@click.command("migrate")
def migrate() -> None:
    """Make the database, or bring it to the newest schema. Running it again changes nothing."""
    private_folder(settings().secrets)
    in_database(migrate_schema, clock.new_id().hex)
    click.echo("The schema is up to date.")


@click.command("restored")
def restored() -> None:
    """Say that the database was restored from a backup: each phone starts over and sends again what is missing."""
    in_database(begin_epoch, clock.new_id().hex)
    click.echo("A new epoch has begun.")

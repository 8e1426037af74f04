"""`ronda demo`, `ronda seed`: a made-up city to look at."""

import asyncio

import rich_click as click

from server.cli.context import settings
from server.demo.run import PortTaken, run, seeded_page
from server.demo.seed import NotADemo


@click.command("demo")
def demo() -> None:
    """Make a demo in RONDA_VAR where there is none, and serve it: server, worker and mail catcher in one process."""
    try:
        asyncio.run(run(settings()))
    except PortTaken as error:
        raise click.ClickException(
            f"{error} is used by another program. Stop it, or choose another port: "
            "RONDA_ORIGIN=http://127.0.0.1:8001 make run"
        ) from error
    except NotADemo as error:
        raise click.ClickException(str(error)) from error


@click.command("seed")
def seed() -> None:
    """Fill the database with the demo, and print its links, codes and passwords. Again: add what is missing."""
    try:
        click.echo(asyncio.run(seeded_page(settings())))
    except NotADemo as error:
        raise click.ClickException(str(error)) from error

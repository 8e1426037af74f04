"""`ronda openapi`: the document of the API, for whoever writes another client."""

import msgspec
import rich_click as click

from server.app import litestar
from server.auth import cookie_name
from server.cli.context import settings
from server.openapi import document


@click.command("openapi")
def openapi() -> None:
    """Print the OpenAPI document of the API. The server does not serve it."""
    chosen = settings()
    made = document(litestar(chosen), cookie_name(chosen))
    click.echo(msgspec.json.format(msgspec.json.encode(made)).decode())

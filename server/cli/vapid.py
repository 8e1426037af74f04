"""`ronda vapid-keys`: the key by which push services know this server."""

import rich_click as click

from server.cli.context import settings
from server.webpush.vapid import push_key


@click.command("vapid-keys")
def vapid_keys() -> None:
    """Print the public key of Web Push; make the pair when there is none yet."""
    click.echo(push_key(settings().secrets))

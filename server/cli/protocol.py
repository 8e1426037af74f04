"""`ronda protocol`: the wire types of the interface."""

import rich_click as click

from server import wire_types


@click.command("protocol")
def protocol() -> None:
    """Write the TypeScript of the wire structs into the PWA's sources."""
    wire_types.TARGET.write_text(wire_types.typescript(), encoding="utf-8")
    click.echo(f"{wire_types.TARGET.name} is up to date.")

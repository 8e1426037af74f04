"""`ronda enrol`: a one-time code for a phone of an officer."""

import rich_click as click
import segno

from server import clock
from server.cli.context import in_database, settings
from server.secrets import hashed, new_code, plain_code
from server.store.devices import add_code
from server.store.people import officers_named


@click.command("enrol")
@click.argument("officer")
@click.option(
    "--minutes", default=60, show_default=True, type=click.IntRange(1, 60 * 24 * 30), help="How long it works."
)
@click.option("--qr/--no-qr", default=True, help="Show the link as a QR code, too.")
def enrol(officer: str, minutes: int, qr: bool) -> None:
    """Print a link that enrols one phone for OFFICER, once. OFFICER is the beginning of a name or of an id."""
    found = in_database(officers_named, officer)
    if len(found) != 1:
        names = ", ".join(name for _, name, _ in found[:10]) or "nobody"
        raise click.ClickException(f"{officer!r} must name one officer; it names {names}")
    code = new_code()
    in_database(add_code, hashed(plain_code(code)), found[0][0], clock.now() + minutes * 60_000)
    link = f"{settings().origin}/petugas/#kode={code}"
    click.echo(f"{found[0][1]}: {link}")
    if qr:
        segno.make(link).terminal(compact=True)

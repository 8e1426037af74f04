"""`ronda application`: the counter without a browser, through the same functions of the store."""

from datetime import datetime

import rich_click as click
import segno

from server import clock
from server.cli.context import in_database, settings
from server.secrets import hashed, new_link_token
from server.store import applications
from server.store.applications import Booking
from server.workdays import today
from sync.protocol.passports import Event, Service


@click.group("application")
def application() -> None:
    """Passport applications: add one, move one, list them."""


@application.command("new")
@click.argument("number")
@click.argument("name")
@click.option("--visit", type=click.DateTime(["%Y-%m-%d"]), help="Day of the first visit; today if not given.")
@click.option("--service", type=click.Choice([service.value for service in Service]), default="regular")
@click.option("--qr", is_flag=True, help="Show the link as a QR code, too.")
def new(number: str, name: str, visit: datetime | None, service: str, qr: bool) -> None:
    """Add the application NUMBER of NAME, and print the applicant's secret link. It is shown this once."""
    token, present = new_link_token(), today(settings().timezone)
    day = visit.date() if visit else present.day
    booking = Booking(clock.new_id(), number, name, Service(service), day, hashed(token))
    in_database(applications.book, booking, present)
    link = f"{settings().origin}/paspor/#t={token}"
    click.echo(link)
    if qr:
        segno.make(link).terminal(compact=True)


@application.command("event")
@click.argument("number")
@click.argument("event", type=click.Choice([event.value for event in Event]))
@click.option("--reason", default="", help="What the applicant reads about it.")
def happen(number: str, event: str, reason: str) -> None:
    """Apply EVENT to the application NUMBER; `finish` makes it ready, and its applicant is told."""
    application_id = in_database(applications.id_of_number, number)
    present = today(settings().timezone)
    row = in_database(applications.move, application_id, Event(event), reason, present, clock.new_id)
    click.echo(f"{row.number}: {row.state}, promised on {row.promised_on}")


@application.command("list")
def listed() -> None:
    """List the applications, latest visits first, without names."""
    for row in in_database(applications.counter_rows):
        possible = " ".join(row.allowed) or "nothing"
        click.echo(f"{row.number}  {row.state:10}  visit {row.visit_on}  possible: {possible}")

"""`ronda officers`: who heads which RT or RW."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import rich_click as click

from server import clock, register
from server.cli.areas import CSV
from server.cli.context import DAY, applied, day_shown, day_start, file_in_database, in_database, settings
from server.store import officers as store
from server.store.areas import id_of_code
from server.store.officers import Assigning, Held
from server.store.people import officers_named
from sync.windows import local_day


def the_officer(name: str) -> UUID:
    """The officer whose name or id begins so. Ends the command when it is not one."""
    found = in_database(officers_named, name)
    if len(found) != 1:
        names = ", ".join(f"{name} ({officer_id})" for officer_id, name, _ in found[:10]) or "nobody"
        raise click.ClickException(f"{name!r} must name one officer; it names {names}")
    return found[0][0]


@click.group("officers")
def officers() -> None:
    """Heads of RT and RW: import them, give them an area, list them."""


@officers.command("import")
@click.argument("file", type=CSV)
@click.option("--from", "day", type=DAY, help="First day on which they report; today if not given.")
@click.option("--dry-run", is_flag=True, help="Only show who would be added.")
def import_file(file: Path, day: datetime | None, dry_run: bool) -> None:
    """Add the officers of FILE, a CSV with the columns name,role,area.

    A role is rt_head or rw_head, an area the code of an RT or RW. Who has the area already is not added again. Nothing
    is applied when a row is wrong.
    """
    since = day_start(day or datetime.combine(local_day(clock.now(), settings().timezone), datetime.min.time()))
    new = file_in_database(register.officers, file, store.import_officers, since, clock.new_id, not dry_run)
    click.echo(f"{len(new)} new officers")
    click.echo(applied(dry_run))


@officers.command("assign")
@click.argument("officer")
@click.argument("area")
@click.option("--from", "first", type=DAY, required=True, help="First day on which the area is theirs.")
@click.option("--until", type=DAY, help="First day on which it is not theirs any more.")
@click.option("--instead-of", "other", help="The officer who gives the area up on the first day.")
def assign(officer: str, area: str, first: datetime, until: datetime | None, other: str | None) -> None:
    """Give OFFICER the RT or RW with the code AREA. OFFICER is the beginning of a name or of an id."""
    if until is not None and until <= first:
        raise click.BadParameter("must lie after --from", param_hint="--until")
    since, end = day_start(first), day_start(until) if until else None
    instead_of = the_officer(other) if other else None
    wanted = Assigning(the_officer(officer), area, since, end, instead_of)
    new = in_database(store.assign_area, wanted, clock.new_id)
    click.echo("Done." if new else "It was so already.")


@officers.command("list")
@click.option("--area", help="Only those of this area, by its code.")
def listed(area: str | None) -> None:
    """List the officers, their areas from today on, and how many phones they have."""
    area_id = in_database(id_of_code, area, clock.now()) if area else None
    for it in in_database(store.listed, area_id, clock.now()):
        held = ", ".join(map(_shown, it.areas)) or "no area"
        click.echo(f"{it.officer_id}  {it.name}  {it.role}  {held}  phones: {it.phones}")


def _shown(held: Held) -> str:
    since = f" from {day_shown(held.valid_from)}" if held.valid_from > clock.now() else ""
    until = f" until {day_shown(held.valid_to)}" if held.valid_to is not None else ""
    return f"{held.code}{since}{until}"

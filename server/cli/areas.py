"""`ronda areas`: the register of kecamatan, kelurahan, RW and RT, and its changes."""

from datetime import datetime
from pathlib import Path
from typing import Final

import rich_click as click

from server import clock, register
from server.cli.context import DAY, applied, day_start, file_in_database, settings
from server.store import splitting
from server.store.register import Difference, import_areas
from sync.windows import local_day

MOST_SHOWN: Final = 20
CSV: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("areas")
def areas() -> None:
    """The register of areas: import it, split an area."""


@areas.command("import")
@click.argument("file", type=CSV)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def import_file(file: Path, dry_run: bool) -> None:
    """Add the areas of FILE, a CSV with the columns code,level,name,parent_code.

    Levels are kota, kecamatan, kelurahan, rw and rt; the name of an RW or RT is its three digits. Areas that exist get
    the name of the file. Areas that the file leaves out stay. Nothing is applied when a row is wrong.
    """
    difference = file_in_database(register.areas, file, import_areas, clock.now(), clock.new_id, not dry_run)
    _show(difference)
    click.echo(applied(dry_run))


def _show(difference: Difference) -> None:
    _list("new", [f"{row.code}  {row.level} {row.name}" for row in difference.new])
    _list("renamed", [f"{code}  {before} -> {after}" for code, before, after in difference.renamed])
    _list("not in the file, and left as they are", list(difference.missing))


def _list(title: str, lines: list[str]) -> None:
    click.echo(f"{len(lines)} {title}")
    for line in lines[:MOST_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > MOST_SHOWN:
        click.echo(f"  and {len(lines) - MOST_SHOWN} more")


@areas.command("split")
@click.argument("plan", type=CSV)
@click.option("--on", "day", type=DAY, required=True, help="First day of the successors; today or later.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def split(plan: Path, day: datetime, dry_run: bool) -> None:
    """End areas and let others begin as PLAN says, a CSV with the columns code,level,name,parent_code,before.

    Each row is one successor, with the code of the area that it comes after in `before`. What lies in an area with one
    successor goes along without being named. Officers have the successors from that day on.
    """
    zone = settings().timezone
    if day.date() < local_day(clock.now(), zone):
        raise click.BadParameter("must not have passed", param_hint="--on")
    done = file_in_database(register.split, plan, splitting.split_areas, day_start(day), clock.new_id, not dry_run)
    if done.done:
        click.echo("This plan was applied before.")
        return
    _list("successors", [f"{before} -> {after}" for before, after in done.successors])
    _list("officers go along", [f"{it.officer}: {it.before} -> {', '.join(it.after)}" for it in done.officers])
    if done.users:
        _list("users of the console see an area that ends; give them another: ronda users move", list(done.users))
    click.echo(applied(dry_run))

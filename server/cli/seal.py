"""`ronda seal` and `ronda batches`: batches from the command line."""

from datetime import datetime
from typing import Final

import rich_click as click

from server import clock
from server.cli.context import in_database, settings
from server.settings import SettingsError
from server.store import batches, deliveries, destinations, sealing
from server.store.destinations import Wanted
from server.store.sealing import Sealed
from server.transports.opening import destinations as configured
from sync.batches.header import FIRST
from sync.batches.sealing import verify as check
from sync.windows import MINUTE, window_of

FURTHEST: Final = 7 * 24 * 60 * MINUTE


@click.command("seal")
@click.option("--now", "early", is_flag=True, help="Seal the window that is open, too, before its time.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]), help="Seal what is due then."
)
def seal(early: bool, as_of: datetime | None) -> None:
    """Seal each window that is due, and what came late.

    With --now or --as-of windows are sealed before their time, for a trial: what is captured in them later goes into
    supplements. Nothing is sealed twice.
    """
    until = _until(early, as_of)
    _keep_destinations()
    sealed = _seal_all(until)
    for one in sealed:
        part = f"supplement {one.part}" if one.part else "main"
        click.echo(f"{one.window}  {part}  {one.entries} entries  {one.hash}")
    if not sealed:
        click.echo("Nothing is due." if until else "Nothing is due. The open window can be sealed with --now.")


def _keep_destinations() -> None:
    """A batch is for the destinations of its sealing, also when no worker has run before.

    Where the settings name none, as in a second terminal beside the demo, those of the worker stay.
    """
    try:
        wanted = [Wanted(*one) for one in configured(settings())]
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    if wanted:
        in_database(destinations.keep, wanted)


def _until(early: bool, as_of: datetime | None) -> int | None:
    """The instant that was asked for. Raises BadParameter for one that has passed, or is a slip of the pen."""
    if as_of is not None:
        instant = int(as_of.timestamp()) * 1000
        if not clock.now() < instant <= clock.now() + FURTHEST:
            raise click.BadParameter("must lie within the week to come", param_hint="--as-of")
        return instant
    return window_of(clock.now(), settings().schedule).seals_at if early else None


def _seal_all(until: int | None) -> list[Sealed]:
    found = []
    while sealed := in_database(sealing.seal_next, clock.now(), settings().schedule, 0, until):
        found.append(sealed)
    return found


@click.group("batches")
def batches_group() -> None:
    """Check batches, and send again what failed."""


@batches_group.command("verify")
def verify() -> None:
    """Check each batch: its hash, its entries, and that it names the batch before it."""
    seq, previous, broken = 0, FIRST, 0
    while batch := in_database(batches.at, seq + 1):
        seq += 1
        if faults := check(batch, previous):
            broken += 1
            click.echo(f"batch {seq} is broken: {', '.join(faults)}", err=True)
        previous = batch.hash
    click.echo(f"{seq} batches, {broken} broken")
    if broken:
        raise SystemExit(1)


@batches_group.command("resend")
def resend() -> None:
    """Try deliveries again that a destination refused, once you have seen to why."""
    click.echo(f"{in_database(deliveries.again, clock.now())} deliveries will be tried again")

"""`ronda devices`: the officers' phones."""

import rich_click as click

from server import clock
from server.cli.context import in_database, settings
from server.store import phones
from server.store.areas import id_of_code
from sync.protocol.console import OfficerPhones, PhoneView
from sync.windows import iso


@click.group("devices")
def devices() -> None:
    """Phones of officers: list them, revoke one."""


@devices.command("list")
@click.option("--area", help="Only those of this area, by its code.")
def listed(area: str | None) -> None:
    """List the phones of all officers, with what they said at their last contact."""
    for officer, phone in _phones(area):
        places = ", ".join(f"{place.kelurahan} {place.rw}/{place.rt}" for place in officer.areas) or "no area"
        seen = iso(phone.seen_at, settings().timezone)
        click.echo(f"{phone.device_id}  {phone.standing:7}  {officer.officer}  {places}  seen {seen}  {_rest(phone)}")


@devices.command("revoke")
@click.argument("device")
def revoke(device: str) -> None:
    """Revoke the phone whose id begins with DEVICE.

    At its next contact it hands in what it has not sent, which waits for a decision, and deletes all that it holds.
    """
    found = [(officer, phone) for officer, phone in _phones(None) if str(phone.device_id).startswith(device.lower())]
    if len(found) != 1:
        raise click.ClickException(f"{device!r} must be how the id of one phone begins; {len(found)} begin so")
    [(officer, phone)] = found
    after = in_database(phones.revoke, phone.device_id, in_database(id_of_code, None, clock.now()), clock.now())
    click.echo(f"{officer.officer}: {after.standing}")


def _phones(area: str | None) -> list[tuple[OfficerPhones, PhoneView]]:
    area_id = in_database(id_of_code, area, clock.now())
    return [(it, phone) for it in in_database(phones.listed, area_id, clock.now()) for phone in it.phones]


def _rest(phone: PhoneView) -> str:
    return f"unsent {phone.unsent}  {phone.app}".rstrip()

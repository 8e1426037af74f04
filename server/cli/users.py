"""`ronda users`: who may sign in to the console."""

import rich_click as click

from server import clock
from server.cli.context import in_database
from server.secrets import hash_password, new_password
from server.store import people
from server.store.areas import id_of_code
from sync.protocol.console import ConsoleRole


@click.group("users")
def users() -> None:
    """People who sign in to the console: add one, move one, list them."""


@users.command("add")
@click.argument("username")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in ConsoleRole]), required=True)
@click.option("--area", help="Code of the area that they see; the city if not given.")
def add(username: str, name: str, role: str, area: str | None) -> None:
    """Let NAME sign in as USERNAME, and print the password. It is shown this once."""
    if in_database(people.person_named, username):
        raise click.ClickException(f"there is a user {username} already")
    area_id, password = in_database(id_of_code, area, clock.now()), new_password()
    row = {"user_id": clock.new_id(), "username": username, "name": name, "role": role, "area_id": area_id}
    in_database(people.add_person, row | {"password_hash": hash_password(password)})
    click.echo(password)


@users.command("password")
@click.argument("username")
def password(username: str) -> None:
    """Give USERNAME a new password, and print it; what they have open is signed out."""
    new = new_password()
    if not in_database(people.change_person, username, {"password_hash": hash_password(new)}):
        raise click.ClickException(f"there is no user {username}")
    click.echo(new)


@users.command("move")
@click.argument("username")
@click.argument("area")
def move(username: str, area: str) -> None:
    """Let USERNAME see the area with the code AREA, instead of the one before."""
    area_id = in_database(id_of_code, area, clock.now())
    if not in_database(people.change_person, username, {"area_id": area_id}):
        raise click.ClickException(f"there is no user {username}")
    click.echo("Done.")


@users.command("list")
def listed() -> None:
    """List who may sign in, with role and area."""
    for person in in_database(people.persons):
        click.echo(f"{person.username}  {person.name}  {person.role}  {person.area}")

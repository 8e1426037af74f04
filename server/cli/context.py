"""What every command needs: the settings, and one call of a store function in a transaction of its own."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import rich_click as click

from server.register import BadFile
from server.settings import Settings, SettingsError, load
from server.store.engine import Work, open_database
from sync.errors import Busy, RondaError

P = ParamSpec("P")
T = TypeVar("T")
Rows = TypeVar("Rows")

DAY: Final = click.DateTime(["%Y-%m-%d"])


def settings() -> Settings:
    """The settings of the environment. Ends the command with a message when they cannot be used."""
    try:
        return load(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def in_database(work: "Work[P, T]", *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a store function. A refusal ends the command with its code and sentence."""
    chosen = settings()

    async def call() -> T:
        db = open_database(chosen.url)
        try:
            return await db.write(work, *args, **kwargs)
        finally:
            await db.close()

    try:
        return asyncio.run(call())
    except Busy as error:
        raise click.ClickException("the database cannot be used now; one that is new needs `ronda migrate`") from error
    except RondaError as error:
        raise click.ClickException(f"{error.code}: {error.detail}" if error.detail else error.code) from error


def file_in_database(
    parse: Callable[[bytes], Rows],
    file: Path,
    work: "Work[Concatenate[Rows, P], T]",
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The result of a store function that takes the rows of a file. A bad file ends the command with its faults."""
    try:
        return in_database(work, parse(file.read_bytes()), *args, **kwargs)
    except BadFile as error:
        raise click.ClickException(f"nothing of {file.name} was applied:\n{error}") from error


def applied(dry_run: bool) -> str:
    """The last line of a command that changes something."""
    return "Nothing was changed, as you asked." if dry_run else "Done."


def day_start(day: datetime) -> int:
    """The instant at which a day begins in the city."""
    return int(day.replace(tzinfo=ZoneInfo(settings().timezone)).timestamp()) * 1000


def day_shown(instant: int) -> str:
    """The day of an instant in the city."""
    return datetime.fromtimestamp(instant // 1000, ZoneInfo(settings().timezone)).date().isoformat()

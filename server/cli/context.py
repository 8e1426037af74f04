"""What every command needs: the settings, and one call of a store function in a transaction of its own."""

import asyncio
import os
from typing import ParamSpec, TypeVar

import rich_click as click

from server.settings import Settings, SettingsError, load
from server.store.engine import Work, open_database
from sync.errors import RondaError

P = ParamSpec("P")
T = TypeVar("T")


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
    except RondaError as error:
        raise click.ClickException(f"{error.code}: {error.detail}" if error.detail else error.code) from error

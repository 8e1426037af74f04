"""`ronda worker`: seals, delivers and notifies until it is told to stop."""

import asyncio
import signal

import rich_click as click

from server import worker as worker_module
from server.cli.context import settings
from server.settings import Settings, SettingsError
from server.store.engine import open_database


@click.command("worker")
def worker() -> None:
    """Seal due windows, send batches and notifications, until stopped. Any number of workers may run."""
    try:
        asyncio.run(_work(settings()))
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


async def _work(chosen: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    db = open_database(chosen.url)
    try:
        await worker_module.run(db, chosen, stop)
    finally:
        await db.close()

"""Runs the demo in one process: a mail catcher, the server and the worker, on a database that fills itself.

Must never serve a city: it prints its secrets.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click
import uvicorn
from msgspec.structs import replace

from server import clock, worker
from server.app import create_app
from server.demo import keys, mail
from server.demo.guide import guide
from server.demo.seed import seed
from server.settings import Settings
from server.store.engine import open_database
from server.store.schema import migrate

PAGE: Final = "demo.txt"
DESTINATIONS: Final = "kota=mailto:kota@ronda.example imigrasi=mailto:imigrasi@ronda.example"


class PortTaken(Exception):
    """Another program listens where the demo wants to."""


async def run(settings: Settings) -> None:
    """Serve the demo until it is interrupted. Raises PortTaken, NotADemo."""
    with listening_socket(settings.origin) as listening:
        catcher, port = await mail.serve(settings.var / "mail", ZoneInfo(settings.timezone))
        async with catcher:
            await _serve(with_mail(settings, port), listening)


def listening_socket(origin: str) -> socket.socket:
    """A socket bound to the host and port of `origin`. Raises PortTaken."""
    address = urlsplit(origin)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.hostname, address.port or 80))
    except OSError as error:
        listening.close()
        raise PortTaken(address.netloc) from error
    return listening


def with_mail(settings: Settings, port: int) -> Settings:
    """The settings with the catcher at `port` as the mail server, and two mailboxes unless others are wanted."""
    if settings.destinations:
        return settings
    return replace(settings, destinations=DESTINATIONS, smtp_url=f"smtp://127.0.0.1:{port}")


async def _serve(settings: Settings, listening: socket.socket) -> None:
    page = await seeded_page(settings)
    server = _Server(uvicorn.Config(create_app(settings), log_level="warning", access_log=False, server_header=False))
    stop = _stop_on_signals(server)
    db = open_database(settings.url)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listening]))
            tasks.create_task(worker.run(db, settings, stop))
            click.echo(page)
    finally:
        await db.close()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to the demo, which stops the worker with the server."""
        yield


def _stop_on_signals(server: uvicorn.Server) -> asyncio.Event:
    """The event that is set when the process is asked to end; the server is told as well."""
    stop = asyncio.Event()

    def end(asked: signal.Signals) -> None:
        server.handle_exit(asked, None)
        stop.set()

    for asked in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(asked, end, asked)
    return stop


async def seeded_page(settings: Settings) -> str:
    """Migrate and seed; the page to print, which is kept in a file as well. Raises NotADemo."""
    private = keys.load_or_create(settings.secrets)
    db = open_database(settings.url)
    try:
        await db.write(migrate, clock.new_id().hex)
        page = guide(settings, await seed(db, private, settings.timezone))
    finally:
        await db.close()
    _keep(settings.var / PAGE, page)
    return page


def _keep(path: Path, page: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(page)

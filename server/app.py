"""The Litestar application: routes, what they are given, and the three apps as static files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from server.auth import signed_in
from server.edge import Edge
from server.problems import HANDLERS
from server.routes import (
    applicant,
    batches,
    conflicts,
    counter,
    devices,
    findings,
    phones,
    photos,
    quarantine,
    session,
)
from server.settings import Settings
from server.store.answers import Terms
from server.store.engine import open_database
from server.store.pull import life
from server.store.writer import ExchangeWriter
from sync.protocol.values import MAX_BODY
from sync.windows import DAY

APPS: Final = ("petugas", "paspor", "kantor")
ROUTERS: Final = (
    phones,
    photos,
    session,
    devices,
    conflicts,
    quarantine,
    findings,
    batches,
    applicant,
    counter,
)


@get("/health")
async def health(state: State) -> dict[str, str]:
    """Answers `ok` when the database does."""
    await state.db.read(life)
    return {"status": "ok"}


@get("/")
async def front() -> Redirect:
    """Officers are the many; the others know their path."""
    return Redirect("/petugas/")


def create_app(settings: Settings) -> Edge:
    """The whole server as one ASGI application."""
    return Edge(litestar(settings), settings.origin)


def litestar(settings: Settings) -> Litestar:
    """The application behind the edge: its routes, and what they are given."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        db = open_database(settings.url)
        writer = ExchangeWriter(db, Terms(settings.schedule, settings.lease_days * DAY))
        app.state.update({"db": db, "writer": writer})
        try:
            yield
        finally:
            await writer.close()
            await db.close()

    return Litestar(
        route_handlers=[health, front, *(module.router for module in ROUTERS), *_static(settings)],
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "db": Provide(_db, sync_to_thread=False),
            "writer": Provide(_writer, sync_to_thread=False),
            "person": Provide(signed_in),
        },
        exception_handlers=HANDLERS,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_BODY,
    )


def _db(state: State) -> object:
    return state.db


def _writer(state: State) -> object:
    return state.writer


def _static(settings: Settings) -> list[ControllerRouterHandler]:
    """The built apps, each at its own scope, and the assets that they share."""
    built = [name for name in (*APPS, "assets") if (settings.pwa / name).is_dir()]
    return [
        create_static_files_router(
            path=f"/{name}", directories=[settings.pwa / name], html_mode=name in APPS, name=name
        )
        for name in built
    ]

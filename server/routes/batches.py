"""What the console shows of windows and batches, and the renderings of a batch (SPEC B9, W6)."""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath

from server import clock
from server.auth import require
from server.given import Chosen, Db, SignedIn
from server.openapi import Api
from server.store import batches
from server.store.engine import Database
from server.store.people import Person
from server.store.today import today
from sync.batches.document import document, file_stem
from sync.batches.sealing import Batch
from sync.batches.table import table
from sync.errors import Code, Unknown
from sync.protocol.console import BatchView, ConsoleRole, Today

NEWEST: Final = 100
# A batch holds the whole city, so those who see a part of it may not have it.
READERS: Final = (ConsoleRole.immigration, ConsoleRole.admin)


@get("/today")
async def windows_of_today(person: SignedIn, db: Db, settings: Chosen) -> Today:
    """Today's windows, counted in the person's area."""
    return await db.read(today, person.area_id, clock.now(), settings.schedule)


@get("/batches")
async def newest(person: SignedIn, db: Db) -> list[BatchView]:
    """The batches sealed last, with their deliveries."""
    require(person, *READERS)
    return await db.read(batches.newest, NEWEST)


@get("/batches/{batch_id:uuid}/document.json")
async def as_document(batch_id: FromPath[UUID], person: SignedIn, db: Db) -> Response[bytes]:
    return await _rendered(batch_id, person, db, document, "application/json", "json")


@get("/batches/{batch_id:uuid}/table.csv", api=Api(media_type="text/csv"))
async def as_table(batch_id: FromPath[UUID], person: SignedIn, db: Db) -> Response[bytes]:
    return await _rendered(batch_id, person, db, table, "text/csv", "csv")


async def _rendered(
    batch_id: UUID, person: Person, db: Database, render: Callable[[Batch], bytes], media_type: str, ending: str
) -> Response[bytes]:
    require(person, *READERS)
    batch = await db.read(batches.load, batch_id)
    if batch is None:
        raise Unknown(Code.not_found)
    content = await asyncio.to_thread(render, batch)
    headers = {"Content-Disposition": f'attachment; filename="{file_stem(batch)}.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


router = Router("/api", route_handlers=[windows_of_today, newest, as_document, as_table])

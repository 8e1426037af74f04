"""Deletes the photos that nobody will ask for, a few at a time (SPEC F6). Must never delete one that is named."""

from typing import Final

from server import clock
from server.store import photos
from server.store.engine import Database

PATIENCE: Final = 30 * 24 * 3_600 * 1_000
MOST_AT_ONCE: Final = 100


async def sweep_photos(db: Database) -> int:
    """Delete old photos that no report names, and old uploads without an end; how many."""
    before = clock.now() - PATIENCE
    found = await db.read(photos.unnamed, before)
    deleted = await db.write(photos.delete_unnamed, found[:MOST_AT_ONCE]) if found else 0
    return deleted + await db.write(photos.delete_unfinished, before)

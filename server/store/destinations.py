"""Where batches go: the destinations of the settings as rows, so that deliveries can name them."""

from collections.abc import Iterable
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from server.store.engine import lock_window
from server.tables.batches import Destination

NAMES: Final = "the names of destinations"


class Wanted(Struct, frozen=True):
    """A destination that is to get batches. `transport` is `email` or `webhook`."""

    name: str
    transport: str
    address: str


def keep(conn: Connection, wanted: Iterable[Wanted]) -> None:
    """Make the destinations be the wanted ones. One that is no longer wanted rests, with what it was to get."""
    lock_window(conn, NAMES, shared=False)
    known = set(conn.execute(select(col(Destination.name))).scalars())
    conn.execute(update(Destination).values(active=False))
    for one in wanted:
        values = {"transport": one.transport, "address": one.address, "active": True}
        if one.name in known:
            conn.execute(update(Destination).where(col(Destination.name) == one.name).values(values))
        else:
            new = {"destination_id": uuid5(NAMESPACE_OID, f"destination {one.name}"), "name": one.name}
            conn.execute(insert(Destination).values(new | values))

"""The RTs of officers, remembered: the exchange asks for them with each request, and they change a few times a year."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection

from server.store.devices import Territory, territories


class Lands:
    """What was read of officers, each with the database's life and count of changes (`server.tables.generation`).

    The count comes from the caller's own transaction, so what is remembered is never older than what it sees.
    """

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[str, tuple[Territory, ...]]] = {}

    def of(self, conn: Connection, count: str, officer_ids: Collection[UUID]) -> dict[UUID, tuple[Territory, ...]]:
        """The RTs of some officers. `count`, with the life that it is of, comes from the transaction."""
        known = {officer_id: self._known.get(officer_id, ("", ())) for officer_id in officer_ids}
        missing = [officer_id for officer_id, (at, _) in known.items() if at != count]
        if missing:
            read = territories(conn, missing)
            for officer_id in missing:
                known[officer_id] = self._known[officer_id] = (count, tuple(read[officer_id]))
        return {officer_id: lands for officer_id, (_, lands) in known.items()}

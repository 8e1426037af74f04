"""Which batch is due first: the main batch of a window whose time has come, or a supplement that has waited enough.

Each window since the first run has a main batch, also when nobody reported. Must be called with the chain held.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice
from typing import Final

from msgspec import Struct, structs
from sqlalchemy import Connection, func, insert, select
from sqlmodel import col

from server.tables.areas import Meta
from server.tables.batches import Batch
from server.tables.reports import Version
from sync.windows import Schedule, Window, window_named, window_of, windows_from

SINCE: Final = "sealing_since"


class Due(Struct, frozen=True):
    """The batch to seal: its window, its part and the hash of part 0, empty for part 0 itself."""

    window: Window
    part: int = 0
    parent: str = ""


class Unsealed(Struct, frozen=True):
    """A window with versions that are in no batch: the last capture among them, and the first arrival."""

    window: str
    captured_at: int
    received_at: int


class Parts(Struct, frozen=True):
    """How many batches a window has, and the hash of the first."""

    count: int
    parent: str


def first(conn: Connection, now: int, until: int, schedule: Schedule, patience: int) -> Due | None:
    """What is due first at `until`: main batches in the order of their closes, then supplements by their age."""
    unsealed = _unsealed(conn)
    regular = list(islice(windows_from(_since(conn, now), schedule), len(schedule.closes) + 1))
    named = {waiting.window: _named(waiting, schedule) for waiting in unsealed}
    parts = _parts(conn, {*named, *(window.id for window in regular)})
    mains = [window for window in (*regular, *named.values()) if window.id not in parts and window.seals_at <= until]
    if mains:
        return Due(min(mains, key=lambda window: (window.closes_at, window.id)))
    for waiting in sorted(unsealed, key=lambda waiting: (waiting.received_at, waiting.window)):
        before = parts.get(waiting.window)
        if before and waiting.received_at + patience <= until:
            return Due(named[waiting.window], before.count, before.parent)
    return None


def _unsealed(conn: Connection) -> list[Unsealed]:
    query = (
        select(col(Version.window), func.max(col(Version.captured_at)), func.min(col(Version.received_at)))
        .where(col(Version.batch_id).is_(None))
        .group_by(col(Version.window))
    )
    return [Unsealed(*row) for row in conn.execute(query)]


def _since(conn: Connection, now: int) -> int:
    """The last close of a window that has a batch, or the instant of the first run when that is later."""
    found = conn.execute(select(col(Meta.value)).where(col(Meta.key) == SINCE)).scalar()
    if found is None:
        conn.execute(insert(Meta).values(key=SINCE, value=str(now)))
    last = conn.execute(select(func.max(col(Batch.closes_at)))).scalar()
    return max(int(found or now), last or 0)


def _named(waiting: Unsealed, schedule: Schedule) -> Window:
    """The window of that name. When the schedule no longer has it, that of its last capture under the old name."""
    try:
        return window_named(waiting.window, schedule)
    except ValueError:
        day, _, name = waiting.window.partition("/")
        present = window_of(waiting.captured_at, schedule)
        return structs.replace(present, id=waiting.window, name=name, day=date.fromisoformat(day))


def _parts(conn: Connection, windows: Iterable[str]) -> Mapping[str, Parts]:
    query = select(col(Batch.window), col(Batch.part), col(Batch.hash)).where(col(Batch.window).in_(windows))
    rows = list(conn.execute(query))
    parents = {row.window: row.hash for row in rows if row.part == 0}
    return {window: Parts(sum(row.window == window for row in rows), parents[window]) for window in parents}

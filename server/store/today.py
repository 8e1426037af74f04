"""How many RTs of an area have reported in each of today's windows (SPEC W6)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, case, func, or_, select
from sqlmodel import col

from server.store.areas import below
from server.store.standings import ACCEPTED
from server.tables.areas import Area
from server.tables.batches import Batch
from server.tables.reports import Receipt
from sync.protocol.console import Today, WindowState, WindowView
from sync.windows import Schedule, Window, day_of, window_of, windows_of_day


def today(conn: Connection, area_id: UUID, now: int, schedule: Schedule) -> Today:
    """The windows that close on this day, and the one that is open; counted below the area."""
    windows = windows_of_day(day_of(now, schedule.timezone), schedule)
    current = window_of(now, schedule)
    windows = windows if current in windows else (*windows, current)
    names = [window.id for window in windows]
    sealed = set(conn.execute(select(col(Batch.window)).where(col(Batch.window).in_(names))).scalars())
    counted = {row.window: (row.reported, row.nils) for row in conn.execute(_counts(area_id, names))}
    areas = conn.execute(_rts(area_id, now)).scalar_one()
    views = [
        WindowView(
            window.id,
            window.opens_at,
            window.closes_at,
            _state(window, window.id in sealed, now),
            areas,
            *counted.get(window.id, (0, 0)),
        )
        for window in windows
    ]
    return Today(now, schedule.timezone, tuple(views))


def _counts(area_id: UUID, windows: Iterable[str]) -> Any:
    nil = case((col(Receipt.kind) == "nil", col(Receipt.area_id)))
    reported = func.count(col(Receipt.area_id).distinct()).label("reported")
    return (
        select(col(Receipt.window), reported, func.count(nil.distinct()).label("nils"))
        .where(
            col(Receipt.window).in_(windows),
            col(Receipt.outcome).in_([kind.value for kind in ACCEPTED]),
            col(Receipt.area_id).in_(below(area_id)),
        )
        .group_by(col(Receipt.window))
    )


def _rts(area_id: UUID, now: int) -> Any:
    return (
        select(func.count())
        .select_from(Area)
        .where(
            col(Area.level) == "rt",
            col(Area.area_id).in_(below(area_id)),
            col(Area.valid_from) <= now,
            or_(col(Area.valid_to).is_(None), col(Area.valid_to) > now),
        )
    )


def _state(window: Window, sealed: bool, now: int) -> WindowState:
    if sealed:
        return WindowState.sealed
    if now < window.opens_at:
        return WindowState.upcoming
    if now < window.closes_at:
        return WindowState.open
    return WindowState.grace if now < window.seals_at else WindowState.due

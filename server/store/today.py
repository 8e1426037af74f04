"""How many RTs of an area have reported in each of today's windows (SPEC W6, A5)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, case, func, select
from sqlmodel import col

from server.store.areas import below, exists_at
from server.store.standings import accepted, fulfilled
from server.tables.areas import Area
from server.tables.batches import Batch
from server.tables.reports import Receipt
from sync.protocol.console import Today, WindowState, WindowView
from sync.windows import Schedule, Window, day_of, window_of, windows_of_day


def today(conn: Connection, area_id: UUID, now: int, schedule: Schedule) -> Today:
    """The windows that close on this day, and the one that is open; counted below the area, among the RTs that exist
    at the close of each (SPEC A5)."""
    windows = windows_of_day(day_of(now, schedule.timezone), schedule)
    current = window_of(now, schedule)
    windows = windows if current in windows else (*windows, current)
    names = [window.id for window in windows]
    sealed = set(conn.execute(select(col(Batch.window)).where(col(Batch.window).in_(names))).scalars())
    lives = conn.execute(_lives(area_id)).all()
    counted = _counted(conn, area_id, windows)
    views = [
        WindowView(
            window.id,
            window.opens_at,
            window.closes_at,
            _state(window, window.id in sealed, now),
            sum(life.rts for life in lives if exists_at(life, window.closes_at - 1)),
            *counted.get(window.id, (0, 0)),
        )
        for window in windows
    ]
    return Today(now, schedule.timezone, tuple(views))


def _counted(conn: Connection, area_id: UUID, windows: Iterable[Window]) -> dict[str, tuple[int, int]]:
    """Of each window the RTs heard of and those of them with a nil; one by one only where RTs ended (SPEC A5)."""
    names = [window.id for window in windows]
    counted = {row.window: (row.reported, row.nils) for row in conn.execute(_counts(area_id, names))}
    changed = set(conn.execute(_changed(names)).scalars())
    for window in windows:
        if window.id in changed:
            last = window.closes_at - 1
            heard = fulfilled(conn, window.id, last)
            known = {rt.area_id for rt in conn.execute(_rts(area_id)) if exists_at(rt, last)}
            counted[window.id] = len(known & heard.keys()), sum(heard.get(rt, False) for rt in known)
    return counted


def _counts(area_id: UUID, windows: Iterable[str]) -> Any:
    nil = case((col(Receipt.kind) == "nil", col(Receipt.area_id)))
    reported = func.count(col(Receipt.area_id).distinct()).label("reported")
    return (
        select(col(Receipt.window), reported, func.count(nil.distinct()).label("nils"))
        .where(col(Receipt.window).in_(windows), accepted(), col(Receipt.area_id).in_(below(area_id)))
        .group_by(col(Receipt.window))
    )


def _changed(windows: Iterable[str]) -> Any:
    """The windows in which something was accepted in an RT that ended, or will."""
    ended = and_(col(Area.area_id) == col(Receipt.area_id), col(Area.valid_to).is_not(None))
    return select(col(Receipt.window)).join(Area, ended).where(col(Receipt.window).in_(windows)).distinct()


def _rts(area_id: UUID) -> Any:
    rts = and_(col(Area.level) == "rt", col(Area.area_id).in_(below(area_id)))
    return select(col(Area.area_id), col(Area.valid_from), col(Area.valid_to)).where(rts)


def _lives(area_id: UUID) -> Any:
    """How many RTs there are of each life, from an instant until before another."""
    life = col(Area.valid_from), col(Area.valid_to)
    rts = and_(col(Area.level) == "rt", col(Area.area_id).in_(below(area_id)))
    return select(*life, func.count().label("rts")).where(rts).group_by(*life)


def _state(window: Window, sealed: bool, now: int) -> WindowState:
    if sealed:
        return WindowState.sealed
    if now < window.opens_at:
        return WindowState.upcoming
    if now < window.closes_at:
        return WindowState.open
    return WindowState.grace if now < window.seals_at else WindowState.due

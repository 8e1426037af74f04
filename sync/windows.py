"""Reporting windows: the schedule of a city, the window of an instant, the instant of a capture (SPEC W1-W5).

The one place where local time matters. It must never ask what time it is.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE
JUMP: Final = 2 * MINUTE
# A phone gives a request up after this time; what is longer is the clock's doing.
LONGEST_WAY: Final = MINUTE // 2
CLOCK_JUMPED: Final = "clock_jumped"
CLOCK_UNSOUND: Final = "clock_unsound"

_NAME: Final = re.compile(r"[a-z0-9-]{1,20}")
_HOUR: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY: Final = timedelta(days=1)


class Schedule(Struct, frozen=True):
    """The day's windows as (name, "HH:MM" of the close), and the minutes of grace. Raises ValueError if unusable."""

    timezone: str
    closes: tuple[tuple[str, str], ...]
    grace_minutes: int

    def __post_init__(self) -> None:
        _zone(self.timezone)
        names = [name for name, _ in self.closes]
        if not names or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
            raise ValueError("a schedule needs windows with different names of a-z, 0-9 and -")
        if not all(_HOUR.fullmatch(at) for _, at in self.closes):
            raise ValueError("a window closes at a time HH:MM")
        if any(first >= second for (_, first), (_, second) in pairwise(self.closes)):
            raise ValueError("the windows must be in the order of the day")
        if self.grace_minutes < 0:
            raise ValueError("a grace is not negative")


class Window(Struct, frozen=True):
    """`[opens_at, closes_at)`, sealed from `seals_at` on; `day` is the local date of the close (SPEC W1, W2, W5)."""

    id: str
    name: str
    day: date
    opens_at: int
    closes_at: int
    seals_at: int


class Capture(Struct, frozen=True):
    """When a mutation was captured, on the server's clock, and what was odd about the phone's."""

    instant: int
    flags: tuple[str, ...] = ()


def window_of(instant: int, schedule: Schedule) -> Window:
    """The one window that holds the instant (SPEC W1). Raises OverflowError or ValueError beyond the year 9998."""
    return _window_of(instant // 1000, schedule)


@lru_cache(maxsize=4096)
def _window_of(second: int, schedule: Schedule) -> Window:
    """Windows close on whole seconds, and what arrives together was mostly captured together."""
    day = _local(second, schedule.timezone).date()
    return next(
        window
        for candidate in (day, day + _DAY, day + 2 * _DAY)
        for window in windows_of_day(candidate, schedule)
        if second * 1000 < window.closes_at
    )


def window_named(window_id: str, schedule: Schedule) -> Window:
    """The window of an id such as `2026-11-23/siang` (SPEC W2). Raises ValueError if there is none."""
    day, _, name = window_id.partition("/")
    for window in windows_of_day(date.fromisoformat(day), schedule):
        if window.id == window_id:
            return window
    raise ValueError(f"the schedule has no window {name!r}")


@lru_cache(maxsize=4096)
def windows_of_day(day: date, schedule: Schedule) -> tuple[Window, ...]:
    """The windows that close on a local date, in order; the first opens at the last close of the day before."""
    opens = _instant(day - _DAY, schedule.closes[-1][1], schedule.timezone)
    windows = []
    for name, at in schedule.closes:
        closes = _instant(day, at, schedule.timezone)
        seals = closes + schedule.grace_minutes * MINUTE
        windows.append(Window(f"{day.isoformat()}/{name}", name, day, opens, closes, seals))
        opens = closes
    return tuple(windows)


def windows_from(instant: int, schedule: Schedule) -> Iterator[Window]:
    """The window of the instant and all that follow, without end."""
    day = day_of(instant, schedule.timezone) - _DAY
    while True:
        yield from (window for window in windows_of_day(day, schedule) if instant < window.closes_at)
        day += _DAY


def day_of(instant: int, timezone: str) -> date:
    """The local date of an instant."""
    return _local(instant // 1000, timezone).date()


def capture_instant(
    captured_at: int, phone_now: int, server_now: int, last_offset: int | None, enrolled_at: int
) -> Capture:
    """The capture on the server's clock (SPEC W3) and its flags (SPEC W4). All arguments in milliseconds.

    `last_offset` is the server's now minus the phone's now at the exchange before, None at the first. The time that a
    request takes to arrive only ever makes an offset larger, so where it may be the reason the smaller of two is taken:
    nobody is late because of a slow network or server.
    """
    offset = server_now - phone_now
    jumped = last_offset is not None and abs(offset - last_offset) > JUMP
    flags = (CLOCK_JUMPED,) if jumped else ()
    if last_offset is not None and 0 < offset - last_offset <= LONGEST_WAY:
        offset = last_offset
    instant = min(captured_at + offset, server_now)
    if instant < enrolled_at:
        return Capture(server_now, (*flags, CLOCK_UNSOUND))
    return Capture(instant, flags)


def local_day(instant: int, timezone: str) -> date:
    """The day of an instant in the city."""
    return _local(instant // 1000, timezone).date()


def iso(instant: int, timezone: str) -> str:
    """An instant as people of the city write it, ISO 8601 with milliseconds and offset."""
    moment = datetime.fromtimestamp(instant // 1000, _zone(timezone)).replace(microsecond=instant % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _local(second: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(second, _zone(timezone)).replace(tzinfo=None)


def _instant(day: date, at: str, timezone: str) -> int:
    """The first instant at which the city's clock shows `at` or later: also of an hour that it skips or repeats."""
    local = datetime.combine(day, time.fromisoformat(at))
    before, after = (
        int(local.replace(tzinfo=_zone(timezone), fold=fold).astimezone(UTC).timestamp()) for fold in (0, 1)
    )
    if before <= after:
        return before * 1000
    reached = bisect_left(range(after, before), True, key=lambda second: _local(second, timezone) >= local)
    return (after + reached) * 1000

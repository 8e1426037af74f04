"""What day it is in the city, and on which days no office of Indonesia works: public holidays and cuti bersama."""

from collections.abc import Container
from datetime import date
from functools import cache

from holidays import GOVERNMENT, PUBLIC, country_holidays
from msgspec import Struct

from server import clock
from sync.windows import local_day


class Today(Struct, frozen=True):
    """When something happens: the instant, the day of it in the city, and the days on which nobody works."""

    now: int
    day: date
    holidays: Container[date]


def today(timezone: str) -> Today:
    """The present."""
    now = clock.now()
    return Today(now, local_day(now, timezone), days_off())


@cache
def days_off() -> Container[date]:
    """Holidays of all years as far as they are decreed, without weekends, which `sync` knows."""
    return country_holidays("ID", categories=(PUBLIC, GOVERNMENT))

"""The days on which no office of Indonesia works: public holidays and cuti bersama. Weekends are known to `sync`."""

from collections.abc import Container
from datetime import date
from functools import cache

from holidays import GOVERNMENT, PUBLIC, country_holidays


@cache
def days_off() -> Container[date]:
    """Holidays of all years, as far as they have been decreed; those of later years are estimates or missing."""
    return country_holidays("ID", categories=(PUBLIC, GOVERNMENT))

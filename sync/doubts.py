"""What reads well in a report and yet cannot be true: told as a flag beside it, never a reason to refuse (SPEC M31).

The form asks the officer to mend these; but a phone may be wrong about the day, and what was seen must not be lost.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from sync.protocol.records import Report
from sync.protocol.values import LAST_INSTANT

BIRTH_IN_FUTURE: Final = "birth_in_future"
STAY_IN_FUTURE: Final = "stay_in_future"
DEPARTURE_BEFORE_ARRIVAL: Final = "departure_before_arrival"

# Whoever comes tomorrow may be reported today; and a city's clock may be most of a day ahead of UTC.
_DAY: Final = 24 * 60 * 60 * 1000
_MARGIN: Final = 2 * _DAY


def doubts(report: Report, captured_at: int) -> tuple[str, ...]:
    """The flags of a report that was captured at an instant of the server's clock, in milliseconds."""
    last = _last_day(min(captured_at + _MARGIN, LAST_INSTANT) // _DAY)
    stay = report.stay
    found = (
        (BIRTH_IN_FUTURE, report.identity.birth_date > last),
        (STAY_IN_FUTURE, stay.arrival > last or stay.departure > last),
        (DEPARTURE_BEFORE_ARRIVAL, "" < stay.departure < stay.arrival),
    )
    return tuple(flag for flag, holds in found if holds)


@lru_cache(maxsize=64)
def _last_day(day: int) -> str:
    """The date of a day, counted from 1970."""
    return datetime.fromtimestamp(day * _DAY // 1000, UTC).date().isoformat()

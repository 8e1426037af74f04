"""What reads well in a report and yet cannot be true: told as a flag beside it, never a reason to refuse (SPEC M31).

The form asks the officer to mend these; but a phone may be wrong about the day, and what was seen must not be lost.
"""

from datetime import UTC, datetime
from typing import Final

from sync.protocol.records import Report
from sync.protocol.values import LAST_INSTANT

BIRTH_IN_FUTURE: Final = "birth_in_future"
STAY_IN_FUTURE: Final = "stay_in_future"
DEPARTURE_BEFORE_ARRIVAL: Final = "departure_before_arrival"

# Whoever comes tomorrow may be reported today; and a city's clock may be most of a day ahead of UTC.
_MARGIN: Final = 2 * 24 * 60 * 60 * 1000


def doubts(report: Report, captured_at: int) -> tuple[str, ...]:
    """The flags of a report that was captured at an instant of the server's clock, in milliseconds."""
    second = min(captured_at + _MARGIN, LAST_INSTANT) // 1000
    last = datetime.fromtimestamp(second, UTC).date().isoformat()
    stay = report.stay
    found = (
        (BIRTH_IN_FUTURE, report.identity.birth_date > last),
        (STAY_IN_FUTURE, stay.arrival > last or stay.departure > last),
        (DEPARTURE_BEFORE_ARRIVAL, "" < stay.departure < stay.arrival),
    )
    return tuple(flag for flag, holds in found if holds)

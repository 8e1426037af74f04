"""What reads well and cannot be true is flagged, never refused."""

import pytest

from sync.doubts import doubts
from sync.protocol.records import Identity, Report, Stay

# 2026-11-23 at 23:59:59.999 in Jakarta, where the next day is the 24th; in UTC it is 16:59.
LATE = 1_795_453_199_999


def born(birth_date: str) -> Report:
    return Report(identity=Identity(birth_date=birth_date))


def stayed(arrival: str, departure: str) -> Report:
    return Report(stay=Stay(arrival=arrival, departure=departure))


@pytest.mark.parametrize(
    ("report", "flags"),
    [
        (Report(), ()),
        (born("2026"), ()),
        (born("2026-11"), ()),
        (born("2026-11-24"), ()),
        (born("2026-11-26"), ("birth_in_future",)),
        (born("2026-12"), ("birth_in_future",)),
        (born("2027"), ("birth_in_future",)),
        (stayed("2026-11-23", "2026-11-24"), ()),
        (stayed("2026-11-24", "2026-11-24"), ()),
        (stayed("", "2026-11-01"), ()),
        (stayed("2026-11-01", ""), ()),
        (stayed("2026-11-20", "2026-11-19"), ("departure_before_arrival",)),
        (stayed("2026-11-26", ""), ("stay_in_future",)),
        (stayed("2026-11-26", "2026-11-01"), ("stay_in_future", "departure_before_arrival")),
    ],
    ids=str,
)
def test_M31_what_cannot_be_true_is_flagged(report: Report, flags: tuple[str, ...]) -> None:
    assert doubts(report, LATE) == flags


@pytest.mark.parametrize("instant", [0, 253_402_300_799_999])
def test_M31_no_instant_makes_it_fail(instant: int) -> None:
    assert doubts(Report(), instant) == ()

"""Windows: each instant in exactly one, also where clocks change (SPEC W1-W5)."""

from datetime import UTC, date, datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.windows import (
    CLOCK_JUMPED,
    CLOCK_UNSOUND,
    LONGEST_WAY,
    MINUTE,
    Capture,
    Schedule,
    capture_instant,
    iso,
    window_named,
    window_of,
    windows_from,
    windows_of_day,
)

CLOSES = (("pagi", "10:00"), ("siang", "15:00"), ("malam", "20:00"))
JAKARTA = Schedule("Asia/Jakarta", CLOSES, 15)
# Berlin skips 02:00-03:00 in March and repeats it in October; Apia skipped a whole day; Lord Howe moves by 30 minutes.
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe")
NIGHT = (("satu", "00:00"), ("dua", "01:45"), ("tiga", "02:15"), ("empat", "02:30"), ("lima", "03:00"))
schedules = st.builds(Schedule, st.sampled_from(ZONES), st.sampled_from([CLOSES, NIGHT]), st.integers(0, 120))
instants = st.integers(0, 4_102_444_800_000) | st.sampled_from(
    [
        int(datetime(*start, tzinfo=UTC).timestamp() * 1000) + half * 30 * MINUTE
        for start in [(2026, 3, 28, 22), (2026, 10, 24, 22), (2011, 12, 29, 20), (2026, 4, 4, 12), (2026, 10, 3, 12)]
        for half in range(12)
    ]
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@given(instants, schedules)
def test_W1_each_instant_is_in_exactly_one_window(instant: int, schedule: Schedule) -> None:
    found = window_of(instant, schedule)
    assert found.opens_at <= instant < found.closes_at
    around = [*islice(windows_from(instant - 3 * 86_400_000, schedule), 40)]
    assert [window for window in around if window.opens_at <= instant < window.closes_at] == [found]


@given(instants, schedules)
def test_W1_a_window_opens_when_the_one_before_closes(instant: int, schedule: Schedule) -> None:
    for before, after in pairwise(islice(windows_from(instant, schedule), 20)):
        assert before.closes_at == after.opens_at <= after.closes_at


def test_W1_a_window_is_closed_at_its_close() -> None:
    assert window_of(at("2026-11-23T14:59:59.999+07:00"), JAKARTA).id == "2026-11-23/siang"
    assert window_of(at("2026-11-23T15:00:00.000+07:00"), JAKARTA).id == "2026-11-23/malam"


@pytest.mark.parametrize(("zone", "offset"), [("Asia/Jakarta", 7), ("Asia/Makassar", 8), ("Asia/Jayapura", 9)])
def test_W1_the_schedule_is_in_the_citys_own_time(zone: str, offset: int) -> None:
    [first, *_] = windows_of_day(date(2026, 11, 23), Schedule(zone, CLOSES, 15))
    assert first.closes_at == at(f"2026-11-23T10:00:00+0{offset}:00")


def test_W1_a_close_in_a_skipped_hour_is_when_the_clock_jumps() -> None:
    night = windows_of_day(date(2026, 3, 29), Schedule("Europe/Berlin", NIGHT, 0))
    assert [window.closes_at for window in night[2:]] == [at("2026-03-29T03:00:00+02:00")] * 3


def test_W1_a_close_in_a_repeated_hour_is_at_the_first_of_both() -> None:
    night = windows_of_day(date(2026, 10, 25), Schedule("Europe/Berlin", NIGHT, 0))
    assert night[3].closes_at == at("2026-10-25T02:30:00+02:00")


@pytest.mark.parametrize(
    ("zone", "closes", "grace"),
    [
        ("Asia/Nowhere", CLOSES, 15),
        ("../etc/passwd", CLOSES, 15),
        ("Asia/Jakarta", (), 15),
        ("Asia/Jakarta", (("pagi", "24:00"),), 15),
        ("Asia/Jakarta", (("pagi", "9:00"),), 15),
        ("Asia/Jakarta", (("Pagi/1", "09:00"),), 15),
        ("Asia/Jakarta", (("pagi", "09:00"), ("pagi", "10:00")), 15),
        ("Asia/Jakarta", (("siang", "15:00"), ("pagi", "10:00")), 15),
        ("Asia/Jakarta", CLOSES, -1),
    ],
)
def test_W1_a_schedule_that_cannot_be_kept_is_refused(
    zone: str, closes: tuple[tuple[str, str], ...], grace: int
) -> None:
    with pytest.raises(ValueError, match=r"."):
        Schedule(zone, closes, grace)


def test_W2_the_first_window_of_a_day_opens_the_evening_before() -> None:
    window = window_of(at("2026-11-22T20:00:00+07:00"), JAKARTA)
    assert (window.id, window.day, window.name) == ("2026-11-23/pagi", date(2026, 11, 23), "pagi")
    assert window.opens_at == at("2026-11-22T20:00:00+07:00")


@given(instants, schedules)
def test_W2_a_window_is_found_by_its_name(instant: int, schedule: Schedule) -> None:
    window = window_of(instant, schedule)
    assert window_named(window.id, schedule) == window


@pytest.mark.parametrize("name", ["", "2026-11-23", "2026-11-23/sore", "2026-13-01/pagi", "x/pagi", "20261123/pagi"])
def test_W2_a_name_that_the_schedule_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        window_named(name, JAKARTA)


offsets = st.integers(-(10**12), 10**12)


@given(st.integers(0, 10**9), offsets, st.integers(0, LONGEST_WAY))
def test_W3_a_request_that_was_long_on_its_way_makes_no_capture_later(age: int, offset: int, way: int) -> None:
    now = 1_795_000_000_000
    sent = now - way
    slow = capture_instant(sent - age + offset, sent + offset, now, -offset, 0)
    assert slow == Capture(sent - age)


@given(st.integers(0, 10**9), offsets, offsets)
def test_W3_the_phones_clock_does_not_move_a_capture(age: int, offset: int, other: int) -> None:
    now = 10**12
    captures = {capture_instant(now - age + o, now + o, now, -o, 0).instant for o in (offset, other)}
    assert captures == {now - age}


@given(st.integers(0, 2 * 10**12), st.integers(0, 2 * 10**12))
def test_W3_a_capture_is_never_after_the_servers_now(captured_at: int, phone_now: int) -> None:
    assert capture_instant(captured_at, phone_now, 10**12, None, 0).instant <= 10**12


@pytest.mark.parametrize(("moved", "flags"), [(2 * MINUTE, ()), (2 * MINUTE + 1, (CLOCK_JUMPED,))])
def test_W4_a_clock_that_moved_by_more_than_two_minutes_is_marked(moved: int, flags: tuple[str, ...]) -> None:
    for sign in (1, -1):
        assert capture_instant(1000, 2000, 2000 + sign * moved, 0, -(10**9)).flags == flags


def test_W4_the_first_exchange_of_a_phone_marks_nothing() -> None:
    assert capture_instant(0, 1000, 10**12, None, 0).flags == ()


def test_W4_a_capture_before_the_enrolment_counts_as_now() -> None:
    assert capture_instant(0, 1000, 10**12, None, 10**12 - 999) == Capture(10**12, (CLOCK_UNSOUND,))
    assert capture_instant(0, 1000, 10**12, None, 10**12 - 1000) == Capture(10**12 - 1000)


@given(instants, schedules)
def test_W5_a_window_is_due_at_its_close_plus_the_grace(instant: int, schedule: Schedule) -> None:
    window = window_of(instant, schedule)
    assert window.seals_at == window.closes_at + schedule.grace_minutes * MINUTE


def test_instants_are_written_in_the_citys_time() -> None:
    assert iso(at("2026-11-23T15:00:00.042+07:00"), "Asia/Jakarta") == "2026-11-23T15:00:00.042+07:00"
    assert iso(0, "Asia/Makassar") == "1970-01-01T08:00:00.000+08:00"

"""One mutation's bytes are read, or quarantined with a reason; reading never raises."""

import unicodedata
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Code
from sync.intake import read

ID = "0192c6a0-0000-7000-8000-000000000001"
PLAIN: dict[str, Any] = {"kind": "nil", "mutation_id": ID, "record_id": ID, "area_id": ID, "captured_at": 1}
NAMED = PLAIN | {"kind": "report", "changes": {"identity": {"full_name": "Sukarno"}}}


def named(name: str) -> bytes:
    return msgspec.json.encode(NAMED | {"changes": {"identity": {"full_name": name}}})


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "dance"},
        {"unknown": 1},
        {"captured_at": "yesterday"},
        {"captured_at": -1},
        {"captured_at": 2**63},
        {"captured_at": 253_402_300_800_000},
        {"captured_at": 1.5},
        {"area_id": "RT 001"},
        {"record_id": None},
    ],
    ids=str,
)
def test_M2_what_cannot_be_read_keeps_its_id_and_says_why(change: dict[str, Any]) -> None:
    incoming = read(msgspec.json.encode(PLAIN | change))
    assert incoming.mutation is None
    assert incoming.code is Code.mutation_unreadable
    assert incoming.mutation_id == UUID(ID)


@given(st.binary(max_size=200))
def test_M2_no_bytes_make_reading_fail(raw: bytes) -> None:
    incoming = read(raw)
    assert incoming.raw == raw
    assert (incoming.mutation is None) == (incoming.code is not None)


@pytest.mark.parametrize("name", ["\x00", "A\nB", "A\n", "A\tB", "A\u202eB", "\u200fA", "A\u2066", "\x7f", "A\u0085"])
def test_M3_controls_are_refused(name: str) -> None:
    assert read(named(name)).code is Code.text_forbidden


@pytest.mark.parametrize("name", ["Suharto", "محمد الأمين", "李小龍", "O'Brien-Ñandú", "<b>=1+1</b>", "A" * 200])
def test_M3_names_of_any_script_are_taken_as_they_are(name: str) -> None:
    incoming = read(named(unicodedata.normalize("NFC", name)))
    assert incoming.code is None


def test_M3_text_that_is_not_nfc_is_refused() -> None:
    assert read(named("Zoe\u0308")).code is Code.text_forbidden
    assert read(named("Zo\u00eb")).code is None


def test_M4_the_digest_does_not_depend_on_the_order_of_keys_or_on_white_space() -> None:
    turned = dict(reversed(PLAIN.items()))
    spaced = msgspec.json.format(msgspec.json.encode(turned), indent=2)
    assert read(msgspec.json.encode(PLAIN)).digest == read(spaced).digest
    assert read(msgspec.json.encode(PLAIN | {"captured_at": 2})).digest != read(spaced).digest


def test_M4_one_without_a_readable_id_is_known_by_its_digest() -> None:
    first, again, other = read(b'{"kind":1}'), read(b'{ "kind": 1 }'), read(b'{"kind":2}')
    assert first.mutation_id == again.mutation_id != other.mutation_id


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("1990", None),
        ("1990-02", None),
        ("2024-02-29", None),
        ("2023-02-29", Code.date_impossible),
        ("1990-02-30", Code.date_impossible),
        ("1990-13", Code.date_impossible),
        ("0000", Code.date_impossible),
        ("1990-2", Code.mutation_unreadable),
        ("١٩٩٠", Code.mutation_unreadable),
    ],
)
def test_M30_a_date_is_a_day_of_the_calendar(day: str, code: Code | None) -> None:
    for place in ("changes", "base"):
        plain = NAMED | {place: {"identity": {"full_name": "Sukarno", "birth_date": day}}}
        assert read(msgspec.json.encode(plain)).code is code


def test_M2_a_key_twice_is_not_read_and_is_another_mutation_than_either() -> None:
    twice = msgspec.json.encode(PLAIN).replace(b"{", b'{"captured_at":2,', 1)
    incoming = read(twice)
    assert incoming.code is Code.mutation_unreadable
    assert incoming.mutation_id == UUID(ID)
    assert incoming.digest != read(msgspec.json.encode(PLAIN)).digest

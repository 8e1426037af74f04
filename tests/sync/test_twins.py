"""The same person in two reports, by the vectors that the phone is held to as well."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.protocol.records import Identity, Report
from sync.twins import digest, keys, normal_number, normal_words

VECTORS: Any = json.loads(Path(__file__).with_name("twins.json").read_text("utf-8"))


@pytest.mark.parametrize(("typed", "normal"), VECTORS["words"], ids=str)
def test_T1_a_name_compares_without_marks_case_and_order(typed: str, normal: str) -> None:
    assert normal_words(typed) == unicodedata.normalize("NFKD", normal)
    assert normal_words(normal_words(typed)) == normal_words(typed)


@pytest.mark.parametrize(("typed", "normal"), VECTORS["numbers"], ids=str)
def test_T1_a_number_compares_by_its_letters_and_digits(typed: str, normal: str) -> None:
    assert normal_number(typed) == normal


@pytest.mark.parametrize("case", VECTORS["keys"], ids=lambda case: case["name"])
def test_T1_a_report_has_keys_of_what_is_known_whole(case: Any) -> None:
    assert keys(msgspec.convert(case["report"], Report)) == case["keys"]


def test_T1_keys_are_stored_as_sha256() -> None:
    [key] = keys(Report(identity=Identity("Budi", birth_date="1990-02-03", nationality="AUS"))).values()
    assert digest(key).hex() == "8eb39497089ba10c81d60da689e01018e568cb060e47cbb3fedc2a1ae978a8d3"

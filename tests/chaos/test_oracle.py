"""The oracle of the chaos can fail: each kind of harm, done to a sound run, is found (SPEC M5, M8, B2-B4)."""

import json
from hashlib import sha256
from typing import Any, Final

import pytest

from tests.chaos.oracle import (
    Conflict,
    Receipt,
    Record,
    Stored,
    Told,
    Version,
    doubled,
    lost,
    not_once,
    unchained,
    unconverged,
    unsealed,
)
from tests.support.sealed import canonical

FIRST_BODY: Final = json.dumps({"identity": {"full_name": "Contoh word1"}})
BODY: Final = json.dumps({"identity": {"full_name": "Contoh word2"}})
TOLD: Final = (
    Told("m1", "d1", "r1", "report", "applied", 1, ("word1",)),
    Told("m2", "d2", "r1", "report", "merged", 2, ("word2",)),
    Told("m3", "d3", "r1", "report", "conflicted", 2, ("word3",)),
    Told("m4", "d4", "r2", "report", "quarantined", 0),
)
BATCH: Final = "0" * 63 + "b"


def _document(seq: int, previous: str, *versions: tuple[str, int]) -> dict[str, Any]:
    entries = []
    for record_id, version in versions:
        entry, salt = {"record_id": record_id, "version": version}, bytes([version] * 16)
        digest = sha256(salt + canonical(entry)).hexdigest()
        entries.append({"salt": salt.hex(), "digest": digest, "entry": entry})
    header = {"seq": seq, "previous": previous, "entries": [entry["digest"] for entry in entries]}
    return {"hash": sha256(canonical(header)).hexdigest(), "header": header, "entries": entries}


ONE: Final = _document(1, "0" * 64, ("r1", 1))
TWO: Final = _document(2, ONE["hash"], ("r1", 2))
SOUND: Final = Stored(
    receipts=(
        Receipt("m1", "d1", "applied", 1),
        Receipt("m2", "d2", "merged", 2),
        Receipt("m3", "d3", "conflicted", 2),
        Receipt("m4", "d4", "quarantined", 0),
    ),
    versions=(Version("r1", 1, "m1", FIRST_BODY, "b1"), Version("r1", 2, "m2", BODY, "b2")),
    records=(Record("r1", "rt", 2, False, BODY, BATCH),),
    conflicts=(Conflict("m3", "r1", '{"note":"word3"}'),),
    kept=frozenset({("m4", "d4")}),
    batches=(("b1", ONE["hash"]), ("b2", TWO["hash"])),
    entries=(("b1", "r1", 1), ("b2", "r1", 2)),
)
ON_PHONE: Final[dict[str, Any]] = {
    "r1": {"version": 2, "removed": False, "report": json.loads(BODY), "batch": {"hash": BATCH}}
}


def test_a_sound_run_has_no_fault() -> None:
    assert lost(TOLD, SOUND) == doubled(SOUND) == unsealed(SOUND) == []
    assert unconverged(ON_PHONE, ["rt"], SOUND) == []
    assert unchained([ONE, TWO], SOUND) == []
    assert not_once(["Contoh word1", "Contoh word2"], SOUND) == ([], [])


@pytest.mark.parametrize(
    "harm",
    [
        {"receipts": SOUND.receipts[1:]},
        {"receipts": (Receipt("m1", "other", "applied", 1), *SOUND.receipts[1:])},
        {"receipts": (Receipt("m1", "d1", "rejected", 1), *SOUND.receipts[1:])},
        {"versions": SOUND.versions[1:]},
        {"versions": (Version("r1", 1, "m1", "{}", "b1"), SOUND.versions[1])},
        {"conflicts": ()},
        {"conflicts": (Conflict("m3", "r1", "{}"),)},
        {"kept": frozenset()},
    ],
)
def test_M5_M8_a_lost_mutation_or_value_is_found(harm: dict[str, Any]) -> None:
    assert len(lost(TOLD, SOUND._replace(**harm))) == 1


@pytest.mark.parametrize(
    "harm",
    [
        {"receipts": (*SOUND.receipts, SOUND.receipts[0])},
        {"versions": (*SOUND.versions, Version("r1", 3, "m1", BODY, "b2"))},
        {"versions": (*SOUND.versions, Version("r9", 1, "m9", BODY, "b2"))},
        {"versions": (*SOUND.versions, SOUND.versions[1])},
        {"versions": SOUND.versions[1:]},
        {"records": ()},
        {"conflicts": (*SOUND.conflicts, *SOUND.conflicts)},
        {"entries": (*SOUND.entries, ("b2", "r1", 1))},
    ],
)
def test_M5_a_doubled_mutation_or_version_is_found(harm: dict[str, Any]) -> None:
    assert doubled(SOUND._replace(**harm))


@pytest.mark.parametrize(
    "records",
    [
        {},
        {**ON_PHONE, "r7": ON_PHONE["r1"]},
        {"r1": ON_PHONE["r1"] | {"version": 1}},
        {"r1": ON_PHONE["r1"] | {"removed": True}},
        {"r1": ON_PHONE["r1"] | {"report": json.loads(FIRST_BODY)}},
        {"r1": ON_PHONE["r1"] | {"batch": None}},
    ],
)
def test_M16_a_phone_that_differs_from_its_scope_is_found(records: dict[str, Any]) -> None:
    assert len(unconverged(records, ["rt"], SOUND)) == 1
    assert unconverged({}, ["another rt"], SOUND) == []


@pytest.mark.parametrize(
    "entries", [SOUND.entries[1:], (*SOUND.entries, ("b2", "r1", 1)), (("b2", "r1", 1), SOUND.entries[1])]
)
def test_B4_a_version_that_is_not_in_exactly_one_batch_is_found(entries: Any) -> None:
    assert len(unsealed(SOUND._replace(entries=entries))) == 1


def _changed(document: dict[str, Any]) -> dict[str, Any]:
    entry = document["entries"][0]
    return document | {"entries": [entry | {"entry": entry["entry"] | {"version": 9}}]}


@pytest.mark.parametrize(
    "documents",
    [
        [ONE],
        [TWO],
        [TWO, ONE],
        [ONE, TWO, _document(3, TWO["hash"], ("r1", 2))],
        [ONE, _document(2, ONE["hash"], ("r1", 1))],
        [ONE, _changed(TWO)],
        [ONE, TWO | {"hash": "0" * 64}],
        [ONE, _document(2, "f" * 64, ("r1", 2))],
    ],
)
def test_B2_B3_a_broken_chain_is_found(documents: list[dict[str, Any]]) -> None:
    assert unchained(documents, SOUND)


def test_a_saved_report_that_never_came_or_came_twice_is_found() -> None:
    twice = SOUND._replace(versions=(*SOUND.versions, Version("r2", 1, "m9", BODY, "b2")))
    names = ["Contoh word1", "Contoh word2", "Contoh word7"]
    assert not_once(names, twice) == (["Contoh word7"], ["Contoh word2"])

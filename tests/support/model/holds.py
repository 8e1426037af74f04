"""What must hold after each step and at rest, each named by the number of its invariant in the design.

All of it is read from the rows themselves.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

from server.tables.batches import Batch, BatchEntry
from server.tables.reports import Conflict, Quarantined, Receipt, Record, Version
from tests.support.model.oracle import State
from tests.support.model.phone import Json, Phone, Row
from tests.support.sealed import canonical

Rows = dict[str, list[dict[str, Any]]]

_REPORTS: tuple[type[SQLModel], ...] = (Record, Version, Receipt, Conflict, Quarantined)
_SEALED: tuple[type[SQLModel], ...] = (Batch, BatchEntry)
_ACCEPTED = ("applied", "merged", "conflicted")


def stored(conn: Connection) -> Rows:
    """What the server holds of reports and batches."""
    found: Rows = {}
    for table in (*_REPORTS, *_SEALED):
        made: Any = SQLModel.metadata.tables[str(table.__tablename__)]
        found[made.name] = [dict(row) for row in conn.execute(made.select()).mappings()]
    return found


def the_server_is_as_the_oracle_says(rows: Rows, state: State) -> None:
    """Invariants 1, 2, 3, 6, 12 and 14 in their plainest form: no more, no less and nothing else is stored."""
    assert {
        str(row["record_id"]): (str(row["area_id"]), row["version"], _report(row), row["removed"], row["conflicts"])
        for row in rows["records"]
    } == {
        record_id: (known.area_id, known.version, known.report, known.removed, len(known.conflicts))
        for record_id, known in state.records.items()
    }
    assert {(str(row["record_id"]), row["version"]): _version(row, state) for row in rows["versions"]} == state.versions
    assert {str(row["mutation_id"]): _receipt(row) for row in rows["receipts"]} == state.receipts
    assert {str(row["conflict_id"]): _conflict(row) for row in rows["conflicts"]} == state.conflicts
    assert {(str(row["mutation_id"]), bytes(row["digest"]).hex()) for row in rows["quarantine"]} == state.quarantine


def _report(row: dict[str, Any]) -> Json | None:
    return json.loads(row["body"]) if row["body"] else None


def _version(row: dict[str, Any], state: State) -> Json:
    """Of a request that was tried in pieces only the first shows a jump of the clock; the oracle leaves flags open."""
    told = {name: row[name] for name in ("window", "captured_at", "flags", "removed")}
    wanted = state.versions.get((str(row["record_id"]), row["version"]))
    if wanted and wanted["flags"] is None:
        told["flags"] = None
    return told | {"mutation_id": str(row["mutation_id"]), "report": _report(row)}


def _receipt(row: dict[str, Any]) -> Json:
    told = {name: row[name] for name in ("outcome", "version", "window")}
    return told | {"mutation_id": str(row["mutation_id"]), "was": None, "code": row["code"] or None}


def _conflict(row: dict[str, Any]) -> Json:
    resolved_by = row["resolved_by"] and str(row["resolved_by"])
    return {"record_id": str(row["record_id"]), "phone": json.loads(row["phone"]), "resolved_by": resolved_by}


def invariant_1_each_confirmed_mutation_has_ended_once(rows: Rows, ledger: Iterable[Row]) -> None:
    """It has one receipt, and the bytes of what was not accepted are kept."""
    receipts = Counter(str(row["mutation_id"]) for row in rows["receipts"])
    kept = {bytes(row["digest"]).hex() for row in rows["quarantine"]}
    for row in ledger:
        assert receipts[row.mutation_id or str(row.outcome and row.outcome["mutation_id"])] == 1, row
        assert (row.status in ("quarantined", "rejected")) is (_digest(row.body) in kept), row


def _digest(body: str) -> str:
    return sha256(canonical(json.loads(body))).hexdigest()


def invariant_4_a_phone_holds_what_the_server_has_in_its_scope(
    rows: Rows, phone: Phone, scope: Collection[str]
) -> None:
    """Whoever starts over is told no tombstones (SPEC M23), so those may be missing."""
    assert not phone.drifted
    here = {id_: kept.server for id_, kept in phone.records.items() if kept.server}
    there = {str(row["record_id"]): row for row in rows["records"] if str(row["area_id"]) in scope}
    assert {id_ for id_, row in there.items() if not row["removed"]} <= here.keys() <= there.keys()
    for id_, held in here.items():
        row = there[id_]
        told = (held["version"], held.get("report"), held.get("removed", False), held.get("conflicts", 0))
        assert told == (row["version"], _report(row), row["removed"], row["conflicts"])
        assert (held["batch"] is None) is (row["batch_id"] is None)


def invariant_4_the_officer_sees_what_the_server_has(rows: Rows, phone: Phone) -> None:
    there = {str(row["record_id"]): row for row in rows["records"]}
    refused = {row.record_id for row in phone.outbox if row.status in ("quarantined", "rejected")}
    for id_, kept in phone.records.items():
        if kept.server:
            assert phone.shown(id_) == (_report(there[id_]), there[id_]["removed"])
        else:
            gone = phone.shown(id_)[1]
            assert gone or id_ in refused, "the phone shows what the server does not have"


def invariant_6_every_value_survives(rows: Rows, ledger: Iterable[Row]) -> None:
    """Each value that an accepted mutation changed stands in a version of its record, or in its conflict."""
    outcomes = {str(row["mutation_id"]): row["outcome"] for row in rows["receipts"]}
    held: dict[str, list[Json]] = {}
    for row in rows["versions"]:
        held.setdefault(str(row["record_id"]), []).append(_report(row) or {})
    parted = {str(row["conflict_id"]): json.loads(row["phone"]) for row in rows["conflicts"]}
    for sent in ledger:
        body = json.loads(sent.body)
        if body.get("kind") == "report" and sent.status == "acknowledged" and outcomes[sent.mutation_id] in _ACCEPTED:
            own = parted.get(sent.mutation_id, {})
            for group, value in body["changes"].items():
                survivors = [report[group] for report in held[sent.record_id]] + [own.get(group), body["base"][group]]
                assert any(_holds(survivor, value) for survivor in survivors), (body, survivors)


def _holds(survivor: Any, value: Any) -> bool:
    is_set = isinstance(survivor, list) and isinstance(value, list)
    return set(value) <= set(survivor) if is_set else bool(survivor == value)


def invariant_7_sealed_bytes_are_as_they_were(rows: Rows, book: dict[int, tuple[Any, ...]]) -> None:
    """`book` holds what was seen of each batch before, by its place in the chain; it learns of new ones."""
    entries: dict[Any, list[Any]] = {}
    for row in sorted(rows["batch_entries"], key=lambda row: row["position"]):
        entries.setdefault(row["batch_id"], []).append((row["digest"], bytes(row["salt"]), bytes(row["body"])))
    found = {
        row["seq"]: (bytes(row["header"]), row["hash"], tuple(entries.get(row["batch_id"], ())))
        for row in rows["batches"]
    }
    assert {seq: found.get(seq) for seq in book} == book
    book.update(found)


def invariant_8_each_version_is_in_one_batch(rows: Rows) -> None:
    sealed = Counter((str(row["record_id"]), row["version"]) for row in rows["batch_entries"])
    assert sealed == Counter((str(row["record_id"]), row["version"]) for row in rows["versions"])


def invariant_9_the_chain_verifies(book: dict[int, tuple[Any, ...]]) -> None:
    """As a receiver checks it, with nothing of Ronda's own code."""
    previous = "0" * 64
    for seq in range(1, len(book) + 1):
        header, hash_, entries = book[seq]
        told = json.loads(header)
        assert sha256(header).hexdigest() == hash_
        assert (told["seq"], told["previous"]) == (seq, previous)
        assert [sha256(salt + body).hexdigest() for _, salt, body in entries] == told["entries"]
        previous = hash_


def invariant_10_nothing_out_of_scope_is_told(answer: Json, scope: Collection[str]) -> None:
    assert {change["area_id"] for change in answer["changes"]} <= set(scope)
    if "scope" in answer:
        assert {area["area_id"] for area in answer["scope"]["areas"]} == set(scope)


def invariant_15_an_old_app_is_answered_in_its_words(answer: Json, version: int) -> None:
    """Each version knows the fields of its answer and no others (SPEC M20)."""
    known = {"protocol", "now", "outcomes", "changes", "cursor", "more", "resync", "scope"}
    known |= {"told", "digest", "wait"} if version > 1 else set()
    known |= {"standing"} if version > 2 else set()
    assert answer["protocol"] == version
    assert answer.keys() <= known
    outcome = {"mutation_id", "outcome", "version", "window", "was", "code"}
    assert all(one.keys() <= outcome for one in answer["outcomes"])

"""Reading what the reconciler must know, and writing what it decided: a few statements for all (SPEC M5, M16)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlmodel import col

from server.store import photos
from server.store.statements import Lookup, Many
from server.tables.areas import Feed
from server.tables.reports import Conflict, Quarantined, Receipt, Record, Version
from sync.errors import Code
from sync.protocol.exchange import Outcome, OutcomeKind
from sync.protocol.records import Report
from sync.reconcile import Decision, Held, Seen

_encode = msgspec.json.Encoder().encode
_report = msgspec.json.Decoder(Report)


class Ground(Struct, frozen=True):
    """What a plan is written upon: the records that exist, the feed of each RT, the counters of the locked feeds."""

    known: Mapping[UUID, Held]
    feeds: Mapping[UUID, UUID]
    counters: dict[UUID, int]

    def next_number(self, area_id: UUID) -> int:
        """The next number of an RT's feed (SPEC M16)."""
        self.counters[self.feeds[area_id]] += 1
        return self.counters[self.feeds[area_id]]


def report_of(body: str) -> Report | None:
    """The report of a record's body; None for a nil."""
    return _report.decode(body) if body else None


_SEEN: Final = Lookup(
    lambda among: select(
        col(Receipt.mutation_id),
        col(Receipt.digest),
        col(Receipt.outcome),
        col(Receipt.version),
        col(Receipt.window),
        col(Receipt.code),
    ).where(among(col(Receipt.mutation_id)))
)


def seen_mutations(conn: Connection, mutation_ids: Collection[UUID]) -> dict[UUID, Seen]:
    """What became of some mutations, if they came before."""
    return {row.mutation_id: Seen(row.digest, _outcome(row)) for row in _SEEN.rows(conn, mutation_ids)}


def _outcome(row: Any) -> Outcome:
    code = Code(row.code) if row.code else None
    return Outcome(row.mutation_id, OutcomeKind(row.outcome), row.version, row.window, code=code)


_HELD: Final = Lookup(
    lambda among: select(
        col(Record.record_id),
        col(Record.area_id),
        col(Record.version),
        col(Record.body),
        col(Record.removed),
        col(Record.conflicts),
    ).where(among(col(Record.record_id)))
)
_OPEN: Final = Lookup(
    lambda among: select(col(Conflict.record_id), col(Conflict.conflict_id)).where(
        among(col(Conflict.record_id)), col(Conflict.resolved_by).is_(None)
    )
)


def held_records(conn: Connection, record_ids: Collection[UUID]) -> dict[UUID, Held]:
    """The present state of some records, with their open conflicts."""
    rows = _HELD.rows(conn, record_ids)
    conflicts = open_conflicts(conn, {row.record_id for row in rows if row.conflicts})
    return {
        row.record_id: Held(
            row.record_id,
            row.area_id,
            row.version,
            report_of(row.body),
            row.removed,
            frozenset(conflicts.get(row.record_id, ())),
        )
        for row in rows
    }


def open_conflicts(conn: Connection, record_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The ids of the conflicts of some records that wait for a decision."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for record_id, conflict_id in _OPEN.rows(conn, record_ids):
        found[record_id].add(conflict_id)
    return found


_NEW_RECORDS: Final = Many.into(Record)
_NEW_VERSIONS: Final = Many.into(Version, without="batch_id")
_NEW_RECEIPTS: Final = Many.into(Receipt)
_NEW_CONFLICTS: Final = Many.into(Conflict, without="resolved_by")
_STATE: Final = ("seq", "conflicts", "version", "body", "removed", "window", "captured_at", "batch_id")


def _changing(*columns: str) -> Many:
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    statement = update(Record).where(col(Record.record_id) == bindparam("id")).values(values)
    return Many(statement, (*columns, "id"))


_VERSIONED: Final = _changing(*_STATE)
_MARKED: Final = _changing("seq", "conflicts")
_ADVANCED: Final = Many(
    update(Feed).where(col(Feed.feed_id) == bindparam("id")).values(seq=bindparam("to")), ("to", "id")
)


def write(conn: Connection, decisions: Sequence[Decision], ground: Ground, salts: Iterator[bytes], now: int) -> None:
    """Write decisions, with one statement a table. `salts` yields a salt for each new version."""
    versions = {
        decision.outcome.mutation_id: _version_row(decision, decision.held, next(salts), now, ground)
        for decision in decisions
        if decision.versioned and decision.held
    }
    _write_records(conn, decisions, versions, ground)
    _NEW_VERSIONS.run(conn, list(versions.values()))
    _NEW_RECEIPTS.run(conn, [_receipt_row(decision, now) for decision in decisions if decision.is_first])
    _NEW_CONFLICTS.run(conn, list(_conflict_rows(decisions, now)))
    photos.name(conn, decisions)
    _resolve(conn, decisions)
    _quarantine(conn, [decision for decision in decisions if decision.keeps_bytes], now)


def advance(conn: Connection, counters: Mapping[UUID, int]) -> None:
    """Write back the counters of locked feeds."""
    _ADVANCED.run(conn, [{"id": feed_id, "to": counters[feed_id]} for feed_id in sorted(counters)])


def _write_records(
    conn: Connection, decisions: Sequence[Decision], versions: Mapping[UUID, dict[str, Any]], ground: Ground
) -> None:
    """Each touched record takes one number and its last state; a conflict alone leaves version and batch."""
    states: dict[UUID, dict[str, Any]] = {}
    for decision in decisions:
        held = decision.held
        if held and (decision.versioned or decision.conflict):
            state = versions[decision.outcome.mutation_id] if decision.versioned else states.get(held.record_id, {})
            states[held.record_id] = state | {"area_id": held.area_id, "conflicts": len(held.conflicts)}
    new: list[dict[str, Any]] = []
    versioned: list[dict[str, Any]] = []
    marked: list[dict[str, Any]] = []
    for record_id, state in states.items():
        row = state | {"id": record_id, "batch_id": None, "seq": ground.next_number(state["area_id"])}
        (new if record_id not in ground.known else versioned if "version" in row else marked).append(row)
    _NEW_RECORDS.run(conn, new)
    _VERSIONED.run(conn, versioned)
    _MARKED.run(conn, marked)


def _version_row(decision: Decision, held: Held, salt: bytes, now: int, ground: Ground) -> dict[str, Any]:
    return {
        "record_id": held.record_id,
        "version": held.version,
        "kind": _kind(held),
        "mutation_id": decision.outcome.mutation_id,
        "area_id": held.area_id,
        "feed_id": ground.feeds[held.area_id],
        "window": decision.arrival.window,
        "body": _encode(held.report).decode() if held.report else "",
        "changed": " ".join(decision.changed),
        "removed": held.removed,
        "salt": salt,
        "captured_at": decision.arrival.captured_at,
        "received_at": now,
        "flags": decision.arrival.flags,
    }


def _kind(held: Held) -> str:
    return "report" if held.report else "nil"


def _receipt_row(decision: Decision, now: int) -> dict[str, Any]:
    arrival, outcome, held = decision.arrival, decision.outcome, decision.held
    return {
        "mutation_id": outcome.mutation_id,
        "digest": arrival.incoming.digest,
        "outcome": outcome.outcome.value,
        "code": outcome.code.value if outcome.code else "",
        "kind": _kind(held) if held else "",
        "record_id": held.record_id if held else None,
        "version": outcome.version,
        "area_id": held.area_id if held else None,
        "window": outcome.window,
        "author_id": arrival.author_id,
        "captured_at": arrival.captured_at,
        "received_at": now,
    }


def _conflict_rows(decisions: Iterable[Decision], now: int) -> Iterator[dict[str, Any]]:
    for decision in decisions:
        if decision.conflict and decision.held:
            yield {
                "conflict_id": decision.outcome.mutation_id,
                "record_id": decision.held.record_id,
                "area_id": decision.held.area_id,
                "kind": decision.conflict.kind,
                "base": _encode(decision.conflict.base).decode(),
                "phone": _encode(decision.conflict.phone).decode(),
                "window": decision.arrival.window,
                "opened_at": now,
            }


def _resolve(conn: Connection, decisions: Iterable[Decision]) -> None:
    rows = [{"id": id_, "by": d.outcome.mutation_id} for d in decisions for id_ in d.resolved]
    if rows:
        statement = update(Conflict).where(col(Conflict.conflict_id) == bindparam("id"))
        conn.execute(statement.values(resolved_by=bindparam("by")), rows)


def _quarantine(conn: Connection, decisions: Sequence[Decision], now: int) -> None:
    """Keep bytes that nothing else holds; the same bytes, brought again, are kept once."""
    kept = {(d.outcome.mutation_id, d.arrival.incoming.digest): d for d in decisions}
    present = select(col(Quarantined.mutation_id), col(Quarantined.digest))
    known = (
        {tuple(row) for row in conn.execute(present.where(col(Quarantined.mutation_id).in_({id_ for id_, _ in kept})))}
        if kept
        else set()
    )
    rows = [
        {
            "mutation_id": mutation_id,
            "digest": digest,
            "code": decision.outcome.code or "",
            "payload": decision.arrival.incoming.raw,
            "author_id": decision.arrival.author_id,
            "record_id": decision.arrival.incoming.record_id,
            "window": decision.arrival.window,
            "captured_at": decision.arrival.captured_at,
            "flags": decision.arrival.flags,
            "received_at": now,
            "place": place,
        }
        for place, ((mutation_id, digest), decision) in enumerate(kept.items())
        if (mutation_id, digest) not in known
    ]
    if rows:
        conn.execute(insert(Quarantined), rows)

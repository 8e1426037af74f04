"""Reading what the reconciler must know, and writing what it decided: a few statements for all (SPEC M5, M16)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlmodel import SQLModel, col

from server.store import photos
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


def seen_mutations(conn: Connection, mutation_ids: Collection[UUID]) -> dict[UUID, Seen]:
    """What became of some mutations, if they came before."""
    query = select(
        col(Receipt.mutation_id),
        col(Receipt.digest),
        col(Receipt.outcome),
        col(Receipt.version),
        col(Receipt.window),
        col(Receipt.code),
    ).where(col(Receipt.mutation_id).in_(mutation_ids))
    return {row.mutation_id: Seen(row.digest, _outcome(row)) for row in conn.execute(query)}


def _outcome(row: Any) -> Outcome:
    code = Code(row.code) if row.code else None
    return Outcome(row.mutation_id, OutcomeKind(row.outcome), row.version, row.window, code=code)


def held_records(conn: Connection, record_ids: Collection[UUID]) -> dict[UUID, Held]:
    """The present state of some records, with their open conflicts."""
    conflicts = open_conflicts(conn, record_ids)
    query = select(
        col(Record.record_id), col(Record.area_id), col(Record.version), col(Record.body), col(Record.removed)
    ).where(col(Record.record_id).in_(record_ids))
    return {
        row.record_id: Held(
            row.record_id,
            row.area_id,
            row.version,
            report_of(row.body),
            row.removed,
            frozenset(conflicts.get(row.record_id, ())),
        )
        for row in conn.execute(query)
    }


def open_conflicts(conn: Connection, record_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The ids of the conflicts of some records that wait for a decision."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    query = select(col(Conflict.record_id), col(Conflict.conflict_id)).where(
        col(Conflict.record_id).in_(record_ids), col(Conflict.resolved_by).is_(None)
    )
    for record_id, conflict_id in conn.execute(query):
        found[record_id].add(conflict_id)
    return found


def write(conn: Connection, decisions: Sequence[Decision], ground: Ground, salts: Iterator[bytes], now: int) -> None:
    """Write decisions, with one statement a table. `salts` yields a salt for each new version."""
    _write_records(conn, decisions, ground)
    _insert(
        conn, Version, [_version_row(d, d.held, next(salts), now, ground) for d in decisions if d.versioned and d.held]
    )
    _insert(conn, Receipt, [_receipt_row(decision, now) for decision in decisions if decision.is_first])
    _insert(conn, Conflict, list(_conflict_rows(decisions, now)))
    photos.name(conn, decisions)
    _resolve(conn, decisions)
    _quarantine(conn, [decision for decision in decisions if decision.keeps_bytes], now)


def advance(conn: Connection, counters: Mapping[UUID, int]) -> None:
    """Write back the counters of locked feeds."""
    rows = [{"id": feed_id, "to": counters[feed_id]} for feed_id in sorted(counters)]
    if rows:
        conn.execute(update(Feed).where(col(Feed.feed_id) == bindparam("id")).values(seq=bindparam("to")), rows)


def _write_records(conn: Connection, decisions: Sequence[Decision], ground: Ground) -> None:
    """Each touched record takes one number and its last state; a conflict alone leaves version and batch."""
    states: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for decision in decisions:
        held = decision.held
        if held and (decision.versioned or decision.conflict):
            values = states[held.record_id]
            values |= {"area_id": held.area_id, "conflicts": len(held.conflicts)}
            if decision.versioned:
                values |= _version_values(decision, held)
    new: list[dict[str, Any]] = []
    versioned: list[dict[str, Any]] = []
    marked: list[dict[str, Any]] = []
    for record_id, values in states.items():
        row = values | {"record_id": record_id, "seq": ground.next_number(values["area_id"])}
        if record_id not in ground.known:
            new.append(row | {"feed_id": ground.feeds[values["area_id"]]})
        else:
            (versioned if "version" in row else marked).append(row)
    _insert(conn, Record, new)
    _update(conn, versioned)
    _update(conn, marked)


def _version_values(decision: Decision, held: Held) -> dict[str, Any]:
    return {
        "kind": _kind(held),
        "version": held.version,
        "body": _encode(held.report).decode() if held.report else "",
        "removed": held.removed,
        "window": decision.arrival.window,
        "captured_at": decision.arrival.captured_at,
        "batch_id": None,
    }


def _kind(held: Held) -> str:
    return "report" if held.report else "nil"


def _version_row(decision: Decision, held: Held, salt: bytes, now: int, ground: Ground) -> dict[str, Any]:
    values = _version_values(decision, held)
    del values["batch_id"]
    return values | {
        "record_id": held.record_id,
        "mutation_id": decision.outcome.mutation_id,
        "area_id": held.area_id,
        "feed_id": ground.feeds[held.area_id],
        "changed": " ".join(decision.changed),
        "salt": salt,
        "received_at": now,
        "flags": decision.arrival.flags,
    }


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
            "received_at": now,
        }
        for (mutation_id, digest), decision in kept.items()
        if (mutation_id, digest) not in known
    ]
    _insert(conn, Quarantined, rows)


def _insert(conn: Connection, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(insert(table), rows)


def _update(conn: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        values: dict[str, Any] = {
            name: bindparam(f"to_{name}") for name in rows[0] if name not in ("record_id", "area_id")
        }
        statement = update(Record).where(col(Record.record_id) == bindparam("to_record_id")).values(values)
        conn.execute(statement, [{f"to_{name}": value for name, value in row.items()} for row in rows])

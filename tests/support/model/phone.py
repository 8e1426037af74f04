"""A phone, as SPEC asks of it: records, outbox and cursor on its disk, and nothing else that survives a crash.

Each method is one transaction of the phone's database, so a crash comes before or after it, never within. The values
are those of the wire: dicts, strings, integers. What was sent never changes. Never-sent edits are not folded together
here; a phone may do so, and need not.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

DAY: Final = 24 * 3_600_000
KEPT: Final = 30 * DAY

Json = dict[str, Any]

EMPTY: Final[Json] = {
    "identity": {"full_name": "", "sex": "", "birth_date": "", "birth_place": "", "nationality": ""},
    "document": {"kind": "none", "number": "", "issuing_state": "", "expiry": "", "reason": ""},
    "permit": {"kind": "", "number": "", "expiry": ""},
    "stay": {
        **{"address": "", "lodging": "", "lodging_name": "", "owner": "", "owner_phone": ""},
        **{"arrival": "", "departure": "", "purpose": "", "sponsor": ""},
    },
    "note": "",
    "photos": [],
}

ENDS: Final = {
    "applied": "acknowledged",
    "merged": "acknowledged",
    "conflicted": "acknowledged",
    "quarantined": "quarantined",
    "rejected": "rejected",
}


@dataclass
class Row:
    """One mutation of the outbox; `body` is the JSON that is sent. `status` is new, sent, or how it ended."""

    mutation_id: str
    record_id: str
    body: str
    status: str = "new"
    outcome: Json | None = None
    answered_at: int = 0

    @property
    def is_pending(self) -> bool:
        return self.status in ("new", "sent")

    @property
    def is_readable(self) -> bool:
        return "unreadable" not in json.loads(self.body)


@dataclass
class Kept:
    """A record on the phone: the server's last word, None when only the phone knows of it, and when it was pulled."""

    area_id: str
    server: Json | None
    generation: int


@dataclass
class Request:
    """One request on its way: what is sent, and what of the outbox it speaks of."""

    phone: int
    rows: list[Row]
    cursor: str
    now: int
    body: str


@dataclass
class Run:
    """What one run of exchanges remembers; a crash forgets it. Records that were told `retry` wait for the next run."""

    repeated: bool = False
    held: set[str] = field(default_factory=set)


class Phone:
    def __init__(self, number: int, new_id: Callable[[], str], protocol: int) -> None:
        self.number = number
        self.protocol = protocol
        self.records: dict[str, Kept] = {}
        self.outbox: list[Row] = []
        self.scope: Json | None = None
        self.cursor = ""
        self.skew = 0
        self.run = Run()
        self.drifted = False
        self._generation = 0
        self._sweeping = False
        self._confirmed = False
        self._new_id = new_id

    # What the officer does

    def save(self, area_id: str, changes: Json, now: int) -> Row:
        """A report begun."""
        record_id = self._new_id()
        self.records[record_id] = Kept(area_id, None, self._generation)
        base = {group: EMPTY[group] for group in changes}
        return self._store("report", record_id, now, {"changes": changes, "base": base})

    def edit(self, record_id: str, seen: Json, changes: Json, now: int) -> Row:
        """A report changed by one who saw it as `seen`."""
        base = {group: seen[group] for group in changes}
        return self._store("report", record_id, now, {"changes": changes, "base": base})

    def remove(self, record_id: str, now: int) -> Row:
        report, _ = self.shown(record_id)
        return self._store("remove", record_id, now, {"base": report})

    def nil(self, area_id: str, now: int) -> Row:
        record_id = self._new_id()
        self.records[record_id] = Kept(area_id, None, self._generation)
        return self._store("nil", record_id, now, {})

    def poison(self, body: Json) -> Row:
        """A fault of the app: something that no server can read stands in the outbox."""
        return self._append(Row(body.get("mutation_id", ""), "", json.dumps(body)))

    def _store(self, kind: str, record_id: str, now: int, values: Json) -> Row:
        mutation_id = self._new_id()
        ids = {"mutation_id": mutation_id, "record_id": record_id, "area_id": self.records[record_id].area_id}
        body = {"kind": kind, **ids, "captured_at": now + self.skew, **values}
        return self._append(Row(mutation_id, record_id, json.dumps(body)))

    def _append(self, row: Row) -> Row:
        self.outbox.append(row)
        self._confirmed = False
        return row

    # What the officer sees

    def shown(self, record_id: str) -> tuple[Json | None, bool]:
        """The server's last word with the phone's own mutations over it; whether it is removed."""
        server = self.records[record_id].server
        report = deepcopy(server["report"]) if server and server["kind"] == "report" else None
        removed = bool(server and server.get("removed"))
        for body in self._own(record_id, server):
            if body["kind"] == "report":
                report = {**(report or EMPTY), **body["changes"]}
            removed = body["kind"] == "remove" or (removed and body["kind"] != "report")
        return report, removed

    def _own(self, record_id: str, server: Json | None) -> Iterator[Json]:
        for row in self.outbox:
            refused = row.status in ("quarantined", "rejected")
            newer = row.outcome is None or row.outcome["version"] > (server["version"] if server else 0)
            if row.record_id == record_id and (server is None if refused else newer):
                yield json.loads(row.body)

    @property
    def is_green(self) -> bool:
        """SPEC's tick: nothing waits, and the server said so since."""
        return self._confirmed and not any(row.is_pending for row in self.outbox)

    def areas(self) -> list[str]:
        return [area["area_id"] for area in self.scope["areas"] if not area.get("ended")] if self.scope else []

    # What the network does

    def prepare(self, now: int, at_most: int) -> Request:
        """The next request. From here on its mutations never change."""
        rows = [row for row in self.outbox if row.is_pending and row.record_id not in self.run.held][:at_most]
        for row in rows:
            row.status = "sent"
        head: Json = {"protocol": self.protocol, "now": now + self.skew, "cursor": self.cursor}
        if self.protocol > 1:
            head["check"] = True
        mutations = ",".join(row.body for row in rows)
        body = f'{json.dumps(head)[:-1]}, "mutations": [{mutations}]}}'
        return Request(self.number, rows, self.cursor, now + self.skew, body)

    def take(self, request: Request, answer: Json) -> bool:
        """Store an answer whole: outcomes, changes, cursor. Says whether another exchange should follow at once."""
        now, resync = answer["now"], answer["resync"]
        for row, outcome in zip(request.rows, answer["outcomes"], strict=True):
            self._end(row, outcome, now, resync)
        if resync:
            self._generation += 1
            self._sweeping = True
        for change in answer["changes"]:
            self.records[change["record_id"]] = Kept(change["area_id"], change, self._generation)
        if resync and not self.run.repeated:
            self.run.repeated = True
            self._send_again(now)
        self.outbox = [row for row in self.outbox if row.status != "acknowledged" or row.answered_at >= now - KEPT]
        self.cursor = answer["cursor"]
        self.scope = answer.get("scope", self.scope)
        if self._sweeping and not answer["more"]:
            self._sweep()
        self._confirmed = True
        if answer.get("digest", self._digest()) != self._digest() and not any(row.is_pending for row in self.outbox):
            self.drifted, self.cursor = True, ""
        told_more = answer["more"] and answer["cursor"] != request.cursor
        return told_more or any(row.is_pending and row.record_id not in self.run.held for row in self.outbox)

    def crash(self) -> None:
        """What was not on the disk is gone."""
        self.run = Run()

    def _digest(self) -> str:
        """What tells the server's records from the phone's, should they ever differ (SPEC M22)."""
        held = ((id_, kept.server) for id_, kept in self.records.items())
        living = [(id_, one) for id_, one in held if one and one["kind"] == "report" and not one["removed"]]
        lines = sorted(f"{record_id}:{server['version']}\n" for record_id, server in living)
        return sha256("".join(lines).encode()).hexdigest()

    def _end(self, row: Row, outcome: Json, now: int, resync: bool) -> None:
        ended = ENDS.get(outcome.get("was") or outcome["outcome"])
        if ended:
            row.status, row.outcome, row.answered_at = ended, outcome, now
        elif not resync:
            self.run.held.add(row.record_id)

    def _send_again(self, now: int) -> None:
        """The server may be one restored from a backup: it gets all that it once answered, also what it refused."""
        for row in self.outbox:
            if not row.is_pending and row.answered_at < now:
                row.status = "sent"

    def _sweep(self) -> None:
        """What a full pull did not bring is no longer the officer's; own unanswered changes wait for their answer."""
        self._sweeping = any(row.is_pending for row in self.outbox)
        own = {row.record_id for row in self.outbox if row.status != "acknowledged"}
        for record_id, kept in list(self.records.items()):
            if kept.generation < self._generation and record_id in own:
                kept.server = None
            elif kept.generation < self._generation:
                del self.records[record_id]

"""What the server must hold, told by dicts: SPEC M4-M15, W1-W4 once more, for one mutation after another.

It knows what each officer may do, decides each mutation the first time it comes, and forgets nothing.
"""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tests.support.model.city import BELOW, DAY, ENROLLED, HEADS, HOUR
from tests.support.model.phone import EMPTY, Json

CLOSES: Final = (("pagi", 10), ("siang", 15), ("malam", 20))
JAKARTA: Final = 7 * HOUR
JUMP: Final = 2 * 60_000
LONGEST_WAY: Final = 30_000


def window_of(instant: int) -> str:
    """The window that holds an instant (SPEC W1, W2); Jakarta knows no summer time."""
    day, rest = divmod(instant + JAKARTA, DAY)
    names = [(day, name) for name, hour in CLOSES if rest < hour * HOUR] or [(day + 1, CLOSES[0][0])]
    return f"{date.fromordinal(date(1970, 1, 1).toordinal() + names[0][0])}/{names[0][1]}"


@dataclass
class Known:
    """A record of the server; `report` is None for a nil."""

    area_id: str
    report: Json | None
    version: int = 0
    removed: bool = False
    conflicts: set[str] = field(default_factory=set)


@dataclass
class Brought:
    """One mutation as it came: its bytes, by whom, when it was captured on the server's clock, and odd clocks."""

    body: str
    author: str
    captured_at: int
    flags: str
    fits: bool = True


@dataclass
class State:
    """All that a backup holds."""

    records: dict[str, Known] = field(default_factory=dict)
    versions: dict[tuple[str, int], Json] = field(default_factory=dict)
    receipts: dict[str, Json] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, Json] = field(default_factory=dict)
    quarantine: set[tuple[str, str]] = field(default_factory=set)
    offsets: dict[int, int] = field(default_factory=dict)
    assignments: list[list[Any]] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)


class Oracle:
    def __init__(self) -> None:
        self.state = State(assignments=[[name, area, 0, None] for name, (area, _) in HEADS.items()])
        self.cursed: set[str] = set()

    # Who may do what

    def move(self, rt: UUID, officer: str, now: int) -> None:
        for assignment in self.state.assignments:
            if assignment[1] == rt and assignment[3] is None:
                assignment[3] = now
        self.state.assignments.append([officer, rt, now, None])

    def reads(self, officer: str, instant: int) -> set[str]:
        """The RTs of an officer at an instant."""
        return {
            str(rt)
            for name, area, since, until in self.state.assignments
            for rt in BELOW[area]
            if name == officer and since <= instant and (until is None or instant < until)
            and instant < self.state.ends.get(str(rt), instant + 1)
        }  # fmt: skip

    # What comes

    def capture(self, phone: int, captured_at: int, phone_now: int, now: int) -> tuple[int, str]:
        """The instant of a capture on the server's clock, and its flags (SPEC W3, W4)."""
        offset = now - phone_now
        last = self.state.offsets.get(phone, offset)
        flags = ["clock_jumped"] if abs(offset - last) > JUMP else []
        if 0 < offset - last <= LONGEST_WAY:
            offset = last
        instant = min(captured_at + offset, now)
        return (instant, " ".join(flags)) if instant >= ENROLLED else (now, " ".join([*flags, "clock_unsound"]))

    def decide_all(self, brought: Sequence[Brought]) -> list[Json]:
        """The outcomes of a request. What follows in a record that could not be stored waits with it."""
        stuck: set[str] = set()
        told = []
        for one in brought:
            body, _, mutation_id = _read(one.body)
            record_id = body.get("record_id", mutation_id)
            waits = record_id in stuck
            told.append(_told(mutation_id, "retry", code="busy") if waits else self.decide(one))
            if told[-1]["code"] == "busy":
                stuck.add(record_id)
        return told

    def decide(self, brought: Brought, resolver: bool = False) -> Json:
        """The outcome of one mutation, as the answer must tell it."""
        body, digest, mutation_id = _read(brought.body)
        state = self.state
        if not brought.fits:
            return _told(mutation_id, "retry")
        window = window_of(brought.captured_at)
        if mutation_id in state.receipts:
            first = state.receipts[mutation_id]
            if state.digests[mutation_id] == digest:
                return {**first, "outcome": "replayed", "was": first["outcome"]}
            state.quarantine.add((mutation_id, digest))
            return _told(mutation_id, "rejected", window=window, code="mutation_id_reused")
        record_id = body.get("record_id", "")
        backup = deepcopy(state) if record_id in self.cursed else None
        version = state.records[record_id].version if record_id in state.records else 0
        kind, code = self._apply(body, brought, resolver)
        record = None if code else state.records[record_id]
        new_version = record is not None and record.version != version
        if new_version and backup:
            self.state = backup
            return _told(mutation_id, "retry", code="busy")
        outcome = _told(mutation_id, kind, record.version if record else 0, window, code)
        state.receipts[mutation_id], state.digests[mutation_id] = outcome, digest
        if code:
            state.quarantine.add((mutation_id, digest))
        if record and new_version:
            state.versions[body["record_id"], record.version] = {
                **{"mutation_id": mutation_id, "window": window, "captured_at": brought.captured_at},
                **{
                    "flags": None if self.cursed else brought.flags,
                    "report": deepcopy(record.report),
                    "removed": record.removed,
                },
            }
        return outcome

    def _apply(self, body: Json, brought: Brought, resolver: bool) -> tuple[str, str | None]:
        """Outcome, and the code of a refusal. The order of the questions decides the code."""
        if "unreadable" in body:
            return "quarantined", body["unreadable"]
        known = self.state.records.get(body["record_id"])
        if not resolver and body["area_id"] not in self.reads(brought.author, brought.captured_at):
            return "quarantined", "area_out_of_scope"
        if known and known.area_id != body["area_id"]:
            return "quarantined", "area_fixed"
        if known and (known.report is None) != (body["kind"] == "nil"):
            return "quarantined", "record_kind_differs"
        if known is None and body["kind"] in ("remove", "resolve"):
            return "quarantined", "record_unknown"
        if known is None:
            report = None if body["kind"] == "nil" else {**deepcopy(EMPTY), **body["base"]}
            known = self.state.records[body["record_id"]] = Known(body["area_id"], report)
        if body["kind"] == "nil":
            known.version += 1
            return "applied", None
        handlers = {"report": self._report, "remove": self._remove, "resolve": self._resolve}
        return handlers[body["kind"]](known, body)

    def _report(self, known: Known, body: Json) -> tuple[str, None]:
        server, changes = known.report or {}, body["changes"]
        base = {group: body["base"].get(group, EMPTY[group]) for group in changes}
        if known.removed:
            lost = {group: value for group, value in changes.items() if value != server[group]}
            return self._conflict(known, body, lost) if lost else "merged", None
        lost = {
            group: value
            for group, value in changes.items()
            if group != "photos" and value != server[group] and base[group] not in (value, server[group])
        }
        others = any(base[group] != server[group] for group in changes)
        after = deepcopy(server)
        for group, value in changes.items():
            if group == "photos":
                after[group] = sorted({*server[group], *value})
            elif server[group] == base[group]:
                after[group] = value
        if after != server or known.version == 0:
            known.version += 1
        known.report = after
        return self._conflict(known, body, lost) if lost else "merged" if others else "applied", None

    def _remove(self, known: Known, body: Json) -> tuple[str, None]:
        if known.removed:
            return "applied", None
        if {**EMPTY, **body["base"]} != known.report:
            return self._conflict(known, body, {}), None
        known.removed, known.version = True, known.version + 1
        return "applied", None

    def _resolve(self, known: Known, body: Json) -> tuple[str, str | None]:
        named = set(body["conflict_ids"])
        if body["seen_version"] != known.version or not named <= known.conflicts:
            return "rejected", "resolution_stale"
        changes = body["changes"]
        photos = sorted({*(known.report or {})["photos"], *changes.get("photos", [])})
        known.report = {**(known.report or {}), **changes, "photos": photos}
        known.removed, known.version = body["removed"], known.version + 1
        known.conflicts -= named
        for conflict_id in named:
            self.state.conflicts[conflict_id]["resolved_by"] = body["mutation_id"]
        return "applied", None

    def _conflict(self, known: Known, body: Json, lost: Json) -> str:
        known.conflicts.add(body["mutation_id"])
        values = {"record_id": body["record_id"], "phone": lost, "resolved_by": None}
        self.state.conflicts[body["mutation_id"]] = values
        return "conflicted"


def _told(mutation_id: str, kind: str, version: int = 0, window: str = "", code: str | None = None) -> Json:
    return {
        **{"mutation_id": mutation_id, "outcome": kind, "version": version},
        **{"window": window, "was": None, "code": code},
    }


def _read(text: str) -> tuple[Json, str, str]:
    """The mutation, its digest and its id (SPEC M4). The model's poison says of itself why it is unreadable."""
    plain = json.loads(text)
    bytes_ = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    digest = sha256(bytes_)
    return plain, digest.hexdigest(), plain.get("mutation_id") or str(UUID(bytes=digest.digest()[:16]))

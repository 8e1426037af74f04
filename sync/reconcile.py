"""Mutations and what is stored -> decisions: the outcome of each, and what is to be written (SPEC M4-M14).

Mutations are decided in their order; each sees what the ones before it decided, as if each were alone.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast
from uuid import UUID

from msgspec import Struct, structs

from sync.doubts import doubts
from sync.errors import Code
from sync.intake import Incoming, spoken_groups
from sync.merge import base_of, merge, only, present, union
from sync.protocol.exchange import FileNil, Mutation, Outcome, OutcomeKind, RemoveReport, Resolve, SaveReport
from sync.protocol.records import GROUPS, Groups, Report


class Span(Struct, frozen=True):
    """An officer's area, from an instant until before another (None: still).

    An `inherited` one has ended, and a successor of it is theirs: its records are edited, nothing begins (SPEC A3).
    """

    area_id: UUID
    since: int
    until: int | None = None
    inherited: bool = False


class Arrival(Struct, frozen=True):
    """A mutation, who brought it and when it was captured: corrected instant, window and flags (SPEC W2-W4).

    What a revoked phone brings is in `escrow`: kept, and for a person to decide on (SPEC D1).
    """

    incoming: Incoming
    author_id: UUID
    spans: tuple[Span, ...]
    resolver: bool
    captured_at: int
    window: str
    flags: str = ""
    escrow: bool = False


class Held(Struct, frozen=True):
    """The present state of a record. `report` is None for a nil; `conflicts` are the open ones."""

    record_id: UUID
    area_id: UUID
    version: int
    report: Report | None
    removed: bool = False
    conflicts: frozenset[UUID] = frozenset()


class Seen(Struct, frozen=True):
    """What became of a mutation that came before."""

    digest: bytes
    outcome: Outcome


class OpenedConflict(Struct, frozen=True):
    """Values of a phone that could not be merged, with the base that it knew."""

    kind: str
    base: Groups
    phone: Groups


class Decision(Struct, frozen=True):
    """What to write for one mutation.

    `held` is the record after it, or None where no record is touched; `versioned` tells that `held` is a new version.
    """

    arrival: Arrival
    outcome: Outcome
    held: Held | None = None
    versioned: bool = False
    changed: tuple[str, ...] = ()
    conflict: OpenedConflict | None = None
    resolved: tuple[UUID, ...] = ()

    @property
    def is_first(self) -> bool:
        """Whether its id was new, so that it gets a receipt."""
        return self.outcome.outcome != OutcomeKind.replayed and self.outcome.code != Code.mutation_id_reused

    @property
    def keeps_bytes(self) -> bool:
        """Whether the mutation's bytes must be kept, because nothing else holds its values."""
        return self.outcome.outcome in (OutcomeKind.quarantined, OutcomeKind.rejected)


Kept = Mapping[UUID, frozenset[str]]
_NONE_KEPT: Final[Kept] = {}
_NOTHING: Final = Groups()


class _Refusal(Exception):
    def __init__(self, outcome: OutcomeKind, code: Code) -> None:
        super().__init__(code)
        self.outcome = outcome
        self.code = code


def reconcile(
    arrivals: Iterable[Arrival], seen: dict[UUID, Seen], records: dict[UUID, Held], kept: Kept = _NONE_KEPT
) -> list[Decision]:
    """Decide each mutation. `seen` and `records` hold what is stored of the ids that occur, `kept` the groups that
    mutations in quarantine speak of, by record (SPEC M27). None of them is changed."""
    seen, records, waiting = dict(seen), dict(records), dict(kept)
    decisions = []
    for arrival in arrivals:
        decision = _decide(arrival, seen, records, waiting)
        decisions.append(decision)
        incoming = arrival.incoming
        if incoming.mutation_id not in seen:
            seen[incoming.mutation_id] = Seen(incoming.digest, decision.outcome)
        if decision.held:
            records[decision.held.record_id] = decision.held
        if decision.keeps_bytes and incoming.record_id:
            groups = waiting.get(incoming.record_id, frozenset())
            waiting[incoming.record_id] = groups | spoken_groups(incoming)
    return decisions


def _decide(arrival: Arrival, seen: dict[UUID, Seen], records: dict[UUID, Held], kept: Kept) -> Decision:
    incoming = arrival.incoming
    before = seen.get(incoming.mutation_id)
    if before:
        return Decision(arrival, _again(arrival, before))
    try:
        if arrival.escrow:
            raise _Refusal(OutcomeKind.quarantined, Code.device_revoked)
        if incoming.mutation is None:
            raise _Refusal(OutcomeKind.quarantined, cast(Code, incoming.code))
        held = _admit(arrival, incoming.mutation, records, kept)
        return _HANDLERS[type(incoming.mutation)](arrival, incoming.mutation, held)
    except _Refusal as refusal:
        return Decision(arrival, _outcome(arrival, refusal.outcome, code=refusal.code))


def _again(arrival: Arrival, before: Seen) -> Outcome:
    """SPEC M5: the same bytes again are answered as before; other bytes under the same id are refused."""
    if before.digest != arrival.incoming.digest:
        return _outcome(arrival, OutcomeKind.rejected, code=Code.mutation_id_reused)
    return structs.replace(before.outcome, outcome=OutcomeKind.replayed, was=before.outcome.outcome)


def _admit(arrival: Arrival, mutation: Mutation, records: dict[UUID, Held], kept: Kept) -> Held | None:
    """The record that a mutation speaks of, if the author may touch it in this way (SPEC M12-M14, A3)."""
    covering = [span for span in arrival.spans if _covers(span, mutation.area_id, arrival.captured_at)]
    begins = isinstance(mutation, FileNil) or mutation.record_id not in records
    if all(span.inherited and begins for span in covering):
        raise _Refusal(OutcomeKind.quarantined, Code.area_out_of_scope)
    if isinstance(mutation, Resolve) is not arrival.resolver:
        raise _Refusal(OutcomeKind.quarantined, Code.resolution_not_allowed)
    held = records.get(mutation.record_id)
    if held is None:
        if mutation.record_id in kept and _builds_upon(mutation, kept[mutation.record_id]):
            raise _Refusal(OutcomeKind.quarantined, Code.record_quarantined)
        return None
    if held.area_id != mutation.area_id:
        raise _Refusal(OutcomeKind.quarantined, Code.area_fixed)
    if (held.report is None) is not isinstance(mutation, FileNil):
        raise _Refusal(OutcomeKind.quarantined, Code.record_kind_differs)
    return held


def _builds_upon(mutation: Mutation, groups: frozenset[str]) -> bool:
    """SPEC M27: whether a mutation needs the one before it, which spoke of some groups, to make a whole record."""
    if isinstance(mutation, SaveReport):
        base = present(mutation.base)
        begins = all(value == base_of(_NOTHING, group) for group, value in base.items())
        return not (begins and groups.issubset(present(mutation.changes)))
    return isinstance(mutation, RemoveReport)


def _covers(span: Span, area_id: UUID, instant: int) -> bool:
    return span.area_id == area_id and span.since <= instant and (span.until is None or instant < span.until)


def _save(arrival: Arrival, mutation: SaveReport, held: Held | None) -> Decision:
    if held is None:
        return _begin(arrival, mutation)
    server = cast(Report, held.report)
    if held.removed:
        return _save_removed(arrival, mutation, held)
    merged = merge(mutation.base, mutation.changes, server)
    conflict = None
    if merged.conflicting:
        conflict = _conflict("edit", mutation.base, mutation.changes, merged.conflicting)
    kind = OutcomeKind.conflicted if conflict else OutcomeKind.merged if merged.others else OutcomeKind.applied
    after = structs.replace(held, report=merged.report)
    return _accept(arrival, kind, after, merged.changed, conflict=conflict)


def _begin(arrival: Arrival, mutation: SaveReport) -> Decision:
    """SPEC M10: the server holds nothing, so the base and the changes are all there is."""
    base, changes = present(mutation.base), present(mutation.changes)
    groups = base | changes
    if "photos" in groups:
        groups["photos"] = union(base.get("photos", ()), changes.get("photos", ()))
    after = Held(mutation.record_id, mutation.area_id, 0, Report(**groups))
    return _accept(arrival, OutcomeKind.applied, after, tuple(groups), versioned=True)


def _save_removed(arrival: Arrival, mutation: SaveReport, held: Held) -> Decision:
    differing = tuple(
        group for group, value in present(mutation.changes).items() if value != getattr(held.report, group)
    )
    if not differing:
        return _accept(arrival, OutcomeKind.merged, held, ())
    conflict = _conflict("edit_of_removed", mutation.base, mutation.changes, differing)
    return _accept(arrival, OutcomeKind.conflicted, held, (), conflict=conflict)


def _remove(arrival: Arrival, mutation: RemoveReport, held: Held | None) -> Decision:
    if held is None:
        raise _Refusal(OutcomeKind.quarantined, Code.record_unknown)
    if held.removed:
        return _accept(arrival, OutcomeKind.applied, held, ())
    if all(base_of(mutation.base, group) == getattr(held.report, group) for group in GROUPS):
        after = structs.replace(held, removed=True)
        return _accept(arrival, OutcomeKind.applied, after, (), versioned=True)
    conflict = OpenedConflict("removal_of_edited", mutation.base, Groups())
    return _accept(arrival, OutcomeKind.conflicted, held, (), conflict=conflict)


def _file_nil(arrival: Arrival, mutation: FileNil, held: Held | None) -> Decision:
    after = held or Held(mutation.record_id, mutation.area_id, 0, None)
    return _accept(arrival, OutcomeKind.applied, after, (), versioned=True)


def _resolve(arrival: Arrival, mutation: Resolve, held: Held | None) -> Decision:
    """SPEC M14: a decision counts only if it saw all that it decides on."""
    if held is None:
        raise _Refusal(OutcomeKind.quarantined, Code.record_unknown)
    if mutation.seen_version != held.version or not held.conflicts.issuperset(mutation.conflict_ids):
        raise _Refusal(OutcomeKind.rejected, Code.resolution_stale)
    server = cast(Report, held.report)
    values = present(mutation.changes) | {"photos": union(server.photos, present(mutation.changes).get("photos", ()))}
    changed = tuple(group for group in values if values[group] != getattr(server, group))
    after = structs.replace(
        held,
        report=structs.replace(server, **values),
        removed=mutation.removed,
        conflicts=held.conflicts.difference(mutation.conflict_ids),
    )
    resolved = mutation.conflict_ids
    return _accept(arrival, OutcomeKind.applied, after, changed, versioned=True, resolved=resolved)


def _conflict(kind: str, base: Groups, phone: Groups, groups: tuple[str, ...]) -> OpenedConflict:
    return OpenedConflict(kind, only(base, groups), only(phone, groups))


def _accept(
    arrival: Arrival,
    kind: OutcomeKind,
    held: Held,
    changed: tuple[str, ...],
    *,
    versioned: bool = False,
    conflict: OpenedConflict | None = None,
    resolved: tuple[UUID, ...] = (),
) -> Decision:
    versioned = versioned or bool(changed)
    if conflict:
        held = structs.replace(held, conflicts=held.conflicts | {arrival.incoming.mutation_id})
    if versioned:
        held = structs.replace(held, version=held.version + 1)
        arrival = _flagged(arrival, held.report)
    outcome = _outcome(arrival, kind, version=held.version)
    return Decision(arrival, outcome, held, versioned, changed, conflict, resolved)


def _flagged(arrival: Arrival, report: Report | None) -> Arrival:
    """What is told beside the version: of the phone's clock (SPEC W4), and of values that cannot be (SPEC M31)."""
    found = doubts(report, arrival.captured_at) if report else ()
    return structs.replace(arrival, flags=" ".join([*arrival.flags.split(), *found])) if found else arrival


def _outcome(arrival: Arrival, kind: OutcomeKind, *, version: int = 0, code: Code | None = None) -> Outcome:
    return Outcome(arrival.incoming.mutation_id, kind, version, arrival.window, code=code)


_HANDLERS: Final[dict[type[Any], Callable[..., Decision]]] = {
    SaveReport: _save,
    RemoveReport: _remove,
    FileNil: _file_nil,
    Resolve: _resolve,
}

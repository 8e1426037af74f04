"""Mutations and what is stored -> decisions."""

from uuid import UUID

import msgspec
import pytest

from sync.errors import Code
from sync.intake import read
from sync.protocol.exchange import FileNil, Mutation, Outcome, OutcomeKind, RemoveReport, Resolve, SaveReport
from sync.protocol.records import GROUPS, Groups, Identity, Report
from sync.reconcile import Arrival, Decision, Held, Seen, Span, reconcile

RT, OTHER_RT, RECORD, AUTHOR = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
A, B, C = (Groups(identity=Identity(name)) for name in ("Ana", "Bea", "Cai"))
NOTHING = Groups()


def identity(name: str) -> Report:
    return Report(identity=Identity(name))


def arrival(
    mutation: Mutation, *, resolver: bool = False, at: int = 100, spans: tuple[Span, ...] | None = None
) -> Arrival:
    own = (Span(RT, 0),) if spans is None else spans
    return Arrival(read(msgspec.json.encode(mutation)), AUTHOR, own, resolver, at, "2026-11-23/siang")


def save(number: int, changes: Groups, base: Groups = NOTHING, area: UUID = RT) -> SaveReport:
    return SaveReport(UUID(int=number), RECORD, area, 100, changes, base)


def held(
    report: Report | None, version: int = 1, *, removed: bool = False, conflicts: frozenset[UUID] = frozenset()
) -> dict[UUID, Held]:
    return {RECORD: Held(RECORD, RT, version, report, removed, conflicts)}


def one(mutation: Mutation, records: dict[UUID, Held] | None = None, **options: object) -> Decision:
    return reconcile([arrival(mutation, **options)], {}, records or {})[0]  # type: ignore[arg-type]


def kinds(decisions: list[Decision]) -> list[OutcomeKind]:
    return [decision.outcome.outcome for decision in decisions]


def test_M2_an_unreadable_mutation_is_quarantined_and_the_next_goes_on() -> None:
    bad = Arrival(read(b'{"kind":"dance"}'), AUTHOR, (Span(RT, 0),), False, 100, "w")
    decisions = reconcile([bad, arrival(save(1, A))], {}, {})
    assert kinds(decisions) == [OutcomeKind.quarantined, OutcomeKind.applied]
    assert decisions[0].keeps_bytes
    assert not decisions[1].keeps_bytes


def test_M5_the_same_bytes_again_are_replayed_with_their_first_outcome() -> None:
    first = arrival(save(1, A))
    decisions = reconcile([first, first], {}, {})
    assert kinds(decisions) == [OutcomeKind.applied, OutcomeKind.replayed]
    assert decisions[1].outcome.was is OutcomeKind.applied
    assert decisions[1].outcome.version == 1
    assert not decisions[1].versioned


def test_M5_other_bytes_under_the_same_id_are_rejected_and_kept() -> None:
    stored = Seen(b"another digest", Outcome(UUID(int=1), OutcomeKind.applied, 1))
    [decision] = reconcile([arrival(save(1, A))], {UUID(int=1): stored}, {})
    assert decision.outcome.outcome is OutcomeKind.rejected
    assert decision.outcome.code is Code.mutation_id_reused
    assert decision.keeps_bytes
    assert not decision.is_first


def test_M8_M9_a_conflict_keeps_the_phones_value_and_its_base() -> None:
    decision = one(save(1, B, A), held(identity("Cai")))
    assert decision.outcome.outcome is OutcomeKind.conflicted
    assert decision.conflict is not None
    assert (decision.conflict.base, decision.conflict.phone) == (A, B)
    assert decision.held is not None
    assert decision.held.report == identity("Cai")
    assert decision.held.conflicts == {UUID(int=1)}
    assert not decision.versioned


def test_M9_merged_says_that_the_server_held_another_value() -> None:
    assert one(save(1, B, A), held(identity("Bea"))).outcome.outcome is OutcomeKind.merged
    assert one(save(1, B, A), held(identity("Ana"))).outcome.outcome is OutcomeKind.applied


def test_M10_an_unknown_record_is_made_of_the_base_and_the_changes() -> None:
    decision = one(save(1, Groups(note="after"), Groups(identity=Identity("Ana"), note="before")))
    assert decision.held is not None
    assert decision.held.report == Report(identity=Identity("Ana"), note="after")
    assert (decision.held.version, decision.versioned) == (1, True)


def full(report: Report) -> Groups:
    return Groups(**{group: getattr(report, group) for group in GROUPS})


def test_M11_removing_what_is_as_it_was_leaves_a_tombstone_with_its_values() -> None:
    removal = RemoveReport(UUID(int=1), RECORD, RT, 100, full(identity("Ana")))
    first = one(removal, held(identity("Ana")))
    assert first.held is not None
    assert (first.held.removed, first.held.version, first.held.report) == (True, 2, identity("Ana"))
    again = one(removal, held(identity("Ana"), 2, removed=True))
    assert (again.outcome.outcome, again.versioned) == (OutcomeKind.applied, False)


def test_M11_removing_what_was_edited_is_a_conflict() -> None:
    decision = one(RemoveReport(UUID(int=1), RECORD, RT, 100, full(identity("Ana"))), held(identity("Bea"), 2))
    assert decision.outcome.outcome is OutcomeKind.conflicted
    assert decision.conflict is not None
    assert decision.conflict.kind == "removal_of_edited"
    assert decision.held is not None
    assert not decision.held.removed


def test_M11_editing_what_was_removed_is_a_conflict() -> None:
    decision = one(save(1, B, A), held(identity("Ana"), 2, removed=True))
    assert decision.outcome.outcome is OutcomeKind.conflicted
    assert decision.conflict is not None
    assert (decision.conflict.kind, decision.conflict.phone) == ("edit_of_removed", B)


def test_M11_removing_what_nobody_knows_is_quarantined() -> None:
    decision = one(RemoveReport(UUID(int=1), RECORD, RT, 100))
    assert decision.outcome.code is Code.record_unknown


@pytest.mark.parametrize(
    ("spans", "kind"),
    [
        ((Span(RT, 0, 100),), OutcomeKind.quarantined),
        ((Span(RT, 100),), OutcomeKind.applied),
        ((Span(RT, 0, 101),), OutcomeKind.applied),
        ((Span(OTHER_RT, 0),), OutcomeKind.quarantined),
        ((), OutcomeKind.quarantined),
    ],
)
def test_M12_the_areas_at_the_instant_of_capture_decide(spans: tuple[Span, ...], kind: OutcomeKind) -> None:
    assert one(save(1, A), spans=spans, at=100).outcome.outcome is kind


def test_M13_a_record_stays_in_its_rt() -> None:
    decision = one(save(1, B, A, OTHER_RT), held(identity("Ana")), spans=(Span(RT, 0), Span(OTHER_RT, 0)))
    assert decision.outcome.code is Code.area_fixed


def test_M13_a_nil_is_no_report() -> None:
    assert one(FileNil(UUID(int=1), RECORD, RT, 100), held(identity("Ana"))).outcome.code is Code.record_kind_differs
    assert one(save(1, A), held(None)).outcome.code is Code.record_kind_differs


def resolution(seen_version: int, *conflicts: UUID, number: int = 9, removed: bool = False) -> Resolve:
    return Resolve(UUID(int=number), RECORD, RT, 100, seen_version, conflicts, B, removed)


CONFLICT = UUID(int=8)
DISPUTED = frozenset({CONFLICT})


def test_M14_a_resolution_makes_the_next_version_and_closes_what_it_names() -> None:
    decision = one(resolution(1, CONFLICT), held(identity("Ana"), conflicts=DISPUTED), resolver=True)
    assert decision.held is not None
    assert (decision.held.version, decision.held.report, decision.held.conflicts) == (2, identity("Bea"), frozenset())
    assert decision.resolved == (CONFLICT,)


@pytest.mark.parametrize(("seen", "conflicts"), [(2, (CONFLICT,)), (0, (CONFLICT,)), (1, (UUID(int=7),))])
def test_M14_a_resolution_that_saw_another_state_is_rejected(seen: int, conflicts: tuple[UUID, ...]) -> None:
    decision = one(resolution(seen, *conflicts), held(identity("Ana"), conflicts=DISPUTED), resolver=True)
    assert (decision.outcome.outcome, decision.outcome.code) == (OutcomeKind.rejected, Code.resolution_stale)


def test_M14_two_people_cannot_resolve_the_same() -> None:
    both = [arrival(resolution(1, CONFLICT, number=number), resolver=True) for number in (9, 10)]
    assert kinds(reconcile(both, {}, held(identity("Ana"), conflicts=DISPUTED))) == [
        OutcomeKind.applied,
        OutcomeKind.rejected,
    ]


def test_M14_a_phone_does_not_resolve() -> None:
    decision = one(resolution(1, CONFLICT), held(identity("Ana"), conflicts=DISPUTED))
    assert decision.outcome.code is Code.resolution_not_allowed


def test_M14_the_console_does_nothing_but_resolve() -> None:
    for mutation in (
        save(1, B, A),
        FileNil(UUID(int=1), UUID(int=77), RT, 100),
        RemoveReport(UUID(int=1), RECORD, RT, 100),
    ):
        decision = one(mutation, held(identity("Ana")), resolver=True)
        assert (decision.outcome.code, decision.held) == (Code.resolution_not_allowed, None)


def test_M7_photos_are_not_lost_in_the_beginning_or_by_a_resolution() -> None:
    begun = one(save(1, Groups(photos=("b" * 64,)), Groups(photos=("a" * 64,))))
    assert begun.held is not None
    assert begun.held.report == Report(photos=("a" * 64, "b" * 64))
    disputed = held(Report(photos=("a" * 64,)), conflicts=DISPUTED)
    decided = one(
        Resolve(UUID(int=9), RECORD, RT, 100, 1, (CONFLICT,), Groups(photos=("c" * 64,))), disputed, resolver=True
    )
    assert decided.held is not None
    assert decided.held.report == Report(photos=("a" * 64, "c" * 64))


def test_W6_a_nil_again_under_its_record_is_a_version_of_its_own_window() -> None:
    decision = one(FileNil(UUID(int=1), RECORD, RT, 100), held(None, 1))
    assert (decision.outcome.version, decision.versioned) == (2, True)


def test_M27_an_edit_waits_with_the_report_that_begins_in_quarantine() -> None:
    """Its record would begin without what only the first one says; other records and nils are not delayed."""
    broken = Arrival(read(msgspec.json.encode(save(1, A)) + b" !"), AUTHOR, (Span(RT, 0),), False, 100, "w")
    foreign = arrival(save(1, A), spans=())
    edited, noted = save(2, B, A), save(3, Groups(note="x"), Groups(note=""))
    removed = RemoveReport(UUID(int=4), RECORD, RT, 100, A)
    other = FileNil(UUID(int=5), UUID(int=5), RT, 100)
    decisions = reconcile([foreign, arrival(edited), arrival(noted), arrival(removed), arrival(other)], {}, {})
    assert [one.outcome.code for one in decisions] == [
        Code.area_out_of_scope,
        *[Code.record_quarantined] * 3,
        None,
    ]
    assert all(one.keeps_bytes for one in decisions[:4])
    assert reconcile([broken, arrival(edited)], {}, {})[1].outcome.code is None  # its bytes name no record


def test_M27_one_that_makes_the_record_whole_begins_it() -> None:
    kept = {RECORD: frozenset({"identity", "note"})}
    whole = save(2, Groups(identity=Identity("Bea"), note="x"), Groups(identity=Identity(), note=""))
    assert reconcile([arrival(whole), arrival(save(3, C, B))], {}, {}, kept)[0].versioned
    partial = save(2, B)
    assert reconcile([arrival(partial)], {}, {}, kept)[0].outcome.code is Code.record_quarantined
    known = held(identity("Ana"))
    assert reconcile([arrival(partial)], {}, known, kept)[0].outcome.code is None


def test_M27_an_unreadable_capture_still_says_which_record_it_begins() -> None:
    raw = msgspec.json.encode(msgspec.to_builtins(save(1, A)) | {"sparkle": 1})
    broken = Arrival(read(raw), AUTHOR, (Span(RT, 0),), False, 100, "w")
    decisions = reconcile([broken, arrival(save(2, Groups(note="x")))], {}, {})
    assert [one.outcome.code for one in decisions] == [Code.mutation_unreadable, Code.record_quarantined]

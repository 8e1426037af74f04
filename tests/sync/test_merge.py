"""Three values meet in each group; only values decide."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sync.merge import merge, present
from sync.protocol.records import GROUPS, Document, DocumentKind, Groups, Identity, Permit, Report, Stay

A, B, C = Identity("Ana Contoh"), Identity("Bea Contoh"), Identity("Cai Contoh")

identities = st.sampled_from([Identity(), A, B, C])
documents = st.builds(Document, kind=st.sampled_from(DocumentKind), number=st.sampled_from(["", "X1", "X2"]))
permits = st.builds(Permit, number=st.sampled_from(["", "P1"]))
stays = st.builds(Stay, address=st.sampled_from(["", "Jalan Satu 1", "Jalan Dua 2"]))
notes = st.sampled_from(["", "one", "two"])
photos = st.sets(st.sampled_from(["a" * 64, "b" * 64, "c" * 64])).map(lambda them: tuple(sorted(them)))
values = {
    "identity": identities,
    "document": documents,
    "permit": permits,
    "stay": stays,
    "note": notes,
    "photos": photos,
}
reports = st.builds(Report, **values)
groups = st.fixed_dictionaries({}, optional=values).map(lambda given: Groups(**given))  # type: ignore[arg-type]


def groups_of(report: Report) -> Groups:
    return Groups(**{group: getattr(report, group) for group in GROUPS})


def test_M6_the_phones_value_is_taken_where_the_server_still_holds_the_base() -> None:
    merged = merge(Groups(identity=A), Groups(identity=B), Report(identity=A))
    assert (merged.report.identity, merged.changed, merged.conflicting) == (B, ("identity",), ())


def test_M6_equal_values_are_nothing_to_do() -> None:
    merged = merge(Groups(identity=A), Groups(identity=B), Report(identity=B))
    assert (merged.report.identity, merged.changed, merged.conflicting) == (B, (), ())


def test_M6_the_servers_value_stays_where_the_phone_changed_nothing() -> None:
    merged = merge(Groups(identity=A), Groups(identity=A), Report(identity=B))
    assert (merged.report.identity, merged.changed, merged.conflicting) == (B, (), ())


def test_M6_three_different_values_are_a_conflict_and_the_servers_stays() -> None:
    merged = merge(Groups(identity=A), Groups(identity=B), Report(identity=C))
    assert (merged.report.identity, merged.changed, merged.conflicting) == (C, (), ("identity",))


def test_M6_a_document_is_never_made_of_two() -> None:
    base, phone = Document(DocumentKind.passport, "X1", "DEU"), Document(DocumentKind.passport, "X2", "DEU")
    server = Report(document=Document(DocumentKind.passport, "X1", "FRA"))
    merged = merge(Groups(document=base), Groups(document=phone), server)
    assert merged.report.document == server.document
    assert merged.conflicting == ("document",)


@given(base=groups, phone=groups, server=reports)
def test_M7_photos_only_grow_and_never_conflict(base: Groups, phone: Groups, server: Report) -> None:
    merged = merge(base, phone, server)
    assert set(merged.report.photos) == set(server.photos) | set(present(phone).get("photos", ()))
    assert "photos" not in merged.conflicting


@given(base=reports, phone=groups, server=reports)
def test_M8_every_value_that_differs_survives(base: Report, phone: Groups, server: Report) -> None:
    merged = merge(groups_of(base), phone, server)
    for group, value in present(phone).items():
        held: Any = getattr(merged.report, group)
        if group == "photos":
            assert set(value) <= set(held)
        else:
            assert value in (held, getattr(base, group)) or group in merged.conflicting
    for group in GROUPS:
        # What the server held is gone from the present state only where the phone knew it.
        if group != "photos" and getattr(server, group) != getattr(merged.report, group):
            assert getattr(base, group) == getattr(server, group)


@given(base=groups, phone=groups, server=reports)
def test_M6_merging_the_same_mutation_again_changes_nothing(base: Groups, phone: Groups, server: Report) -> None:
    once = merge(base, phone, server)
    again = merge(base, phone, once.report)
    assert again.report == once.report
    assert set(again.conflicting) == set(once.conflicting)


@given(first=reports, second=groups, third=groups)
def test_M6_a_chain_of_offline_edits_arrives_as_it_was_typed(first: Report, second: Groups, third: Groups) -> None:
    known, server = first, first
    for edit in (second, third):
        base = Groups(**{group: getattr(known, group) for group in present(edit)})
        edit = structs.replace(edit, photos=tuple(sorted({*known.photos, *present(edit).get("photos", ())})))
        known = structs.replace(known, **present(edit))
        merged = merge(base, edit, server)
        assert merged.conflicting == ()
        server = merged.report
    assert server == known


def test_M9_others_tells_that_the_server_held_something_else_than_the_base() -> None:
    assert merge(Groups(identity=A), Groups(identity=A), Report(identity=B)).others
    assert not merge(Groups(identity=A), Groups(identity=B), Report(identity=A, note="other group")).others

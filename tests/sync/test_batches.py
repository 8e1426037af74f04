"""Batches: what is sealed, what it tells, and how anybody can check it (SPEC B1-B9)."""

import csv
import hashlib
import io
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from sync.batches.document import document
from sync.batches.entries import Place, SealedEntry, StoredVersion
from sync.batches.header import FIRST, OpenConflict, Standing
from sync.batches.sealing import Batch, Occasion, header_of, seal, verify
from sync.batches.table import COLUMNS, defused, table
from sync.protocol.records import Document, DocumentKind, Identity, NoDocumentReason, Report, Stay

CLOSE = 1_795_420_800_000  # 2026-11-23T15:00:00+07:00
OCCASION = Occasion(
    "Jakarta Barat", "Asia/Jakarta", 1, FIRST, "2026-11-23/siang", 0, "", CLOSE - 18_000_000, CLOSE, CLOSE + 900_000
)


def place(rt: int, kelurahan: str = "Kalideres", code: str = "31.73.06.1004", kecamatan: str = "Kalideres") -> Place:
    return Place(f"{code}/012/{rt:03}", f"{rt:03}", "012", kelurahan, code, kecamatan, code[:8])


def version(number: int, at: Place, report: Report | None, **more: Any) -> StoredVersion:
    salt = hashlib.sha256(b"%d" % number).digest()[:16]
    stored = StoredVersion(UUID(int=number), 1, at, CLOSE - 60_000, CLOSE - 50_000, False, (), (), report, salt)
    return structs.replace(stored, **more)


MARIA = Report(Identity("Maria Østergård", birth_date="1990"), Document(DocumentKind.passport, "X0012345", "DNK"))
ONE_NAME = Report(Identity("محمد"), Document(reason=NoDocumentReason.lost), stay=Stay("Jl. Peta Barat 5"), note="a\nb")
VERSIONS = (
    version(1, place(5), MARIA, changed=("identity", "document")),
    version(2, place(4), ONE_NAME, flags=("clock_jumped",)),
    version(3, place(6), None),
)
STANDINGS = (
    Standing(place(4), True, False),
    Standing(place(5), True, False),
    Standing(place(6), True, True),
    Standing(place(7), False, False),
    Standing(place(1, "Pegadungan", "31.73.06.1002"), False, False),
    Standing(place(1, "Tambora", "31.73.04.1001", "Tambora"), False, False),
)
CONFLICT = OpenConflict(UUID(int=9), UUID(int=1), "2026-11-23T14:00:00.000+07:00", ("document",))


def sealed(*versions: StoredVersion, **more: Any) -> Batch:
    return seal(structs.replace(OCCASION, **more), versions or VERSIONS, STANDINGS, [CONFLICT])


def canonical_elsewhere(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sound_elsewhere(text: bytes) -> bool:
    """A receiver's own verifier: it knows the rules and shares no code."""
    batch = json.loads(text)
    digests = [
        hashlib.sha256(bytes.fromhex(entry["salt"]) + canonical_elsewhere(entry["entry"])).hexdigest()
        if "entry" in entry
        else entry["digest"]
        for entry in batch["entries"]
    ]
    whole = hashlib.sha256(canonical_elsewhere(batch["header"])).hexdigest()
    return bool(digests == batch["header"]["entries"] and whole == batch["hash"])


def rows(batch: Batch) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(table(batch).decode("utf-8-sig"), newline=""))]


lines = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"]), max_size=20)
reports = st.builds(
    Report,
    st.builds(Identity, full_name=lines, birth_place=lines),
    stay=st.builds(Stay, address=lines, sponsor=lines),
    note=st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"], include_characters="\n"), max_size=30),
    photos=st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), max_size=2, unique=True).map(tuple),
)
versions = st.builds(
    StoredVersion,
    st.uuids(),
    st.integers(1, 1000),
    st.builds(place, st.integers(1, 999)),
    st.integers(0, CLOSE),
    st.integers(0, CLOSE),
    st.booleans(),
    st.lists(st.sampled_from(["identity", "stay"]), unique=True).map(tuple),
    st.just(()),
    st.none() | reports,
    st.binary(min_size=16, max_size=16),
)
batches = st.lists(versions, max_size=6, unique_by=lambda stored: (stored.record_id, stored.version)).map(
    lambda some: seal(OCCASION, some, STANDINGS, [CONFLICT])
)


def no_number_but_integers(text: str) -> float:
    raise AssertionError(text)


@given(batches)
def test_B1_the_bytes_are_canonical(batch: Batch) -> None:
    for text in (batch.header, document(batch), *(entry.body or b"{}" for entry in batch.entries)):
        value = json.loads(text, parse_float=no_number_but_integers, parse_constant=no_number_but_integers)
        assert canonical_elsewhere(value) == text


@given(batches)
def test_B2_B3_a_receiver_with_code_of_its_own_finds_a_batch_sound(batch: Batch) -> None:
    assert sound_elsewhere(document(batch))
    assert verify(batch) == ()


def test_B2_a_batch_without_a_destroyed_entry_still_verifies() -> None:
    batch = sealed()
    kept = structs.replace(batch, entries=(structs.replace(batch.entries[0], body=None), *batch.entries[1:]))
    assert verify(kept) == ()
    assert sound_elsewhere(document(kept))
    assert "محمد".encode() not in document(kept)
    assert len(rows(kept)) == len(rows(batch)) - 1


def test_B2_equal_entries_with_other_salts_have_other_digests() -> None:
    first, second = (sealed(version(3, place(6), None, salt=salt * 16)).entries[0] for salt in (b"a", b"b"))
    assert first.body == second.body
    assert first.digest != second.digest


@pytest.mark.parametrize("change", [{"body": b"{}"}, {"salt": b"0" * 16}])
def test_B2_a_changed_entry_is_found(change: dict[str, bytes]) -> None:
    batch = sealed()
    entries: list[SealedEntry] = [*batch.entries]
    entries[1] = structs.replace(entries[1], **change)
    assert verify(structs.replace(batch, entries=tuple(entries))) == ("entry 1",)


def test_B3_a_changed_header_and_a_missing_entry_are_found() -> None:
    batch = sealed()
    header = batch.header.replace(b'"part":0', b'"part":1')
    assert verify(structs.replace(batch, header=header)) == ("hash",)
    assert verify(structs.replace(batch, entries=batch.entries[1:])) == ("entries",)


def test_B3_the_header_names_the_batch_before() -> None:
    first = sealed()
    second = sealed(seq=2, previous=first.hash)
    assert header_of(first).previous == "0" * 64
    assert verify(first, FIRST) == verify(second, first.hash) == ()
    assert verify(second, FIRST) == verify(first, second.hash) == ("previous",)


def test_B5_a_supplement_is_numbered_and_names_its_parent() -> None:
    main = sealed()
    header = header_of(sealed(seq=2, previous=main.hash, part=1, parent=main.hash))
    assert (header.part, header.parent) == (1, main.hash)


@settings(max_examples=30)
@given(st.permutations(VERSIONS), st.permutations(STANDINGS))
def test_B6_the_order_of_the_rows_does_not_matter(some: list[StoredVersion], stand: list[Standing]) -> None:
    assert seal(OCCASION, some, stand, [CONFLICT]) == sealed()


def test_B8_the_header_tells_who_was_not_heard_of_and_the_totals() -> None:
    header = header_of(sealed())
    assert [(total.name, total.rts, total.reported, total.nils, total.reports) for total in header.kelurahan] == [
        ("Tambora", 1, 0, 0, 0),
        ("Pegadungan", 1, 0, 0, 0),
        ("Kalideres", 4, 3, 1, 2),
    ]
    assert [(total.name, total.rts, total.reported, total.nils, total.reports) for total in header.kecamatan] == [
        ("Tambora", 1, 0, 0, 0),
        ("Kalideres", 5, 3, 1, 2),
    ]
    assert [rt.rt for rt in header.kelurahan[2].not_heard] == ["007"]


def test_B8_a_removed_report_is_told_but_not_counted() -> None:
    batch = sealed(version(1, place(5), MARIA, removed=True))
    assert header_of(batch).kelurahan[2].reports == 0
    assert rows(batch)[0]["Jenis baris"] == "Dihapus"


def test_B8_a_report_of_an_rt_that_is_no_more_is_counted() -> None:
    gone = version(1, place(1, "Duri Kepa", "31.73.05.1001", "Kebon Jeruk"), MARIA)
    assert [(t.name, t.rts, t.reports) for t in header_of(sealed(gone)).kecamatan][1] == ("Kebon Jeruk", 0, 1)


def test_B8_open_conflicts_are_told_without_their_values() -> None:
    assert header_of(sealed()).conflicts == (CONFLICT,)
    assert [row["Data berbeda"] for row in rows(sealed())][:3] == ["", "Dokumen", ""]


def test_B8_the_header_names_nobody() -> None:
    header = sealed().header.decode()
    assert not any(text in header for text in ("Maria", "محمد", "X0012345", "Peta Barat"))


def test_B9_the_table_has_what_was_typed() -> None:
    first, second, nil, *silent = rows(sealed())
    assert first == {column: first[column] for column in COLUMNS}
    assert (first["Nama lengkap"], first["Jenis dokumen"], first["Catatan"], first["RT"], first["Tanda"]) == (
        "محمد",
        "Tidak dapat menunjukkan dokumen",
        "a\nb",
        "004",
        "Jam HP berubah",
    )
    assert first["Alasan tanpa dokumen"] == "Hilang"
    assert (second["Nama lengkap"], second["Nomor dokumen"]) == ("Maria Østergård", "X0012345")
    assert second["Yang berubah"] == "Identitas, Dokumen"
    assert second["Dicatat"] == "2026-11-23T14:59:00.000+07:00"
    assert (nil["Jenis baris"], nil["Kelurahan"], nil["Nama lengkap"]) == ("Nihil", "Kalideres", "")
    assert {row["Jenis baris"] for row in silent} == {"Belum lapor"}
    assert [(row["Kecamatan"], row["Kelurahan"], row["RT"]) for row in silent] == [
        ("Tambora", "Tambora", "001"),
        ("Kalideres", "Pegadungan", "001"),
        ("Kalideres", "Kalideres", "007"),
    ]


def test_B9_the_table_starts_with_a_byte_order_mark() -> None:
    assert table(sealed()).startswith(b"\xef\xbb\xbfJadwal lapor,")


def test_B9_no_cell_is_calculated() -> None:
    dangerous = '=HYPERLINK("http://example.org")'
    batch = sealed(version(1, place(5), structs.replace(MARIA, note=dangerous)))
    assert rows(batch)[0]["Catatan"] == f"'{dangerous}"
    assert [defused(start + "1") for start in "=+-@\t\r\n'"] == [f"'{start}1" for start in "=+-@\t\r\n"] + ["'1"]


@given(batches)
def test_B9_every_row_has_all_columns_and_no_formula(batch: Batch) -> None:
    for row in csv.reader(io.StringIO(table(batch).decode("utf-8-sig"), newline="")):
        assert len(row) == len(COLUMNS)
        assert all(cell == defused(cell) for cell in row)

"""A batch as a table for a spreadsheet: one row an entry, then one row for each RT not heard of (SPEC B9).

Text typed by anybody ends up here, so no cell may be a formula.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

from sync.batches import words
from sync.batches.entries import AnyEntry, NilEntry, ReportEntry
from sync.batches.header import Header
from sync.batches.sealing import Batch, entries_of, header_of
from sync.protocol.records import Report

BYTE_ORDER_MARK: Final = "\ufeff"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS: Final = (
    "Jadwal lapor",
    "Bagian",
    "Jenis baris",
    "Kecamatan",
    "Kelurahan",
    "RW",
    "RT",
    "Dicatat",
    "Diterima",
    "Versi",
    "Yang berubah",
    "Data berbeda",
    "Tanda",
    "ID laporan",
    "Nama lengkap",
    "Jenis kelamin",
    "Tanggal lahir",
    "Tempat lahir",
    "Kewarganegaraan",
    "Jenis dokumen",
    "Nomor dokumen",
    "Negara penerbit",
    "Dokumen berlaku sampai",
    "Alasan tanpa dokumen",
    "Jenis izin tinggal",
    "Nomor izin tinggal",
    "Izin tinggal berlaku sampai",
    "Alamat",
    "Jenis tempat menginap",
    "Nama tempat menginap",
    "Pemilik atau pengelola",
    "Telepon pemilik",
    "Lapor datang",
    "Lapor pergi",
    "Keperluan",
    "Penjamin",
    "Catatan",
    "Foto",
)


def table(batch: Batch) -> bytes:
    """The CSV of a batch: UTF-8 with byte order mark, commas, a first row of column heads."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([*map(defused, row)] for row in _rows(batch))
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def defused(cell: str) -> str:
    """The cell, preceded by an apostrophe where a spreadsheet would calculate it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _rows(batch: Batch) -> Iterator[tuple[str, ...]]:
    header = header_of(batch)
    part = f"{words.SUPPLEMENT} {header.part}" if header.part else words.MAIN
    groups = {conflict.record_id: conflict.groups for conflict in header.conflicts}
    for entry in entries_of(batch):
        differs = words.listed(words.GROUP, groups.get(entry.record_id, ()))
        yield header.window, part, *_entry_cells(entry, differs)
    for cells in _not_heard(header):
        yield header.window, part, *cells, *[""] * (len(COLUMNS) - 2 - len(cells))


def _entry_cells(entry: AnyEntry, differs: str) -> tuple[str, ...]:
    place = entry.place
    return (
        words.ENTRY[str(entry.__struct_config__.tag)],
        place.kecamatan,
        place.kelurahan,
        place.rw,
        place.rt,
        entry.captured_at,
        entry.received_at,
        str(entry.version),
        words.listed(words.GROUP, entry.changed) if isinstance(entry, ReportEntry) else "",
        differs,
        words.listed(words.FLAG, entry.flags),
        str(entry.record_id),
        *([""] * 24 if isinstance(entry, NilEntry) else _report_cells(entry.report)),
    )


def _report_cells(report: Report) -> tuple[str, ...]:
    identity, document, permit, stay = report.identity, report.document, report.permit, report.stay
    return (
        identity.full_name,
        words.said(words.SEX, identity.sex),
        identity.birth_date,
        identity.birth_place,
        identity.nationality,
        words.said(words.DOCUMENT, document.kind),
        document.number,
        document.issuing_state,
        document.expiry,
        words.said(words.REASON, document.reason),
        words.said(words.PERMIT, permit.kind),
        permit.number,
        permit.expiry,
        stay.address,
        words.said(words.LODGING, stay.lodging),
        stay.lodging_name,
        stay.owner,
        stay.owner_phone,
        stay.arrival,
        stay.departure,
        stay.purpose,
        stay.sponsor,
        report.note,
        " ".join(report.photos),
    )


def _not_heard(header: Header) -> Iterator[tuple[str, ...]]:
    kecamatan = {total.code: total.name for total in header.kecamatan}
    for kelurahan in header.kelurahan:
        for silent in kelurahan.not_heard:
            yield words.NOT_HEARD, kecamatan[kelurahan.kecamatan], kelurahan.name, silent.rw, silent.rt

"""How the values of a report are called in the city's offices. An unknown value stays as it is."""

from collections.abc import Mapping
from typing import Final

from sync.doubts import BIRTH_IN_FUTURE, DEPARTURE_BEFORE_ARRIVAL, STAY_IN_FUTURE
from sync.protocol.records import DocumentKind, LodgingKind, NoDocumentReason, PermitKind, Sex
from sync.windows import CLOCK_JUMPED, CLOCK_UNSOUND

ENTRY: Final = {"report": "Orang asing", "removal": "Dihapus", "nil": "Nihil"}
NOT_HEARD: Final = "Belum lapor"
MAIN: Final = "Utama"
SUPPLEMENT: Final = "Susulan"

SEX: Final[Mapping[str, str]] = {Sex.female: "Perempuan", Sex.male: "Laki-laki", Sex.unspecified: "Tidak ditentukan"}
DOCUMENT: Final[Mapping[str, str]] = {
    DocumentKind.passport: "Paspor",
    DocumentKind.unhcr_card: "Kartu UNHCR",
    DocumentKind.other: "Lainnya",
    DocumentKind.none: "Tidak dapat menunjukkan dokumen",
}
REASON: Final[Mapping[str, str]] = {
    NoDocumentReason.not_shown: "Tidak ditunjukkan",
    NoDocumentReason.lost: "Hilang",
    NoDocumentReason.at_office: "Di kantor",
    NoDocumentReason.with_sponsor: "Pada penjamin",
}
PERMIT: Final[Mapping[str, str]] = {PermitKind.none: "Tidak ada"}
LODGING: Final[Mapping[str, str]] = {
    LodgingKind.house: "Rumah",
    LodgingKind.boarding_house: "Kos",
    LodgingKind.apartment: "Apartemen",
    LodgingKind.hotel: "Hotel",
    LodgingKind.company: "Mes perusahaan",
    LodgingKind.other: "Lainnya",
}
GROUP: Final[Mapping[str, str]] = {
    "identity": "Identitas",
    "document": "Dokumen",
    "permit": "Izin tinggal",
    "stay": "Tempat menginap",
    "note": "Catatan",
    "photos": "Foto",
}
FLAG: Final[Mapping[str, str]] = {
    CLOCK_JUMPED: "Jam HP berubah",
    CLOCK_UNSOUND: "Jam HP salah",
    BIRTH_IN_FUTURE: "Tanggal lahir belum terjadi",
    STAY_IN_FUTURE: "Tanggal datang atau pergi terlalu jauh",
    DEPARTURE_BEFORE_ARRIVAL: "Pergi sebelum datang",
}


def said(words: Mapping[str, str], value: str) -> str:
    """The word for a value."""
    return words.get(value, value)


def listed(words: Mapping[str, str], values: tuple[str, ...]) -> str:
    """The words for several values."""
    return ", ".join(said(words, value) for value in values)

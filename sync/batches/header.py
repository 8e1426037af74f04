"""The header of a batch: what is hashed, and what may be told of a window without naming a person (SPEC B1, B3, B8)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from msgspec import Struct

from sync.batches.entries import Place, StoredVersion
from sync.protocol.values import Sha256, Wire

FORMAT: Final = "ronda-batch-1"
FIRST: Final = "0" * 64


class Standing(Struct, frozen=True):
    """How an RT stands in a window: heard of or not (SPEC W6), and whether by a nil."""

    place: Place
    reported: bool
    nil: bool


class OpenConflict(Wire, frozen=True):
    """Values of a record that disagree and wait for a person's decision; which groups, but not the values."""

    conflict_id: UUID
    record_id: UUID
    opened_at: str
    groups: tuple[str, ...]


class Neighbourhood(Wire, frozen=True):
    rt: str
    rw: str


class Total(Wire, frozen=True):
    """Of the window until now: the RTs, those heard of, those that filed a nil. Of this batch: the reports."""

    code: str
    name: str
    rts: int
    reported: int
    nils: int
    reports: int


class KelurahanTotal(Total, frozen=True):
    kecamatan: str
    not_heard: tuple[Neighbourhood, ...]


class Header(Wire, frozen=True):
    """What the hash of a batch is made of. `entries` are the digests of its entries, in their order."""

    format: str
    city: str
    seq: int
    window: str
    part: int
    parent: str
    previous: str
    opens_at: str
    closes_at: str
    sealed_at: str
    entries: tuple[Sha256, ...]
    kelurahan: tuple[KelurahanTotal, ...]
    kecamatan: tuple[Total, ...]
    conflicts: tuple[OpenConflict, ...]


def totals(
    standings: Iterable[Standing], versions: Iterable[StoredVersion]
) -> tuple[tuple[KelurahanTotal, ...], tuple[Total, ...]]:
    """The totals per kelurahan and per kecamatan, in the order of their codes (SPEC B8)."""
    reports = Counter({v.record_id: v.counted or v.place for v in versions if v.report and not v.removed}.values())
    heard = {standing.place: standing for standing in standings}
    kelurahan = []
    for code, group in groupby(sorted({*heard, *reports}, key=_order), key=lambda place: place.kelurahan_code):
        places = list(group)
        known = [heard[place] for place in places if place in heard]
        silent = tuple(Neighbourhood(rt.place.rt, rt.place.rw) for rt in known if not rt.reported)
        numbers = _numbers(known, sum(reports[place] for place in places))
        kelurahan.append(KelurahanTotal(code, places[0].kelurahan, *numbers, places[0].kecamatan_code, silent))
    names = {place.kecamatan_code: place.kecamatan for place in (*heard, *reports)}
    return tuple(kelurahan), tuple(_summed(code, names[code], kelurahan) for code in sorted(names))


def _order(place: Place) -> tuple[str, str]:
    return place.kelurahan_code, place.code


def _numbers(known: Sequence[Standing], reports: int) -> tuple[int, int, int, int]:
    return len(known), sum(rt.reported for rt in known), sum(rt.nil for rt in known), reports


def _summed(code: str, name: str, kelurahan: Iterable[KelurahanTotal]) -> Total:
    parts = [total for total in kelurahan if total.kecamatan == code]
    numbers = [sum(getattr(part, field) for part in parts) for field in ("rts", "reported", "nils", "reports")]
    return Total(code, name, *numbers)

"""The areas of the demo: the real kecamatan and kelurahan, with RW and RT made to fit the public totals.

Pure: the same files give the same areas with the same ids. It must never pass for a register of real RW and RT.
"""

import csv
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

DATA: Final = Path(__file__).parent.parent / "data"
NAMESPACE: Final = UUID("5d3c2f0a-6f0e-5b61-9c0a-3b1b1d6c3173")

LEAST_RW: Final = 3
LEAST_RT: Final = 4


class MadeArea(Struct, frozen=True):
    """One area. `code` is 31.73.01.1001/012/005 for an RT; `feed_id` is that of the kelurahan above it, or of it."""

    area_id: UUID
    code: str
    level: str
    name: str
    parent_id: UUID | None = None
    feed_id: UUID | None = None


def area_id(code: str) -> UUID:
    """The id of a demo's area, the same in every demo."""
    return uuid5(NAMESPACE, code)


def read_tree(data: Path = DATA) -> list[MadeArea]:
    """The tree of the files in `data`: parents before children."""
    with (data / "jakarta_barat.csv").open(encoding="utf-8", newline="") as areas:
        official = list(csv.DictReader(areas))
    with (data / "jakarta_barat_rt_rw.csv").open(encoding="utf-8", newline="") as counts:
        return tree(official, list(csv.DictReader(counts)))


def tree(official: list[dict[str, str]], counts: list[dict[str, str]]) -> list[MadeArea]:
    """Kota, kecamatan and kelurahan as they are in `official`; below them as many RW and RT as `counts` says."""
    made = [_official(row) for row in official]
    kelurahan = [row["code"] for row in official if row["level"] == "kelurahan"]
    wanted = {row["kecamatan_code"]: (int(row["rw"]), int(row["rt"])) for row in counts}
    for kecamatan, codes in groupby(kelurahan, key=lambda code: code.rpartition(".")[0]):
        made += _neighbourhoods(list(codes), *wanted[kecamatan])
    return made


def _official(row: dict[str, str]) -> MadeArea:
    own = area_id(row["code"])
    parent = None if row["level"] == "kota" else area_id(row["parent_code"])
    feed = own if row["level"] == "kelurahan" else None
    return MadeArea(own, row["code"], row["level"], row["name"], parent, feed)


def _neighbourhoods(kelurahan: list[str], rw_total: int, rt_total: int) -> Iterator[MadeArea]:
    rws = [
        f"{code}/{number:03}"
        for code, count in zip(kelurahan, shares(rw_total, kelurahan, LEAST_RW), strict=True)
        for number in range(1, count + 1)
    ]
    for rw, count in zip(rws, shares(rt_total, rws, LEAST_RT), strict=True):
        yield _below(rw, "rw")
        for number in range(1, count + 1):
            yield _below(f"{rw}/{number:03}", "rt")


def _below(code: str, level: str) -> MadeArea:
    parent, _, number = code.rpartition("/")
    return MadeArea(area_id(code), code, level, number, area_id(parent), area_id(code.partition("/")[0]))


def shares(total: int, names: list[str], least: int) -> list[int]:
    """`total` whole things shared among `names`, each with at least `least`, unevenly but always in the same way.

    Raises ValueError when there are too few. By largest remainders; a name's weight lies between 0.6 and 1.4.
    """
    spare = total - least * len(names)
    if spare < 0:
        raise ValueError(f"{total} cannot give {least} to each of {len(names)}")
    weights = [_weight(name) for name in names]
    exact = [spare * weight / sum(weights) for weight in weights]
    counts = [int(share) for share in exact]
    by_remainder = sorted(range(len(names)), key=lambda at: counts[at] - exact[at])
    for at in by_remainder[: spare - sum(counts)]:
        counts[at] += 1
    return [least + count for count in counts]


def _weight(name: str) -> float:
    return 0.6 + 0.8 * sha256(name.encode()).digest()[0] / 255


def by_code(areas: Iterable[MadeArea]) -> dict[str, MadeArea]:
    """The areas by their codes."""
    return {area.code: area for area in areas}

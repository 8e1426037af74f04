"""Files of areas and officers as a city hands them in: CSV -> typed rows, or every fault with its line.

Pure: what a row means for the database is decided in `store.register` and `store.officers`.
"""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from sync.protocol.exchange import OfficerRole
from sync.protocol.values import Line

LEVELS: Final = ("kota", "kecamatan", "kelurahan", "rw", "rt")
AREA_COLUMNS: Final = ("code", "level", "name", "parent_code")
SPLIT_COLUMNS: Final = (*AREA_COLUMNS, "before")
OFFICER_COLUMNS: Final = ("name", "role", "area")
MOST_FAULTS: Final = 50


class AreaRow(Struct, frozen=True):
    """An area as a file names it. `before` is the code of the area that it comes after, where there is one."""

    line: int
    code: str
    level: str
    name: str
    parent_code: str
    before: str = ""


class OfficerRow(Struct, frozen=True):
    """An officer and the code of the RT or RW that they head."""

    line: int
    name: str
    role: str
    area: str


class Fault(Struct, frozen=True, order=True):
    """What is wrong with a line of a file; the first line is 1, line 0 is the whole file."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


class BadFile(Exception):
    """A file of which nothing was applied, with all that is wrong in it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults)
        shown = [str(fault) for fault in self.faults[:MOST_FAULTS]]
        more = len(self.faults) - len(shown)
        super().__init__("\n".join([*shown, *([f"and {more} more"] if more else [])]))


Row = TypeVar("Row")


def areas(content: bytes) -> list[AreaRow]:
    """The areas of a file with the columns `code,level,name,parent_code`. Raises BadFile."""
    return _without_twice(_rows(content, AREA_COLUMNS, _area, _faults_of_area), lambda row: row.code)


def split(content: bytes) -> list[AreaRow]:
    """The successors of a file with the columns `code,level,name,parent_code,before`. Raises BadFile."""
    rows = _rows(content, SPLIT_COLUMNS, _area, _faults_of_area)
    return _without_twice(rows, lambda row: f"{row.before} -> {row.code}")


def officers(content: bytes) -> list[OfficerRow]:
    """The officers of a file with the columns `name,role,area`. Raises BadFile."""
    rows = _rows(content, OFFICER_COLUMNS, _officer, _faults_of_officer)
    return _without_twice(rows, lambda row: f"{row.name}, {row.area}")


def _area(line: int, cells: dict[str, str]) -> AreaRow:
    return AreaRow(line, **cells)


def _officer(line: int, cells: dict[str, str]) -> OfficerRow:
    return OfficerRow(line, **cells)


def _rows(
    content: bytes,
    columns: Sequence[str],
    make: Callable[[int, dict[str, str]], Row],
    faults_of: Callable[[Row], Iterable[str]],
) -> list[Row]:
    found, faults = [], []
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        head = [cell.strip() for cell in next(reader, [])]
        if sorted(head) != sorted(columns):
            raise BadFile([Fault(1, f"the columns must be {','.join(columns)}")])
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                faults.append(Fault(reader.line_num, f"has {len(cells)} cells, not {len(head)}"))
                continue
            named = dict(zip(head, (unicodedata.normalize("NFC", cell.strip()) for cell in cells), strict=True))
            row = make(reader.line_num, named)
            found.append(row)
            faults += [Fault(reader.line_num, message) for message in (*_unfit(named), *faults_of(row))]
    except csv.Error as error:
        faults.append(Fault(reader.line_num, f"is no CSV: {error}"))
    if faults or not found:
        raise BadFile(faults or [Fault(0, "the file has no rows")])
    return found


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile([Fault(content[: error.start].count(b"\n") + 1, "is not UTF-8")]) from error


def _unfit(cells: dict[str, str]) -> Iterable[str]:
    for column, cell in cells.items():
        try:
            msgspec.convert(cell, Line)
        except msgspec.ValidationError:
            yield f"{column} is too long or has control characters"


def _faults_of_area(row: AreaRow) -> Iterable[str]:
    if row.level not in LEVELS:
        yield f"level must be one of {', '.join(LEVELS)}"
    if not row.code or not row.name:
        yield "code and name must be given"
    if (row.level == "kota") is bool(row.parent_code):
        yield "parent_code must be given, except for the kota"
    if row.level in ("rw", "rt") and not (len(row.name) == 3 and row.name.isascii() and row.name.isdigit()):
        yield f"the name of an {row.level.upper()} is its three digits, such as 005"


def _faults_of_officer(row: OfficerRow) -> Iterable[str]:
    if row.role not in tuple(OfficerRole):
        yield f"role must be one of {', '.join(OfficerRole)}"
    if not row.name or not row.area:
        yield "name and area must be given"


def _without_twice(rows: list[Row], key: Callable[[Row], str]) -> list[Row]:
    first: dict[str, Row] = {}
    again = [row for row in rows if first.setdefault(key(row), row) is not row]
    if again:
        lines = [(row, first[key(row)]) for row in again]
        raise BadFile(Fault(_line(row), f"repeats line {_line(other)}: {key(row)}") for row, other in lines)
    return rows


def _line(row: object) -> int:
    return int(getattr(row, "line", 0))

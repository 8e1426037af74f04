"""Statements for many rows at once, made and compiled one time: the exchange runs a dozen of them for each group.

SQLAlchemy writes the SQL and converts the values; what is left out is doing so again for each row and each call.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Connection,
    Dialect,
    FromClause,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

_json: Final = msgspec.json.Encoder().encode
_IDS: Final = "ids"


Put = Callable[[Any], Any]


class Many:
    """An INSERT or UPDATE of many rows; each is a dict with a value for each of `columns`."""

    def __init__(self, statement: Insert | Update, columns: Sequence[str]) -> None:
        self._statement = statement
        self._columns = columns
        self._made: dict[str, tuple[str, list[tuple[str, Put | None]]]] = {}

    @classmethod
    def into(cls, table: type[SQLModel], *, without: str = "") -> "Many":
        """The INSERT into a table of all columns, but one that gets its default."""
        columns = [name for name in table.model_fields if name != without]
        return cls(insert(table), columns)

    def run(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        name = conn.dialect.name
        if name not in self._made:
            self._made[name] = self._make(conn.dialect)
        sql, columns = self._made[name]
        conn.exec_driver_sql(sql, [tuple([put(row[at]) if put else row[at] for at, put in columns]) for row in rows])

    def _make(self, dialect: Dialect) -> tuple[str, list[tuple[str, Put | None]]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._columns))
        columns = [(name, _put(compiled.binds[name].type, dialect)) for name in compiled.positiontup or []]
        return str(compiled), columns


def _put(kind: TypeEngine[Any], dialect: Dialect) -> Put | None:
    """How a value is made ready for the driver; bytes are ready, and both drivers take them."""
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)


class Lookup:
    """A SELECT by a set of ids, given as one parameter. `query` gets a way to say that a column is among them."""

    def __init__(self, query: Callable[[Callable[[Any], ColumnElement[bool]]], Any]) -> None:
        self._query = query
        self._made: dict[str, Select[Any]] = {}

    def rows(self, conn: Connection, ids: Collection[UUID]) -> Sequence[Any]:
        if not ids:
            return ()
        name = conn.dialect.name
        if name not in self._made:
            self._made[name] = self._query(_among[name])
        values = list(ids) if name == "postgresql" else _json([one.hex for one in ids]).decode()
        return conn.execute(self._made[name], {_IDS: values}).all()


def _among_json(column: Any) -> ColumnElement[bool]:
    return column.in_(select(func.json_each(bindparam(_IDS)).table_valued("value").c.value))  # type: ignore[no-any-return]


def _among_array(column: Any) -> ColumnElement[bool]:
    return column == any_(bindparam(_IDS, type_=ARRAY(Uuid)))  # type: ignore[no-any-return]


_among: Final = {"sqlite": _among_json, "postgresql": _among_array}


class Sought:
    """A SELECT from a table of (n, area_id, since) that is given as one parameter, however many rows it has."""

    def __init__(self, query: Callable[[FromClause], Select[Any]]) -> None:
        self._query = query
        self._made: dict[str, Select[Any]] = {}

    def rows(self, conn: Connection, sought: Sequence[tuple[int, UUID, int]]) -> Sequence[Any]:
        if not sought:
            return ()
        name = conn.dialect.name
        if name not in self._made:
            self._made[name] = self._query(_sought[name]())
        plain = [{"n": n, "area_id": area_id.hex, "since": since} for n, area_id, since in sought]
        return conn.execute(self._made[name], {"sought": _json(plain).decode()}).all()


def _sought_json() -> FromClause:
    each = func.json_each(bindparam("sought")).table_valued("value")
    columns = (func.json_extract(each.c.value, f"$.{name}").label(name) for name in ("n", "area_id", "since"))
    return select(*columns).subquery("sought")


def _sought_recordset() -> FromClause:
    columns = (column("n", Integer), column("area_id", Uuid), column("since", BigInteger))
    plain = cast(bindparam("sought", type_=Text), JSON)
    return func.json_to_recordset(plain).table_valued(*columns, name="sought").render_derived(with_types=True)


_sought: Final = {"sqlite": _sought_json, "postgresql": _sought_recordset}

"""All 6,403 phones of the city in the last minute before a close, one mutation each, and then the nation's rate.

Nothing is pinned: server, database and load generator share the cores. Goals: none lost, none late, p99 at most 1 s.
The nation has 1,830 exchanges a second for a minute; there it is only told how far one server process gets.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection, select
from sqlmodel import col

from server.store.standings import fulfilled
from server.tables.reports import Receipt, Record
from sync.windows import Schedule, Window, window_of
from tests.bench.city import phones
from tests.bench.house import DATABASES, House, Load, Served, postgres
from tests.bench.load import Slice
from tests.bench.machine import cores
from tests.bench.rows import Row, at_most, exactly, told
from tests.bench.surge import Surge, Surged

ZONE: Final = "Asia/Jakarta"
GRACE: Final = 15
NATION: Final = 1830
LINES: Final = 256
# From the choice of a close until all phones know where they stand.
_PREPARATION: Final = 45.0


class Stored(Struct, frozen=True):
    """What the database holds of some acknowledged mutations: how many not, how many late, how many RTs heard of."""

    lost: int
    late: int
    heard: int


def measure(short: bool) -> Iterator[Row]:
    herd, seconds = (1000, 10.0) if short else (len(phones()), 60.0)
    with postgres() as database:
        for name in DATABASES:
            with TemporaryDirectory(prefix="ronda-bench-") as folder:
                close = _next_close(seconds)
                schedule = Schedule(ZONE, (("herd", _local(close)),), GRACE)
                window = window_of(int(close * 1000) - 1, schedule)
                own = database if name == "postgresql" else None
                windows = {"RONDA_WINDOWS": f"herd={_local(close)}", "RONDA_GRACE_MINUTES": str(GRACE)}
                with House(Path(folder), own, **windows) as house:
                    server = house.serve(pinned=False)
                    with Load(server, herd, pinned=False) as load:
                        load.slice(Slice(0, 0, 64))
                        came = load.surge(Surge(close - seconds, seconds, herd, 0))
                        yield from _of_the_city(name, herd, came, house.in_database(_stored, came, window))
                        yield from _of_the_nation(name, house, server, load, seconds)


def _next_close(seconds: float) -> float:
    """A whole minute, as closes are, early enough to come before it."""
    return -(-(time.time() + _PREPARATION + seconds) // 60) * 60


def _local(instant: float) -> str:
    return datetime.fromtimestamp(instant, ZoneInfo(ZONE)).strftime("%H:%M")


def _stored(conn: Connection, came: Surged, window: Window | None) -> Stored:
    """Each acknowledged mutation has its receipt and its record; those of a herd are in its window, before its seal."""
    query = select(col(Receipt.mutation_id), col(Receipt.record_id), col(Receipt.window), col(Receipt.received_at))
    receipts = {row.mutation_id: row for row in conn.execute(query)}
    records = set(conn.execute(select(col(Record.record_id))).scalars())
    found = [receipts.get(UUID(own)) for own in came.acknowledged]
    kept = [row for row in found if row and row.record_id in records]
    late = [row for row in kept if window and (row.window != window.id or row.received_at >= window.seals_at)]
    heard = fulfilled(conn, window.id, window.closes_at) if window else ()
    return Stored(len(found) - len(kept), len(late), len(heard))


def _of_the_city(name: str, herd: int, came: Surged, stored: Stored) -> Iterator[Row]:
    at = f"herd.{name}"
    yield told(f"{at}.phones", herd, "phones")
    yield exactly(f"{at}.acknowledged", len(came.acknowledged), "mutations", herd)
    yield exactly(f"{at}.lost", stored.lost + herd - len(came.acknowledged), "mutations", 0)
    yield exactly(f"{at}.late", stored.late, "mutations", 0)
    yield exactly(f"{at}.heard", stored.heard, "RTs that fulfilled the window", herd)
    yield told(f"{at}.p50", came.p50, "s")
    yield at_most(f"{at}.p99", came.p99, "s", 1)
    yield told(f"{at}.slowest", came.most, "s")
    yield told(f"{at}.again", came.again, "requests told to come again")


def _of_the_nation(name: str, house: House, server: Served, load: Load, seconds: float) -> Iterator[Row]:
    visits = int(NATION * seconds)
    spent, database, began = server.cpu(), server.database_cpu(), time.time()
    came = load.surge(Surge(began + 1, seconds, visits, LINES))
    took = time.time() - began - 1
    at = f"herd.{name}.nation"
    yield told(f"{at}.asked", NATION, f"exchanges/s for {seconds:g} s")
    yield told(f"{at}.reached", came.in_time / seconds, "exchanges/s answered in that time")
    yield exactly(f"{at}.lost", house.in_database(_stored, came, None).lost, "of those acknowledged", 0)
    yield told(f"{at}.unheard", came.unheard, "visits given up a minute later")
    yield told(f"{at}.again", came.again, "requests told to come again")
    yield told(f"{at}.p50", came.p50, "s")
    yield told(f"{at}.p99", came.p99, "s")
    # What limits it is what has no more to give: the server's one process, or all cores together.
    yield told(f"{at}.server", (server.cpu() - spent) / took, "cores used by the server's process")
    if house.postgres:
        yield told(f"{at}.database", (server.database_cpu() - database) / took, "cores used by PostgreSQL")
    yield told(f"{at}.generator", came.busy, f"cores used by the load generator, of {len(cores())} in all")

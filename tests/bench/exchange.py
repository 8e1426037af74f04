"""The exchange under 64 phones at once, against a handler that only decodes, in turns; and what a mutation costs.

Goals: 70 % of that handler's requests a second on SQLite, 40 % on PostgreSQL; at 10 mutations a request at most 60 µs
of the server's CPU for a mutation on SQLite, 40 µs on PostgreSQL.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import structs

from tests.bench.durable import durable
from tests.bench.house import DATABASES, House, Load, Spent, hello, postgres
from tests.bench.load import Slice
from tests.bench.rows import Row, at_least, at_most, judged, paired_ratio, told

LINES: Final = 64
PHONES: Final = 1024
RATIO: Final = {"sqlite": 0.7, "postgresql": 0.4}
COST: Final = {"sqlite": 60.0, "postgresql": 40.0}


def measure(short: bool) -> Iterator[Row]:
    pairs, seconds = (2, 1.0) if short else (6, 5.0)
    with postgres() as database:
        for name in DATABASES:
            with TemporaryDirectory(prefix="ronda-bench-") as folder:
                house = House(Path(folder), database if name == "postgresql" else None)
                with house, hello() as yardstick:
                    server = house.serve()
                    with Load(server, PHONES) as ours, Load(yardstick, PHONES) as theirs:
                        ours.slice(Slice(0, 0, LINES))
                        for order in _orders(seconds):
                            yield from _rows(name, order, list(_turns(ours, theirs, order, pairs)))
                    yield from durable(name, house, server)


def _orders(seconds: float) -> list[Slice]:
    """One full report in a request, ten of them, and one nil, which is what nearly all phones send."""
    return [Slice(seconds, 1, LINES), Slice(seconds, 10, LINES), Slice(seconds, 1, LINES, reports=False)]


def _turns(ours: Load, theirs: Load, order: Slice, pairs: int) -> Iterator[tuple[Spent, Spent]]:
    for load in (ours, theirs):
        load.slice(structs.replace(order, seconds=order.seconds / 5))
    for _ in range(pairs):
        yield ours.slice(order), theirs.slice(order)


def _rows(name: str, order: Slice, turns: list[tuple[Spent, Spent]]) -> Iterator[Row]:
    own, other = [pair[0] for pair in turns], [pair[1] for pair in turns]
    many = order.mutations
    at = f"exchange.{name}.{many}_{'report' if order.reports else 'nil'}{'s' * (many > 1)}"
    yield told(f"{at}.rate", median(spent.rate for spent in own), "requests/s")
    yield told(f"{at}.hello_rate", median(spent.rate for spent in other), "requests/s")
    ratio = paired_ratio([spent.rate for spent in own], [spent.rate for spent in other])
    yield judged(at_least, f"{at}.ratio", ratio, "of hello's", RATIO[name] if many == 1 and order.reports else None)
    cost = median(spent.each for spent in own) / many
    yield judged(at_most, f"{at}.cpu", cost, "µs a mutation", COST[name] if many == 10 else None)
    yield told(f"{at}.hello_cpu", median(spent.each for spent in other) / many, "µs a mutation")
    costs = paired_ratio([spent.each for spent in own], [spent.each for spent in other])
    yield told(f"{at}.cpu_ratio", costs, "times hello's")
    if name == "postgresql":
        database = median(spent.database_each for spent in own) / many
        yield told(f"{at}.database_cpu", database, "µs a mutation, PostgreSQL's own")
    yield told(f"{at}.p99", median(spent.told.p99 for spent in own) * 1000, "ms")
    yield told(f"{at}.generator", max(spent.told.busy for pair in turns for spent in pair), "of its core, at most")

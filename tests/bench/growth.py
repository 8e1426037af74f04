"""The same work in a city with a million reports and in one with 10,000. Goal: at most 1.2 times the CPU.

Some phones have 100 reports each, in both; they exchange and pull. The others' RTs have the rest. Both servers run, and
take turns; what PostgreSQL spends counts with what the server spends.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.city import phones
from tests.bench.fill import fill
from tests.bench.house import DATABASES, House, Load, Spent, postgres
from tests.bench.load import Slice
from tests.bench.rows import Row, at_most, paired_ratio, told

SMALL: Final = 10_000
LARGE: Final = 1_000_000
LARGE_IN_SHORT: Final = 100_000
PHONES: Final = 64
OWN: Final = 100
GOAL: Final = 1.2


def measure(short: bool) -> Iterator[Row]:
    large, turns, seconds = (LARGE_IN_SHORT, 3, 1.0) if short else (LARGE, 8, 4.0)
    with postgres() as database:
        for name in DATABASES:
            with TemporaryDirectory(prefix="ronda-bench-") as folder:
                own = database if name == "postgresql" else None
                with House(Path(folder) / "small", own) as small, House(Path(folder) / "large", own) as big:
                    _fill(small, SMALL)
                    _fill(big, large)
                    with Load(small.serve(), PHONES) as few, Load(big.serve(), PHONES) as many:
                        yield told(f"growth.{name}.records", large, f"against {SMALL:,}")
                        # The pulls come first: they leave the cursors where an exchange finds them.
                        yield from _compared(name, "pull", few, many, Slice(seconds / 2, 0, 1, whole=True), turns)
                        yield from _compared(name, "exchange", few, many, Slice(seconds, 1, PHONES), turns)


def _fill(house: House, records: int) -> None:
    """The phones that are looked at have their reports in the middle of the feeds."""
    own, others = phones()[:PHONES], phones()[PHONES:]
    rest = records - PHONES * OWN
    house.in_database(fill, others, rest // 2)
    house.in_database(fill, own, PHONES * OWN)
    house.in_database(fill, others, rest - rest // 2)


def _compared(name: str, what: str, few: Load, many: Load, order: Slice, turns: int) -> Iterator[Row]:
    for load in (few, many):
        load.slice(order)
    pairs = [(few.slice(order), many.slice(order)) for _ in range(turns)]
    small, large = [_cost(pair[0]) for pair in pairs], [_cost(pair[1]) for pair in pairs]
    unit = "µs of CPU a page" if order.whole else "µs of CPU a mutation"
    yield told(f"growth.{name}.{what}.small", median(small), unit)
    yield told(f"growth.{name}.{what}.large", median(large), unit)
    yield at_most(f"growth.{name}.{what}.ratio", paired_ratio(large, small), "times the small one's", GOAL)


def _cost(spent: Spent) -> float:
    return spent.each + spent.database_each

"""A phone that begins anew and reads 10,000 reports, page by page. Goal: 5 ms of the server's CPU for 1,000 of them."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.city import phones
from tests.bench.fill import fill
from tests.bench.house import DATABASES, House, Load, Served, postgres
from tests.bench.load import Slice
from tests.bench.rows import Row, at_most, judged, told

RECORDS: Final = 10_000
WAYS: Final = {"zstd": "zstd", "plain": "identity"}
COST: Final = 5.0


def measure(short: bool) -> Iterator[Row]:
    with postgres() as database:
        for name in DATABASES:
            own = database if name == "postgresql" else None
            with TemporaryDirectory(prefix="ronda-bench-") as folder, House(Path(folder), own) as house:
                house.in_database(fill, phones()[:1], RECORDS)
                yield from _pulls(name, house.serve(), 3 if short else 15)


def _pulls(name: str, server: Served, times: int) -> Iterator[Row]:
    for way, accept in WAYS.items():
        with Load(server, 1, accept) as load:
            load.slice(Slice(0, 0, 1, whole=True))
            pulls = [load.slice(Slice(0, 0, 1, whole=True)) for _ in range(times)]
        assert all(pull.told.records == RECORDS for pull in pulls), "a pull missed records"
        at = f"pull.{name}.{way}"
        cost = _for_a_thousand(sum(pull.server for pull in pulls), times)
        yield judged(at_most, f"{at}.cpu", cost, "ms of server CPU for 1,000", COST if way == "zstd" else None)
        if name == "postgresql":
            spent = _for_a_thousand(sum(pull.database for pull in pulls), times)
            yield told(f"{at}.database_cpu", spent, "ms of PostgreSQL's CPU for 1,000")
        yield told(f"{at}.requests", pulls[0].told.answers, "for 10,000 reports")
        yield told(f"{at}.bytes", pulls[0].told.bytes, "bytes for 10,000 reports")
        yield told(f"{at}.seconds", median(pull.told.seconds for pull in pulls), "s for 10,000 reports")


def _for_a_thousand(seconds: float, pulls: int) -> float:
    """Milliseconds for 1,000 records, of all pulls together: one is too short for the kernel's ticks."""
    return seconds / (pulls * RECORDS) * 1e6

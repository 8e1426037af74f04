"""`make bench`: measure, print a table, and write its rows to var/bench.json and the conditions beside it.

ONLY=herd measures one part; SHORT=1 is a short form, for seeing that all works rather than for its figures.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from tests.bench import exchange, growth, herd, peer, pull
from tests.bench.house import postgres
from tests.bench.machine import conditions
from tests.bench.rows import Row, table

PARTS: Final[dict[str, Callable[[bool], Iterator[Row]]]] = {
    "exchange": exchange.measure,
    "pull": pull.measure,
    "growth": growth.measure,
    "herd": herd.measure,
    "peer": peer.measure,
}
VAR: Final = Path("var")


def main() -> None:
    only, short = os.environ.get("ONLY", ""), bool(os.environ.get("SHORT"))
    if only and only not in PARTS:
        sys.exit(f"There is no part {only!r}; there are {', '.join(PARTS)}.")
    with postgres() as server:
        told = conditions(server.setting("server_version")) | {"form": "short" if short else "full"}
    for name, value in told.items():
        print(f"{name:<12}  {value}")
    rows: list[Row] = []
    for name in [only] if only else PARTS:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += PARTS[name](short)
    print(f"\n{table(rows)}")
    if any(row.name.startswith("peer.") for row in rows):
        print(f"\n{peer.NOTE}")
    VAR.mkdir(exist_ok=True)
    _write("bench.json", rows)
    _write("bench.conditions.json", told)


def _write(name: str, value: object) -> None:
    (VAR / name).write_bytes(msgspec.json.format(msgspec.json.encode(value)) + b"\n")


if __name__ == "__main__":
    main()

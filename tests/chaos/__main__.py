"""`python -m tests.chaos [--seconds 900] [--seed N] [--only sqlite]`: both databases at once, then the table.

The table is written to var/chaos.json, too. The exit code is 1 when a row does not hold.
"""

import argparse
import asyncio
import secrets
import signal
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from tests.bench.rows import table
from tests.chaos.databases import Postgres, Sqlite
from tests.chaos.installation import Installation, Outcome
from tests.chaos.processes import Launcher
from tests.chaos.storm import Plan
from tests.chaos.table import FULL_ACKNOWLEDGEMENTS, FULL_SECONDS, judge
from tests.support.ronda import ROOT

# What a run needs before and after the chaos itself.
AROUND: Final = 0.8
# More mutations are made than are asked for, as a killed server takes none.
SURPLUS: Final = 1.7
SECONDS_PER_REAL_KILL: Final = 12


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seconds", type=float, default=FULL_SECONDS)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    asked = parser.parse_args()
    print(f"chaos for about {asked.seconds:.0f} s, seed {asked.seed}", flush=True)
    began = time.monotonic()
    with TemporaryDirectory(prefix="ronda-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user where root runs the tests.
        outcomes = asyncio.run(_run(asked, Path(folder)))
        verdict = judge(outcomes, asked.seconds)
    print(table(verdict.rows))
    for sentence in verdict.faults:
        print(f"! {sentence}")
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var" / "chaos.json").write_bytes(msgspec.json.format(msgspec.json.encode(verdict.rows)) + b"\n")
    print(f"seed {asked.seed}, {time.monotonic() - began:.0f} s in all; the rows are in var/chaos.json")
    return int(any(row.holds is False for row in verdict.rows))


async def _run(asked: argparse.Namespace, folder: Path) -> list[Outcome]:
    random = Random(asked.seed)
    made = {
        "sqlite": lambda: Installation("sqlite", Sqlite(folder / "disk"), 1, folder, random),
        "postgresql": lambda: Installation("postgresql", Postgres(folder / "pgdata"), 2, folder, random),
    }
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # What was begun is ended, too.
    chosen = [asked.only] if asked.only else list(made)
    seconds = asked.seconds * AROUND
    rate = FULL_ACKNOWLEDGEMENTS / FULL_SECONDS * SURPLUS / len(chosen)
    real_kills = int(asked.seconds / SECONDS_PER_REAL_KILL) if (ROOT / "pwa" / "dist").is_dir() else 0
    async with Launcher() as launcher:
        runs = [
            made[name]().run(launcher, Plan(seconds, rate, real_kills if position == 0 else 0))
            for position, name in enumerate(chosen)
        ]
        return await asyncio.gather(*runs)


if __name__ == "__main__":
    sys.exit(main())

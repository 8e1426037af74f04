"""One installation's processes, database and destination, as the storm and the calm after it need them."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from server.store.engine import Database
from tests.chaos import points
from tests.chaos.processes import AT_RANDOM, NEVER, Launcher, Service, Tally, send_signal
from tests.support.receivers import HttpsReceiver
from tests.support.ronda import ROOT

DESTINATIONS: Final = ("kota", "imigrasi")


@dataclass
class House:
    """`calm` is set when the storm is over: from then on nobody is killed."""

    launcher: Launcher
    services: list[Service]
    db: Database
    endpoint: HttpsReceiver
    env: dict[str, str]
    log: Path
    random: Random
    calm: asyncio.Event = field(default_factory=asyncio.Event)
    tally: Tally = field(default_factory=Tally)

    def live(self) -> "list[asyncio.Task[None]]":
        """Let all services live, again and again."""
        return [
            asyncio.create_task(service.run(self.launcher, self.env, self.log, self.tally, self.calm))
            for service in self.services
        ]

    async def command(self, *args: str) -> int:
        """Run one command of `ronda` in peace; its exit status."""
        life = await self.launcher.start(list(args), self.env, self.log)
        return (await life.ending).status

    async def seal_in_danger(self) -> None:
        """An operator's `ronda seal`, beside the worker, which may be shot."""
        point = self.random.choice([NEVER, *points.OF_SEALER])
        left = self.random.randint(1, points.OF_SEALER.get(point, 1))
        life = await self.launcher.start(["seal"], self.env, self.log, point, left)
        if not point:
            await asyncio.wait({life.ending}, timeout=self.random.random())
            send_signal(life.pid, signal.SIGKILL)
        ending = await life.ending
        if ending.status == -signal.SIGKILL:
            self.tally.kills[ending.mark or f"sealer {AT_RANDOM}"] += 1

    def pids(self) -> list[int]:
        """The processes that use the database now."""
        return [service.pid for service in self.services if service.pid]

    async def though_away(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what has to be done, as soon as the database is there."""
        while True:
            try:
                return await work()
            except Exception:
                await asyncio.sleep(0.3)


def environment(folder: Path, url: str, origin: str, endpoint: HttpsReceiver) -> dict[str, str]:
    """The settings of an installation: a window each hour, sealed at its close, and two destinations."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    return others | {
        "RONDA_VAR": str(folder / "var"),
        "RONDA_DATABASE_URL": url,
        "RONDA_ORIGIN": origin,
        "RONDA_PWA": str(ROOT / "pwa" / "dist"),
        "RONDA_WINDOWS": ",".join(f"jam-{hour:02}={hour:02}:00" for hour in range(24)),
        "RONDA_GRACE_MINUTES": "0",
        "RONDA_SUPPLEMENT_MINUTES": "1",
        "RONDA_DESTINATIONS": " ".join(f"{name}={endpoint.url}/{name}" for name in DESTINATIONS),
        "RONDA_CA_FILE": endpoint.ca_file,
        "RONDA_SEND_SECONDS": "3",
    }

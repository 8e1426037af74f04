"""The desk: one person who settles what disagrees, by the console's API, and sends again what was not answered."""

import asyncio
from collections import Counter
from itertools import groupby
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from tests.chaos.hand import Deed
from tests.chaos.phone import BUSY, Entry
from tests.chaos.town import PASSWORD, USERNAME
from tests.chaos.wire import Answer, NoAnswer, call, encode

PAUSE: Final = 1.0
AT_ONCE: Final = 20
# 409: somebody was quicker.
EXPECTED: Final = frozenset({200, 409})


class Desk:
    """`settled` are the resolutions that the server took."""

    def __init__(self, port: int, random: Random, odd: Counter[str]) -> None:
        self._port, self._random, self._odd = port, random, odd
        self._cookie = ""
        self.settled: list[Entry] = []

    async def work(self, calm: asyncio.Event) -> None:
        """Settle until it is calm."""
        wish = encode({"username": USERNAME, "password": PASSWORD})
        while not self._cookie:
            signed_in = await self._ask("POST", "/api/session", wish)
            self._cookie = signed_in.headers.get("set-cookie", "").partition(";")[0]
        while not calm.is_set():
            await asyncio.sleep(PAUSE)
            answer = await self._ask("GET", "/api/conflicts")
            open_now = msgspec.json.decode(answer.body) if answer.status == 200 else []
            open_now.sort(key=lambda conflict: conflict["record_id"])
            records = [list(found) for _, found in groupby(open_now, key=lambda conflict: conflict["record_id"])]
            await asyncio.gather(*map(self._settle, records[:AT_ONCE]))

    async def _settle(self, conflicts: list[dict[str, Any]]) -> None:
        chosen = self._random.choice(conflicts)
        mutation = {
            "kind": "resolve",
            "mutation_id": str(UUID(int=self._random.getrandbits(128), version=4)),
            "record_id": chosen["record_id"],
            "area_id": chosen["area"]["area_id"],
            "captured_at": chosen["opened_at"],
            "seen_version": chosen["server_version"],
            "conflict_ids": [conflict["conflict_id"] for conflict in conflicts],
            "changes": chosen["phone"],
        }
        entry = Entry(Deed(mutation))
        answer = await self._ask("POST", "/api/resolutions", entry.body)
        if answer.status == 200:
            outcome = msgspec.json.decode(answer.body)
            entry.told = outcome["was"] or outcome["outcome"], outcome["version"]
            self.settled.append(entry)

    async def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """An answer that is none of a server in trouble, however long it takes."""
        while True:
            try:
                answer = await call(self._port, method, path, body, {"Cookie": self._cookie} if self._cookie else {})
                if answer.status not in EXPECTED | BUSY:
                    self._odd[f"{method} {path} {answer.status} {answer.body[:120]!r}"] += 1
                if answer.status not in BUSY:
                    return answer
            except NoAnswer:
                pass
            await asyncio.sleep(0.2)

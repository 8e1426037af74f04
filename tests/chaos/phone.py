"""A simulated phone, honest to SPEC M1-M20: what it keeps, what it sends again, and what it believes.

What is sent never changes, and stays until it is acknowledged. A page and its cursor are stored in one step; an answer
that was not wholly read was never there. It must know nothing of what the server stores.
"""

import asyncio
import base64
import time
from collections import Counter
from hashlib import sha256
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from sync.protocol.values import PROTOCOL
from tests.chaos.hand import GROUPS, Deed, Hand, Report
from tests.chaos.wire import NoAnswer, call, encode

MOST: Final = 200
ROOM: Final = 240 * 1024
ENDINGS: Final = frozenset({"applied", "merged", "conflicted", "quarantined", "rejected"})
# A phone waits longer, up to minutes; here its minutes are seconds.
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 3.0
# Answers that a phone must expect while servers die and disks are full.
BUSY: Final = frozenset({429, 503})


class Entry:
    """One mutation in the outbox, with what the server said of it at last, and at first."""

    def __init__(self, deed: Deed) -> None:
        self.mutation, self.values = deed.mutation, deed.values
        self.mutation_id: str = deed.mutation["mutation_id"]
        self.body = encode(deed.mutation)
        self.waits = True
        self.told: tuple[str, int] | None = None

    @property
    def record_id(self) -> str:
        return str(self.mutation["record_id"])


class SimulatedPhone:
    """`skew` is how wrong its clock is, in milliseconds. `odd` counts answers that nobody should get."""

    def __init__(self, port: int, random: Random, skew: int, odd: Counter[str]) -> None:
        self._port, self._random, self._skew, self._odd = port, random, skew, odd
        self._device_id = str(UUID(int=random.getrandbits(128), version=4))
        self._secret = base64.urlsafe_b64encode(random.randbytes(32)).decode().rstrip("=")
        self.area_ids: list[str] = []
        self.outbox: dict[str, Entry] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self._generations: dict[str, int] = {}
        self._generation = 0
        self._sweeping = self._repeated = False
        self._cursor = ""
        self._failures = 0
        self.check = False
        self.pause = 0.0
        self.more = True

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._skew

    async def enrol(self, code: str, area_ids: list[str]) -> None:
        """Ask until the server answers; the same three each time (SPEC M19)."""
        wish = {"code": code, "device_id": self._device_id, "secret": self._secret, "device_name": "HP Contoh"}
        while (await self._call("/api/enrol", encode(wish))) is None:  # noqa: ASYNC110
            await asyncio.sleep(self.pause)
        self.area_ids = area_ids
        self._hand = Hand(self._random, area_ids)

    def act(self) -> None:
        """Let the officer do one thing."""
        self._keep(self._hand.act(self.now(), self._shown()))

    def _keep(self, deed: Deed) -> None:
        entry = Entry(deed)
        self.outbox[entry.mutation_id] = entry

    def _shown(self) -> dict[str, tuple[str, Report]]:
        """The server's last word with the phone's own waiting edits laid over it."""
        shown: dict[str, tuple[str, dict[str, Any]]] = {
            record_id: (change["area_id"], change["report"])
            for record_id, change in self.records.items()
            if change["kind"] == "report" and not change["removed"]
        }
        for entry in self.waiting():
            changes = entry.mutation.get("changes")
            if changes and not isinstance(changes.get("identity", {}).get("full_name"), int):
                area, report = shown.get(entry.record_id, (entry.mutation["area_id"], {}))
                shown[entry.record_id] = (area, {**report, **changes})
        return {record_id: (area, _groups(report)) for record_id, (area, report) in shown.items()}

    def waiting(self) -> list[Entry]:
        """What is not acknowledged, in the order of its making."""
        return [entry for entry in self.outbox.values() if entry.waits]

    def acknowledged(self) -> list[Entry]:
        return [entry for entry in self.outbox.values() if entry.told]

    @property
    def at_rest(self) -> bool:
        return not self.more and not self.waiting()

    async def exchange(self) -> bool:
        """One exchange; whether an answer came."""
        rows, cursor, at = self._next(), self._cursor, self.now()
        frame = encode({"protocol": PROTOCOL, "now": at, "cursor": cursor, "check": self.check, "mutations": []})
        body = frame[:-2] + b",".join(row.body for row in rows) + b"]}"
        answer = await self._call("/api/exchange", body)
        if answer is None:
            return False
        self._store(rows, cursor, answer)
        return True

    def _next(self) -> list[Entry]:
        rows, room = [], ROOM
        for entry in self.waiting()[:MOST]:
            room -= len(entry.body) + 1
            if room < 0:
                break
            rows.append(entry)
        return rows

    async def _call(self, path: str, body: bytes) -> dict[str, Any] | None:
        try:
            answer = await call(self._port, "POST", path, body, {"Authorization": f"Bearer {self._secret}"})
        except NoAnswer:
            self._failed(0)
            return None
        if answer.status == 200:
            decoded: dict[str, Any] = msgspec.json.decode(answer.body)
            self._failures, self.pause = 0, min(decoded.get("wait", 0) / 1000, LONGEST_PAUSE)
            return decoded
        if answer.status not in BUSY:
            self._odd[f"{path} {answer.status} {answer.body[:120]!r}"] += 1
        self._failed(float(answer.headers.get("retry-after", "0")))
        return None

    def _failed(self, asked: float) -> None:
        """Come again later: full jitter below a growing bound, and not before the server wishes."""
        self._failures += 1
        jitter = self._random.random() * FIRST_PAUSE * 2 ** min(self._failures, 5)
        self.pause = min(max(asked, jitter), LONGEST_PAUSE)

    def _store(self, rows: list[Entry], cursor: str, answer: dict[str, Any]) -> None:
        """Outcomes, page and cursor, in one step."""
        for entry, outcome in zip(rows, answer["outcomes"], strict=True):
            self._hear(entry, outcome)
        restarted = answer["resync"] or cursor == ""
        self._generation += restarted
        for change in answer["changes"]:
            self.records[change["record_id"]] = change
            self._generations[change["record_id"]] = self._generation
        if answer["resync"] and not self._repeated:
            self._repeated = True
            for entry in self.outbox.values():
                entry.waits = True
        self._sweeping = self._sweeping or restarted
        if self._sweeping and not answer["more"]:
            self._sweep()
        self._cursor, self.more = answer["cursor"], answer["more"]
        if self.at_rest:
            self._repeated = False
            if answer.get("digest", self.digest()) != self.digest():
                self._odd["a digest of other records than the phone's"] += 1

    def digest(self) -> str:
        """SPEC M22, as another hand would write it."""
        held = [
            f"{change['record_id']}:{change['version']}\n"
            for change in self.records.values()
            if change["kind"] == "report" and not change["removed"]
        ]
        return sha256("".join(sorted(held)).encode()).hexdigest()

    def _hear(self, entry: Entry, outcome: dict[str, Any]) -> None:
        """What was told once is told again, or something is wrong (SPEC M5)."""
        if outcome["mutation_id"] != entry.mutation_id:
            self._odd["an outcome of another mutation"] += 1
        kind = outcome["was"] if outcome["outcome"] == "replayed" else outcome["outcome"]
        if kind not in ENDINGS:
            return
        told = (kind, outcome["version"])
        if entry.told not in (None, told):
            self._odd[f"{entry.told} became {told}"] += 1
        entry.told, entry.waits = told, False

    def _sweep(self) -> None:
        for record_id in [key for key, seen in self._generations.items() if seen < self._generation]:
            del self.records[record_id], self._generations[record_id]
        self._sweeping = False


def _groups(report: Report) -> Report:
    return {group: report[group] for group in GROUPS if group in report}

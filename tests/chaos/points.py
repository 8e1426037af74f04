"""The named points at which a process of Ronda ends itself by SIGKILL, when it is armed for one.

The product has no hooks: in a forked child its functions are wrapped before it starts. Never part of the product.
"""

import os
import signal
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from server import deliveries
from server.store import sealing
from server.store.engine import PostgresDatabase, SqliteDatabase
from server.transports.webhook import WebhookTransport
from sync.batches import deliveries as states

EXCHANGE_DECIDED: Final = "exchange written, before its commit"
EXCHANGE_COMMITTED: Final = "exchange committed, before the answer"
SEAL_BEGUN: Final = "in the middle of a seal"
SEAL_WRITTEN: Final = "seal written, before its commit"
SEAL_COMMITTED: Final = "seal committed"
DELIVERY_CLAIMED: Final = "delivery claimed, before it is sent"
DELIVERY_SENT: Final = "delivery sent, before it is recorded"

# How often a point is passed at most before the shot: exchanges come often, seals and deliveries less so.
OF_SERVER: Final = {EXCHANGE_DECIDED: 12, EXCHANGE_COMMITTED: 12}
OF_WORKER: Final = {SEAL_BEGUN: 2, SEAL_WRITTEN: 2, SEAL_COMMITTED: 2, DELIVERY_CLAIMED: 4, DELIVERY_SENT: 4}
OF_SEALER: Final = {SEAL_BEGUN: 12, SEAL_WRITTEN: 12}

# Module of a transaction's function -> the points before and after its commit.
_AROUND: Final = {
    "server.store.exchange": (EXCHANGE_DECIDED, EXCHANGE_COMMITTED),
    "server.store.sealing": (SEAL_WRITTEN, SEAL_COMMITTED),
}
_reading: Final[ContextVar[bool]] = ContextVar("reading", default=False)


class Arm(NamedTuple):
    """Shoot at the passing of a point that makes `left` nought; `mark` is a file descriptor that learns of it."""

    point: str
    left: int
    mark: int


class _Trigger:
    """Counts how often the armed point is passed."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._left = arm.left

    def __call__(self, point: str) -> None:
        if point != self._arm.point:
            return
        self._left -= 1
        if self._left == 0:
            os.write(self._arm.mark, point.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def install(arm: Arm) -> None:
    """Wrap the product's functions in this process."""
    reach = _Trigger(arm)
    # Waits of minutes are made seconds, so that what a killed worker had in its hands is soon taken up again.
    deliveries.MARGIN = states.FIRST_DELAY = 1_000  # type: ignore[misc]
    states.LONGEST_DELAY = 2_000  # type: ignore[misc]
    for database in (SqliteDatabase, PostgresDatabase):
        _watch_transactions(database, reach)
    _before(sealing, "_mark", lambda: reach(SEAL_BEGUN))
    _watch_sending(reach)


def _watch_transactions(database: Any, reach: Callable[[str], None]) -> None:
    plain_write, plain_read = database.write, database.read

    async def write(self: Any, work: Any, *args: Any, **kwargs: Any) -> Any:
        around = _AROUND.get(getattr(work, "__module__", ""))
        if around is None or _reading.get():
            return await plain_write(self, work, *args, **kwargs)
        before, after = around

        def watched(conn: Any) -> Any:
            found = work(conn, *args, **kwargs)
            if found is not None:
                reach(before)
            return found

        found = await plain_write(self, watched)
        if found is not None:
            reach(after)
        return found

    async def read(self: Any, work: Any, *args: Any, **kwargs: Any) -> Any:
        token = _reading.set(True)
        try:
            return await plain_read(self, work, *args, **kwargs)
        finally:
            _reading.reset(token)

    database.write, database.read = write, read


def _before(module: Any, name: str, call: Callable[[], None]) -> None:
    plain = getattr(module, name)

    def watched(*args: Any) -> Any:
        call()
        return plain(*args)

    setattr(module, name, watched)


def _watch_sending(reach: Callable[[str], None]) -> None:
    plain = WebhookTransport.send

    async def send(self: WebhookTransport, parcel: Any, now: int) -> str:
        reach(DELIVERY_CLAIMED)
        receipt = await plain(self, parcel, now)
        reach(DELIVERY_SENT)
        return receipt

    WebhookTransport.send = send  # type: ignore[method-assign]

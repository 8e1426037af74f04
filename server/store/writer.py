"""The coalescing queue: requests that arrive while a transaction runs share the next one (SPEC M15).

One transaction of this process is under way at a time. When a group fails, each of its requests is tried alone, and
when one fails alone, each of its mutations: what cannot be stored delays nobody else.
"""

import asyncio
from collections import deque
from typing import Final

import structlog
from msgspec import structs

from server.store.devices import is_known
from server.store.engine import Database
from server.store.exchange import Answer, Job, exchange
from sync.errors import Busy, Code, RondaError, Unauthorized
from sync.protocol.exchange import ExchangeResponse, Outcome, OutcomeKind
from sync.windows import Schedule

MOST_MUTATIONS: Final = 1000
MOST_REQUESTS: Final = 200
MOST_WAITING: Final = 2000

log = structlog.get_logger()
Waiting = tuple[Job, "asyncio.Future[ExchangeResponse]"]


class ExchangeWriter:
    """Takes jobs from any number of tasks and answers each after the commit that stored it."""

    def __init__(self, db: Database, schedule: Schedule) -> None:
        self._db = db
        self._schedule = schedule
        self._waiting: deque[Waiting] = deque()
        self._running: asyncio.Task[None] | None = None
        self._met: set[bytes] = set()

    async def admit(self, secret_hash: bytes) -> None:
        """Let nobody into the queue who is no phone of ours. Raises Unauthorized.

        Whether a phone may still speak is decided again in its transaction.
        """
        if secret_hash not in self._met:
            if not await self._db.read(is_known, secret_hash):
                raise Unauthorized(Code.unauthorized)
            self._met.add(secret_hash)

    async def submit(self, job: Job) -> ExchangeResponse:
        """The answer to a job. Raises RondaError; Busy when nothing was stored and the phone should come again."""
        if len(self._waiting) >= MOST_WAITING:
            raise Busy(Code.busy)
        future: asyncio.Future[ExchangeResponse] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def close(self) -> None:
        """Answer all who wait."""
        while self._running is not None:
            await self._running

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._answer_group(self._next_group())
        finally:
            self._running = None

    def _next_group(self) -> list[Waiting]:
        group = [self._waiting.popleft()]
        size = len(group[0][0].incoming)
        while self._waiting and len(group) < MOST_REQUESTS:
            size += len(self._waiting[0][0].incoming)
            if size > MOST_MUTATIONS:
                break
            group.append(self._waiting.popleft())
        return group

    async def _answer_group(self, group: list[Waiting]) -> None:
        tried = await self._try([job for job, _ in group])
        for position, (job, future) in enumerate(group):
            answer = await self._alone(job) if isinstance(tried, Exception) else tried[position]
            if future.cancelled():
                continue
            if isinstance(answer, RondaError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _try(self, jobs: list[Job]) -> list[Answer] | Exception:
        """The answers of one transaction, or why it failed; then nothing of it was stored."""
        try:
            return await self._db.write(exchange, jobs, self._schedule)
        except Exception as error:
            # Whatever it was must reach those who wait. Its message may quote values, so its kind has to do.
            log.warning("exchange_failed", requests=len(jobs), error=type(error).__name__)
            return error

    async def _alone(self, job: Job) -> Answer:
        tried = await self._try([job])
        if not isinstance(tried, Exception):
            return tried[0]
        # When the database is not there, smaller pieces would only add to its trouble.
        return tried if isinstance(tried, Busy) else await self._piecewise(job)

    async def _piecewise(self, job: Job) -> Answer:
        """Each mutation by itself; one that still fails is `retry`. If all fail, nothing is acknowledged."""
        outcomes: list[Outcome] = []
        last: ExchangeResponse | None = None
        for incoming, salt in zip(job.incoming, job.salts, strict=True):
            tried = await self._try([structs.replace(job, incoming=(incoming,), salts=(salt,))])
            if isinstance(tried, Exception):
                outcomes.append(Outcome(incoming.mutation_id, OutcomeKind.retry, code=Code.busy))
            elif isinstance(tried[0], RondaError):
                return tried[0]
            else:
                last = tried[0]
                outcomes += last.outcomes
        if last is None:
            # None could be stored; the phone still learns what has changed.
            tried = await self._try([structs.replace(job, incoming=(), salts=())])
            last = None if isinstance(tried, Exception) or isinstance(tried[0], RondaError) else tried[0]
        return structs.replace(last, outcomes=tuple(outcomes)) if last else Busy(Code.busy)

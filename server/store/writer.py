"""The coalescing queue: requests that arrive while a transaction runs share the next one (SPEC M15).

Two stages, each with one transaction of this process at a time: `take` stores mutations, `answers` reads what has
changed. When a group of the first fails, each of its requests is tried alone, and when one fails alone, each of its
mutations: what cannot be stored delays nobody else. Under load the second stage is left out before the first is
(SPEC M24, M27).
"""

import asyncio
import secrets
from typing import Final
from uuid import UUID

import structlog
from msgspec import Struct, structs

from server.store.answers import Answer, Terms, answers, unread
from server.store.devices import is_known
from server.store.engine import Database
from server.store.exchange import Job, Taken, take
from server.store.lands import Lands
from server.store.stages import Stage
from sync.errors import Busy, Code, RondaError, Unauthorized
from sync.protocol.exchange import ExchangeResponse, Outcome, OutcomeKind
from sync.windows import MINUTE

MOST_WAITING: Final = 2000
MOST_UNREAD: Final = 500
# So many requests that wait are enough for photos to come later (SPEC F6).
PRESSING: Final = 100
# What a phone says of itself is written with its mutations, or else when this much has changed.
_LONG_UNHEARD: Final = 5 * MINUTE
_OTHER_OFFSET: Final = 10_000
# When a phone is to come again for what was left out: from this to twice this.
_WAIT: Final = 15_000

log = structlog.get_logger()


class Waiting(Struct):
    """A request on its way through the stages: a job, and taken once its mutations are stored."""

    asked: Taken | Job
    future: "asyncio.Future[ExchangeResponse]"

    @property
    def job(self) -> Job:
        return self.asked.job if isinstance(self.asked, Taken) else self.asked

    def settle(self, answer: Answer) -> None:
        if self.future.cancelled():
            return
        if isinstance(answer, RondaError):
            self.future.set_exception(answer)
        else:
            self.future.set_result(answer)


class ExchangeWriter:
    """Takes jobs from any number of tasks and answers each after the commit that stored it."""

    def __init__(self, db: Database, terms: Terms) -> None:
        self._db = db
        self._terms = terms
        self._lands = Lands()
        self._taking: Stage[Waiting] = Stage(self._take, lambda waiting: len(waiting.job.incoming))
        self._telling: Stage[Waiting] = Stage(self._tell, lambda _: 1)
        self._met: dict[bytes, Job | None] = {}
        self._random = secrets.SystemRandom()

    async def admit(self, secret_hash: bytes) -> None:
        """Let nobody into the queue who is no phone of ours. Raises Unauthorized.

        Whether a phone may still speak is decided again in its transaction.
        """
        if secret_hash not in self._met:
            if not await self._db.read(is_known, secret_hash):
                raise Unauthorized(Code.unauthorized)
            self._met[secret_hash] = None

    @property
    def is_pressed(self) -> bool:
        """Whether so many requests wait that what is no exchange should come later."""
        return len(self._taking) + len(self._telling) >= PRESSING

    async def submit(self, job: Job) -> ExchangeResponse:
        """The answer to a job. Raises RondaError; Busy when nothing was stored and the phone should come again."""
        waiting = Waiting(job, asyncio.get_running_loop().create_future())
        brings = bool(job.incoming) or job.wiped
        if brings or self._has_news(job):
            if len(self._taking) >= (MOST_WAITING if brings else MOST_UNREAD):
                raise Busy(Code.busy)
            self._taking.add(waiting)
        else:
            if len(self._telling) >= MOST_UNREAD:
                raise Busy(Code.busy)
            self._telling.add(waiting)
        return await waiting.future

    async def close(self) -> None:
        """Answer all who wait."""
        await self._taking.close()
        await self._telling.close()

    def _has_news(self, job: Job) -> bool:
        """Whether what a phone says of itself is worth a write."""
        last = self._met.get(job.secret_hash)
        return (
            last is None
            or job.now - last.now > _LONG_UNHEARD
            or abs(job.offset - last.offset) > _OTHER_OFFSET
            or (job.unsent, job.app) != (last.unsent, last.app)
        )

    async def _take(self, group: list[Waiting]) -> None:
        taken = await self._try([waiting.job for waiting in group])
        for position, waiting in enumerate(group):
            one = await self._alone(waiting.job) if isinstance(taken, Exception) else taken[position]
            if isinstance(one, RondaError):
                waiting.settle(one)
                continue
            self._met[one.job.secret_hash] = structs.replace(one.job, incoming=(), salts=(), ask=(), cursor="")
            waiting.asked = one
            if len(self._telling) < MOST_UNREAD:
                self._telling.add(waiting)
            else:
                waiting.settle(self._unread(one))

    async def _tell(self, group: list[Waiting]) -> None:
        try:
            told = await self._db.read(answers, [waiting.asked for waiting in group], self._terms, self._lands)
        except Exception as error:
            log.warning("answers_failed", requests=len(group), error=type(error).__name__)
            # What was stored is acknowledged all the same; who only asked comes again.
            told = [
                self._unread(waiting.asked) if isinstance(waiting.asked, Taken) else Busy(Code.busy)
                for waiting in group
            ]
        for waiting, answer in zip(group, told, strict=True):
            waiting.settle(answer)

    def _unread(self, taken: Taken) -> ExchangeResponse:
        return unread(taken, self._random.randrange(_WAIT, 2 * _WAIT), self._terms)

    async def _try(self, jobs: list[Job]) -> list[Taken | Unauthorized] | Exception:
        """What one transaction took, or why it failed; then nothing of it was stored."""
        try:
            return await self._db.write(take, jobs, self._terms.schedule, self._lands)
        except Exception as error:
            # Whatever it was must reach those who wait. Its message may quote values, so its kind has to do.
            log.warning("exchange_failed", requests=len(jobs), error=type(error).__name__)
            return error

    async def _alone(self, job: Job) -> Taken | RondaError:
        tried = await self._try([job])
        if not isinstance(tried, Exception):
            return tried[0]
        # When the database is not there, smaller pieces would only add to its trouble.
        return tried if isinstance(tried, Busy) else await self._piecewise(job)

    async def _piecewise(self, job: Job) -> Taken | RondaError:
        """Each mutation by itself; one that still fails is `retry`, and so are those after it of the same record.

        What the phone says of itself is written last, so that each piece meets the clock of the exchange before.
        """
        outcomes: list[Outcome] = []
        stuck: set[UUID] = set()
        for incoming, salt in zip(job.incoming, job.salts, strict=True):
            record_id = incoming.mutation.record_id if incoming.mutation else incoming.mutation_id
            piece = structs.replace(job, incoming=(incoming,), salts=(salt,), piece=True)
            tried = None if record_id in stuck else await self._try([piece])
            if isinstance(tried, list) and isinstance(tried[0], RondaError):
                return tried[0]
            if isinstance(tried, list) and isinstance(tried[0], Taken):
                outcomes += tried[0].outcomes
            else:
                stuck.add(record_id)
                outcomes.append(Outcome(incoming.mutation_id, OutcomeKind.retry, code=Code.busy))
        ended = await self._try([structs.replace(job, incoming=(), salts=())])
        if isinstance(ended, Exception):
            return Busy(Code.busy)
        return structs.replace(ended[0], job=job, outcomes=tuple(outcomes)) if isinstance(ended[0], Taken) else ended[0]

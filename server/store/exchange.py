"""The exchanges of several phones in one transaction (SPEC M15). The order of the steps is what makes them safe:

1. who calls, and for which RTs
2. share the windows of what arrives, so that no sealer passes between our decision and our commit
3. lock the feeds in the order of their ids, and only then read what is stored
4. decide, purely; write; advance the feeds
5. read for each phone what it has not seen
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct
from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from server.store import cursor as cursors
from server.store import devices, pull, records
from server.store.cursor import Cursor
from server.store.devices import Caller
from server.store.engine import lock_feeds, lock_window
from server.tables.people import Device
from sync.errors import Code, RondaError, Unauthorized
from sync.intake import Incoming
from sync.protocol.exchange import Close, ExchangeResponse, Outcome, OutcomeKind, ScheduleView
from sync.protocol.values import PROTOCOL
from sync.reconcile import Arrival, Decision, reconcile
from sync.windows import Schedule, capture_instant, window_of

Answer = ExchangeResponse | RondaError


class Job(Struct, frozen=True):
    """One request of a phone: read, not yet decided. `salts` are as many as its mutations."""

    secret_hash: bytes
    phone_now: int
    now: int
    cursor: str
    incoming: tuple[Incoming, ...]
    salts: tuple[bytes, ...]


class Call(Struct, frozen=True):
    """A job of a phone that is known, and where its cursor stood."""

    job: Job
    caller: Caller
    before: Cursor | None

    def fits(self, life: str) -> bool:
        """Whether the phone knows no other life of the database than this."""
        return self.before is None or self.before.epoch == life


def exchange(conn: Connection, jobs: Sequence[Job], schedule: Schedule) -> list[Answer]:
    """Decide, store and answer some requests. An unknown phone gets Unauthorized, and the others are answered."""
    known = devices.callers(conn, {job.secret_hash for job in jobs})
    life = pull.epoch(conn)
    calls = {
        position: Call(job, known[job.secret_hash], cursors.decode(job.cursor))
        for position, job in enumerate(jobs)
        if job.secret_hash in known
    }
    outcomes = _outcomes(conn, list(calls.values()), life, schedule)
    _remember_clocks(conn, list(calls.values()))
    ends = pull.counters(conn, {land.feed_id for caller in known.values() for land in caller.territories})
    answers: dict[int, Answer] = {
        position: _answer(conn, call, own, ends, life, schedule)
        for (position, call), own in zip(calls.items(), outcomes, strict=True)
    }
    return [answers.get(position, Unauthorized(Code.unauthorized)) for position in range(len(jobs))]


def _outcomes(conn: Connection, calls: Sequence[Call], life: str, schedule: Schedule) -> list[tuple[Outcome, ...]]:
    """What becomes of the mutations of each call, in their order.

    A phone that knew another life of the database keeps its mutations until it has learned of this one: they may
    build upon what only the phone still holds, and that must come first (SPEC M17).
    """
    fitting = [call for call in calls if call.fits(life)]
    arrivals = [_arrivals(call, schedule) for call in fitting]
    feeds = {land.span.area_id: land.feed_id for call in fitting for land in call.caller.territories}
    now = max((call.job.now for call in fitting), default=0)
    decisions = iter(decide(conn, list(chain(*arrivals)), feeds, chain(*(call.job.salts for call in fitting)), now))
    return [
        tuple(next(decisions).outcome if call.fits(life) else _retry(incoming) for incoming in call.job.incoming)
        for call in calls
    ]


def _retry(incoming: Incoming) -> Outcome:
    return Outcome(incoming.mutation_id, OutcomeKind.retry)


def decide(
    conn: Connection, arrivals: Sequence[Arrival], feeds: dict[UUID, UUID], salts: Iterator[bytes], now: int
) -> list[Decision]:
    """Steps 2 to 4: lock, read, reconcile, write. `feeds` names the feed of each RT that an arrival may touch."""
    if not arrivals:
        return []
    mutations = [arrival.incoming.mutation for arrival in arrivals if arrival.incoming.mutation]
    for window in sorted({arrival.window for arrival in arrivals}):
        lock_window(conn, window, shared=True)
    touched = {feeds[mutation.area_id] for mutation in mutations if mutation.area_id in feeds}
    counters = lock_feeds(conn, touched)
    seen = records.seen_mutations(conn, {arrival.incoming.mutation_id for arrival in arrivals})
    held = records.held_records(conn, {mutation.record_id for mutation in mutations})
    decisions = reconcile(arrivals, seen, held)
    records.write(conn, decisions, records.Ground(held, feeds, counters), salts, now)
    records.advance(conn, counters)
    return decisions


def _arrivals(call: Call, schedule: Schedule) -> list[Arrival]:
    """The mutations of a request, each with its capture on our clock and its window (SPEC W3, W4)."""
    job, caller = call.job, call.caller
    spans = tuple(land.span for land in caller.territories)
    found = []
    for incoming in job.incoming:
        captured_at = incoming.mutation.captured_at if incoming.mutation else job.phone_now
        capture = capture_instant(captured_at, job.phone_now, job.now, caller.clock_offset, caller.enrolled_at)
        window = window_of(capture.instant, schedule).id
        flags = " ".join(capture.flags)
        found.append(Arrival(incoming, caller.device_id, spans, False, capture.instant, window, flags))
    return found


_CLOCK: Final = (
    update(Device)
    .where(col(Device.device_id) == bindparam("id"))
    .values(clock_offset=bindparam("offset"), seen_at=bindparam("now"))
)


def _remember_clocks(conn: Connection, calls: Sequence[Call]) -> None:
    rows = [
        {"id": call.caller.device_id, "offset": call.job.now - call.job.phone_now, "now": call.job.now}
        for call in sorted(calls, key=lambda call: call.caller.device_id)
    ]
    if rows:
        conn.execute(_CLOCK, rows)


def _answer(
    conn: Connection,
    call: Call,
    outcomes: tuple[Outcome, ...],
    ends: dict[UUID, int],
    life: str,
    schedule: Schedule,
) -> ExchangeResponse:
    job, caller, before = call.job, call.caller, call.before
    areas = [land.span.area_id for land in caller.lands_at(job.now)]
    view = schedule_view(schedule)
    after = Cursor(life, _digest(areas), _digest([caller.officer, caller.role, areas, view]), {})
    page = pull.page(conn, caller, before, after, job.now, ends)
    knows_scope = before is not None and before.scope == after.scope
    return ExchangeResponse(
        protocol=PROTOCOL,
        now=job.now,
        outcomes=outcomes,
        changes=page.changes,
        cursor=cursors.encode(page.cursor),
        more=page.more,
        resync=page.resync,
        scope=UNSET if knows_scope else devices.scope(conn, caller, job.now, view),
    )


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()[:16]


def schedule_view(schedule: Schedule) -> ScheduleView:
    """The schedule as phones know it."""
    closes = tuple(Close(name, at) for name, at in schedule.closes)
    return ScheduleView(schedule.timezone, closes, schedule.grace_minutes)
